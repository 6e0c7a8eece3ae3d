"""The forms by which staff give a contact points, vouchers and promotions."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils import timezone

from common.identifiers import random_token
from contacts.admin.loyalty.amount_field import AmountField
from contacts.loyalty.by_hand import NotEnough, PointsChange, Refused, assignable_promotions
from contacts.loyalty.vouchers import currency_checked
from contacts.models import Contact, PointDefinition, Promotion, RewardVoucher

_TOKEN: Final = re.compile(r"form_[0-9A-Za-z]{22}")
_WHAT: Final = (
    (PointsChange.AWARD.value, "Award"),
    (PointsChange.REDEEM.value, "Redeem"),
    (PointsChange.CORRECT.value, "Correct"),
)


def moment_input() -> forms.DateTimeInput:
    return forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")


def new_token() -> str:
    return random_token("form_")


class GivingForm(forms.Form):
    """A form that knows itself again: sent twice, by a double click say, it counts once."""

    token = forms.RegexField(_TOKEN, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, prefix: str) -> None:
        super().__init__(data, initial={"token": new_token()}, auto_id=f"id_{prefix}_%s")

    @property
    def source_id(self) -> str:
        return str(self.cleaned_data["token"])

    def show_refusal(self, error: Refused) -> None:
        """Put what the service says where it belongs."""
        self.add_error(self.place_of(error), str(error))

    def place_of(self, error: Refused) -> str | None:
        return None


class PointsForm(GivingForm):
    definition = forms.ModelChoiceField(
        queryset=PointDefinition.objects.none(), label="Points", empty_label=None
    )
    what = forms.ChoiceField(choices=_WHAT, widget=forms.RadioSelect, label="What")
    amount = AmountField(
        may_take=True,
        help_text="Above 0. To take points away by a correction, put a minus before it.",
    )
    description = forms.CharField(
        required=False, max_length=500, help_text="What it is for, as the contact may read it."
    )
    reason = forms.CharField(
        required=False, max_length=200, help_text="For staff. A correction needs one."
    )

    def __init__(self, data: Any = None, *, contact: Contact) -> None:
        super().__init__(data, prefix="points")
        self.initial["what"] = PointsChange.AWARD.value
        field = self.fields["definition"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = PointDefinition.objects.filter(site=contact.site_id).order_by("number")

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        amount, what = given.get("amount"), given.get("what")
        if isinstance(amount, Decimal) and what != PointsChange.CORRECT and amount <= 0:
            self.add_error("amount", "The amount must be more than 0.")
        if what == PointsChange.CORRECT and not given.get("reason") and "reason" in given:
            self.add_error("reason", "Say why: a correction is asked about later.")
        return given

    def place_of(self, error: Refused) -> str:
        return "amount" if isinstance(error, NotEnough) else "definition"


class VoucherForm(GivingForm):
    amount = AmountField()
    currency = forms.CharField(
        max_length=3,
        widget=forms.TextInput(attrs={"placeholder": "SEK", "autocomplete": "off"}),
        help_text="Its three letters.",
    )
    valid_from = forms.DateTimeField(
        required=False, widget=moment_input(), help_text="Empty: from now on."
    )
    valid_to = forms.DateTimeField(
        required=False, widget=moment_input(), label="Valid until", help_text="Empty: for good."
    )
    unique_code = forms.CharField(
        required=False,
        max_length=64,
        label="Code",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text="Empty: one is drawn that is easy to read out.",
    )
    description = forms.CharField(
        required=False, max_length=500, help_text="What it is for, as the contact may read it."
    )

    def __init__(self, data: Any = None, *, contact: Contact) -> None:
        super().__init__(data, prefix="voucher")
        latest = RewardVoucher.objects.filter(site=contact.site_id).order_by("-pk")
        self.initial["currency"] = latest.values_list("currency", flat=True).first() or ""

    def clean_currency(self) -> str:
        try:
            return currency_checked(self.cleaned_data["currency"].upper())
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        given = self.cleaned_data
        ends = given.get("valid_to")
        if ends is not None and ends <= (given.get("valid_from") or timezone.now()):
            self.add_error("valid_to", "The voucher would end before it begins.")
        return given

    def place_of(self, error: Refused) -> str | None:
        return "unique_code" if self.cleaned_data["unique_code"] else None


class PromotionForm(GivingForm):
    promotion = forms.ModelChoiceField(
        queryset=Promotion.objects.none(), empty_label="Choose a promotion"
    )

    def __init__(self, data: Any = None, *, contact: Contact) -> None:
        super().__init__(data, prefix="promotion")
        field = self.fields["promotion"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = assignable_promotions(contact.site)

    def place_of(self, error: Refused) -> str:
        return "promotion"
