"""What an operator types to give something to all members of a segment."""

from __future__ import annotations

from typing import Any, Final

from django import forms

from automation.segments.gifts import Gift, GiftKind
from contacts.admin.loyalty.amount_field import AmountField
from contacts.loyalty.by_hand import assignable_promotions
from contacts.loyalty.vouchers import currency_checked
from contacts.models import PointDefinition, Promotion
from sites.models import Site

KIND_LABELS: Final = {
    GiftKind.POINTS: "Points",
    GiftKind.VOUCHER: "Voucher",
    GiftKind.PROMOTION: "Promotion",
}
_MOST_DAYS: Final = 3_650


class GiftForm(forms.Form):
    """Read from the address: what is planned can be sent to a colleague, and pressing twice."""

    def gift(self, site: Site) -> Gift:
        raise NotImplementedError


def _amount() -> AmountField:
    return AmountField(help_text="For each of them.")


def _description() -> forms.CharField:
    return forms.CharField(
        required=False, max_length=500, help_text="What it is for, as contacts may read it."
    )


class PointsGiftForm(GiftForm):
    definition = forms.ModelChoiceField(
        queryset=PointDefinition.objects.none(), label="Points", empty_label=None
    )
    amount = _amount()
    description = _description()

    def __init__(self, data: Any = None, *, site: Site) -> None:
        super().__init__(data)
        field = self.fields["definition"]
        assert isinstance(field, forms.ModelChoiceField)
        rows = PointDefinition.objects.filter(site=site, is_active=True)
        field.queryset = rows.order_by("number")
        self.nothing = "" if field.queryset else "The site awards no points."

    def gift(self, site: Site) -> Gift:
        given = self.cleaned_data
        return Gift(site=site, kind=GiftKind.POINTS, **given)


class VoucherGiftForm(GiftForm):
    amount = _amount()
    currency = forms.CharField(
        max_length=3,
        widget=forms.TextInput(attrs={"placeholder": "SEK", "autocomplete": "off"}),
        help_text="Its three letters.",
    )
    valid_days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=_MOST_DAYS,
        label="Valid for (days)",
        help_text="Counted from when you start it. Empty: for good.",
    )
    description = _description()
    nothing = ""

    def __init__(self, data: Any = None, *, site: Site) -> None:
        super().__init__(data)

    def clean_currency(self) -> str:
        try:
            return currency_checked(self.cleaned_data["currency"].upper())
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def gift(self, site: Site) -> Gift:
        return Gift(site=site, kind=GiftKind.VOUCHER, **self.cleaned_data)


class PromotionGiftForm(GiftForm):
    promotion = forms.ModelChoiceField(
        queryset=Promotion.objects.none(), empty_label="Choose a promotion"
    )

    def __init__(self, data: Any = None, *, site: Site) -> None:
        super().__init__(data)
        field = self.fields["promotion"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = assignable_promotions(site)
        self.nothing = (
            ""
            if field.queryset
            else "The site has no promotion that is published and has not ended."
        )

    def gift(self, site: Site) -> Gift:
        return Gift(site=site, kind=GiftKind.PROMOTION, promotion=self.cleaned_data["promotion"])


FORMS: Final[dict[GiftKind, Any]] = {
    GiftKind.POINTS: PointsGiftForm,
    GiftKind.VOUCHER: VoucherGiftForm,
    GiftKind.PROMOTION: PromotionGiftForm,
}
