"""The form of a promotion."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError

from common.admin.service_errors import ServiceErrors
from contacts.admin.loyalty.channel_rows import ChannelRow, channels_of, stored_rows
from contacts.admin.loyalty.contact_forms import moment_input
from contacts.models import Promotion

_MONO: Final = {"class": "mono", "autocomplete": "off", "spellcheck": "false"}
_NAMES: Final = ("name", "external_id", "starts_at", "ends_at", "assigned_amount", "assigned_unit",
                 "heading", "description", "link")  # fmt: skip


class PromotionForm(ServiceErrors, forms.Form):
    """What can change, with the rows of channels beside. The service checks it."""

    name = forms.CharField(max_length=200, help_text="What staff call it.")
    external_id = forms.CharField(
        required=False,
        max_length=200,
        label="External id",
        widget=forms.TextInput(attrs=_MONO),
        help_text="Under which tills and shops know it.",
    )
    starts_at = forms.DateTimeField(
        required=False,
        widget=moment_input(),
        label="Starts",
        help_text="By the clock of the site. Empty: once published.",
    )
    ends_at = forms.DateTimeField(
        required=False,
        widget=moment_input(),
        label="Ends",
        help_text="By the clock of the site. Empty: it does not.",
    )
    assigned_amount = forms.IntegerField(required=False, label="Each contact has it for")
    assigned_unit = forms.ChoiceField(
        required=False,
        choices=[("", "as long as it runs"), *((unit, unit.lower()) for unit in Promotion.Unit)],
        label="Days or months",
    )
    heading = forms.CharField(
        required=False, max_length=200, help_text="What contacts read above it."
    )
    description = forms.CharField(
        required=False, max_length=2000, widget=forms.Textarea(attrs={"rows": 3})
    )
    link = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.URLInput(attrs={"placeholder": "https://", **_MONO}),
    )

    def __init__(
        self,
        data: Any = None,
        *,
        promotion: Promotion | None = None,
        rows: list[ChannelRow] | None = None,
    ) -> None:
        initial = {name: getattr(promotion, name) for name in _NAMES} if promotion else {}
        super().__init__(data, initial=initial)
        stored = stored_rows(promotion.redemption_channels) if promotion else []
        self.rows = stored if rows is None else rows
        self.channel_problem = ""

    def fill(self, promotion: Promotion) -> None:
        for name in _NAMES:
            setattr(promotion, name, self.cleaned_data[name])
        promotion.redemption_channels = channels_of(self.rows)

    def show_errors(self, error: ValidationError) -> None:
        if hasattr(error, "error_dict"):
            for found in error.error_dict.pop("redemption_channels", ()):
                self.channel_problem = " ".join(found.messages)
        super().show_errors(error)
