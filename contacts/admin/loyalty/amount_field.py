from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from contacts.loyalty.amounts import BadAmount, amount_checked


class AmountField(forms.DecimalField):
    """An amount of points or money as the services take it: above zero, four places at most.

    With `may_take` a minus before it is taken as well.
    """

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "Enter a number, with a point before its decimals: 12.5."
    }

    def __init__(self, *, may_take: bool = False, **kwargs: Any) -> None:
        self.may_take = may_take
        typed = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        super().__init__(widget=typed, **kwargs)

    def clean(self, value: Any) -> Decimal | None:
        amount: Decimal | None = super().clean(value)
        if amount is not None:
            try:
                amount_checked(abs(amount) if self.may_take else amount)
            except BadAmount as error:
                raise ValidationError(str(error)) from None
        return amount
