"""The form of a site's Generic API, with the labels and in the order of the vendor's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.views.decorators.debug import sensitive_variables

from common.admin.secret_field import SecretChange, SecretField
from common.admin.service_errors import ServiceErrors
from integrations.admin.generic.extra_headers import HeaderChanges, HeaderLinesField
from integrations.admin.generic.option_rows import rows_of_post, shown_rows
from integrations.admin.generic.settings_help import HELP, setting_label
from integrations.admin.generic.stored_secrets import StoredSecrets
from integrations.models import GenericApi
from integrations.models.generic_api import SECRET_FIELDS, AuthMode

PREFIX: Final = "generic"
MODE_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    AuthMode.HEADER: ("header_name", "header_value"),
    AuthMode.HMAC: (
        "hmac_secret",
        "hmac_header",
        "hmac_algorithm",
        "hmac_encoding",
        "hmac_prefix",
        "hmac_signs",
        "hmac_timestamp_header",
    ),
    AuthMode.API_KEY: ("api_key_name", "api_key_value", "api_key_place"),
}
_COMMON: Final = (
    "lookup_url",
    "write_url",
    "write_method",
    "email_key",
    "phone_key",
    "name_key",
    "personal_identity_key",
    "ignored_codes",
    "connect_seconds",
    "total_seconds",
    "verify_tls",
    "is_active",
    "is_served",
)
_LOOKUP_SENDS: Final = ("email", "phone", "personal_identity")
_COMPOSED: Final = ("lookup_sends", "custom_options", "extra_headers")
_MONO: Final = ("ignored_codes", "hmac_prefix")


class GenericApiForm(ServiceErrors, forms.Form):
    """Every setting, the secrets write-only. Values go to the service as given, which judges them.

    A stored secret is replaced or cleared by an admin of the site (`may_replace`) alone; one that
    is not set yet, by whoever may save. Fields of the methods that were not chosen do not count:
    they keep what is stored.
    """

    def __init__(
        self, data: Any = None, *, api: GenericApi, stored: StoredSecrets, may_replace: bool
    ) -> None:
        super().__init__(data, prefix=PREFIX)
        self.api = api
        self.stored = stored
        self.may_replace = may_replace
        self.fields["auth_mode"] = _model_field("auth_mode", widget=forms.RadioSelect)
        for name in (*(name for names in MODE_FIELDS.values() for name in names), *_COMMON):
            if name not in SECRET_FIELDS:
                self.fields[name] = _model_field(name)
            elif may_replace or name not in stored.fields:
                self.fields[name] = _secret_field(name, is_set=name in stored.fields)
        self.fields["lookup_sends"] = _lookup_sends()
        # Its value comes from the rows of the page; the field bears their errors.
        self.fields["custom_options"] = forms.CharField(required=False)
        self.fields["extra_headers"] = HeaderLinesField(
            stored=stored.header_names,
            may_replace=may_replace,
            label="Extra headers",
            help_text=HELP["extra_headers"],
        )
        self.initial = {name: getattr(api, name) for name in self.plain_names()} | {
            "lookup_sends": api.lookup_sends
        }

    def clean(self) -> None:
        # What a field of another method holds must not keep anybody from saving: it is not seen.
        if "auth_mode" in self.cleaned_data:
            for name in [name for name in self.errors if not self._counts(name)]:
                del self.errors[name]

    def plain_names(self) -> tuple[str, ...]:
        """Return the names of the settings that are neither secret nor composed."""
        special = {*SECRET_FIELDS, *_COMPOSED}
        return tuple(name for name in self.fields if name not in special)

    @property
    def option_rows(self) -> list[dict[str, Any]]:
        """Return the rows of custom options as the page shows them."""
        rows = rows_of_post(self.data) if self.is_bound else self.api.custom_options
        return shown_rows(rows)

    def apply_to(self, api: GenericApi) -> GenericApi:
        """Put the plain values that could be read into the API, unchecked, and return it."""
        for name in self.plain_names():
            if self._counts(name) and name in self.cleaned_data:
                setattr(api, name, self.cleaned_data[name])
        sent = self.cleaned_data.get("lookup_sends", api.lookup_sends)
        # Ordered as the vendor's form is, whatever a request says.
        api.lookup_sends = [key for key in _LOOKUP_SENDS if key in sent]
        api.custom_options = rows_of_post(self.data)
        return api

    def header_changes(self) -> HeaderChanges:
        changes: HeaderChanges = self.cleaned_data["extra_headers"]
        return changes

    @sensitive_variables()
    def new_secrets(self) -> dict[str, str]:
        """Return by name the secrets that were typed for the chosen method."""
        return {name: change.new[0] for name, change in self._secret_changes() if change.new}

    def cleared_secrets(self) -> set[str]:
        return {
            name for name, change in self._secret_changes() if change.is_cleared and not change.new
        }

    def _secret_changes(self) -> list[tuple[str, SecretChange]]:
        return [
            (name, self.cleaned_data[name])
            for name in SECRET_FIELDS
            if name in self.fields and self._counts(name)
        ]

    def _counts(self, name: str) -> bool:
        chosen = self.cleaned_data.get("auth_mode")
        return all(name not in names or mode == chosen for mode, names in MODE_FIELDS.items())


def _model_field(name: str, **extra: Any) -> forms.Field:
    model_field: Any = GenericApi._meta.get_field(name)
    field: Any = model_field.formfield(help_text=HELP.get(name, ""), **extra)
    # An empty box is the service's to judge, with a sentence of its own.
    field.required = isinstance(field, forms.IntegerField)
    if isinstance(field.widget, forms.TextInput):
        field.widget.attrs |= {"autocomplete": "off", "spellcheck": "false"}
        if name in _MONO or name.endswith(("_url", "_key", "_name", "_header")):
            field.widget.attrs["class"] = "mono"
    return field  # type: ignore[no-any-return]


def _secret_field(name: str, *, is_set: bool) -> SecretField:
    return SecretField(
        # The field only says that there is one.
        stored=[name] if is_set else [],
        label=setting_label(name),
        help_text=HELP[name],
    )


def _lookup_sends() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        choices=[(key, setting_label(f"{key}_key")) for key in _LOOKUP_SENDS],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Keys sent by the look-up",
        help_text=HELP["lookup_sends"],
    )
