from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django import forms

from common.encryption import DecryptionFailed
from integrations.admin.declared_fields import FormRow
from integrations.admin.generic.extra_headers import HeaderLinesField
from integrations.admin.generic.stored_secrets import new_origins
from webhooks.outbound.admin.forms.section_form import SectionForm
from webhooks.outbound.formats.base import Format
from webhooks.outbound.models import Signing, Subscription
from webhooks.outbound.subscriptions.systems import systems_of

_PLAIN: Final = ("name", "url", "source_key", "verify_tls")
_CARRIES_SECRETS: Final = (
    "Only an admin of the site points a subscription to another host while it carries stored "
    "headers or a password: they would go there. Ask one, or make a new subscription."
)


class EndpointForm(SectionForm):
    """Where to, and in which dialect; `dialect` may be another one than the stored."""

    columns = (*_PLAIN, "revision")

    name = forms.CharField(max_length=120, help_text="As people here call the receiver.")
    url = forms.CharField(
        label="URL",
        max_length=1000,
        widget=forms.TextInput(attrs={"class": "mono", "spellcheck": "false"}),
        help_text="Takes each delivery as a POST.",
    )
    source_key = forms.ChoiceField(
        required=False,
        label="Is the same system as",
        help_text="What came from that source or API key is not sent back to it.",
    )
    verify_tls = forms.BooleanField(
        required=False,
        label="Check its certificate",
        help_text="Without this, nobody knows who answers. Only for a receiver in your own "
        "network; it is noted in the audit log.",
    )

    def __init__(
        self,
        data: Any,
        *,
        subscription: Subscription,
        may_replace: bool,
        dialect: Format,
    ) -> None:
        self.dialect = dialect
        super().__init__(data, subscription=subscription, may_replace=may_replace)
        systems = [("", "None of these"), *systems_of(subscription.site)]
        self.fields["source_key"] = _with_choices(self.fields["source_key"], systems)
        self.add_declared("format_settings", dialect.settings_fields, subscription.format_settings)
        self.fields["headers"] = HeaderLinesField(
            stored=header_names(subscription),
            may_replace=may_replace,
            label="Headers of your own",
            help_text="One a line, as Name: value. Values are stored encrypted and not shown.",
        )

    def initial_values(self, subscription: Subscription) -> dict[str, Any]:
        return {name: getattr(subscription, name) for name in _PLAIN}

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        stored = self.subscription
        carries = bool(header_names(stored)) or stored.signing == Signing.BASIC
        moves = stored.pk and new_origins((stored.url,), (url,))
        if moves and carries and not self.may_replace:
            raise forms.ValidationError(_CARRIES_SECRETS)
        return url

    def rows(self) -> Iterator[FormRow]:
        return self.declared_rows("format_settings", self.dialect.settings_fields)

    def apply_to(self, subscription: Subscription) -> None:
        for name in _PLAIN:
            setattr(subscription, name, self.cleaned_data[name])
        subscription.format_key = self.dialect.key
        subscription.format_settings = self.declared_values(
            "format_settings", self.dialect.settings_fields
        )

    def headers(self) -> dict[str, str | None] | None:
        changes: dict[str, str | None] = self.cleaned_data["headers"]
        return changes


def header_names(subscription: Subscription) -> tuple[str, ...]:
    """Return the names of the stored headers; none where they do not decrypt."""
    try:
        return tuple(subscription.headers)
    except DecryptionFailed:
        return ()


def _with_choices(field: forms.Field, choices: list[tuple[str, str]]) -> forms.Field:
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices
    return field
