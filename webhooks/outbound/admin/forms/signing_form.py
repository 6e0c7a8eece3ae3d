from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django import forms

from common.encryption import DecryptionFailed
from integrations.admin.declared_fields import FormRow
from webhooks.outbound.admin.forms.section_form import STORED, SectionForm, WriteOnlyText
from webhooks.outbound.formats.base import Format
from webhooks.outbound.models import PayloadEncryption, Signing, Subscription
from webhooks.outbound.signing import signing_fields

_SIGNING_HELP: Final = "Leave it empty: one is made, and shown once. Or bring one of your own."
_KEY_HELP: Final = (
    "Engage: the 32 bytes that the receiver has, as base64, hex or text. JWE: the receiver's "
    "public RSA key in PEM."
)


class SigningForm(SectionForm):
    """How the receiver knows us. Stored secrets are for admins of the site to replace."""

    columns = ("revision",)

    signing = forms.ChoiceField(label="Signature")
    encryption = forms.ChoiceField(
        label="Payload encryption", help_text="So that only the receiver can read the payload."
    )

    def __init__(
        self, data: Any, *, subscription: Subscription, may_replace: bool, dialect: Format
    ) -> None:
        self.dialect = dialect
        self.methods = [Signing(each) for each in dialect.signings]
        super().__init__(data, subscription=subscription, may_replace=may_replace)
        self.stored = stored_secret_names(subscription)
        self.takes_secrets = may_replace or not self.stored
        self._choices("signing", [(each.value, each.label) for each in self.methods])
        encryptions = [PayloadEncryption.NONE, *map(PayloadEncryption, dialect.encryptions)]
        self._choices("encryption", [(each.value, each.label) for each in encryptions])
        for method in self.methods:
            stored = subscription.signing_settings if method == subscription.signing else {}
            self.add_declared(_group(method), signing_fields(method), stored)
        if self.takes_secrets:
            self._add_secrets(is_new=subscription.pk is None)

    def initial_values(self, subscription: Subscription) -> dict[str, Any]:
        return {"signing": subscription.signing, "encryption": subscription.encryption}

    def rows(self) -> Iterator[FormRow]:
        """Yield the settings of every way of signing, each shown with its own."""
        for method in self.methods:
            for row in self.declared_rows(_group(method), signing_fields(method)):
                yield FormRow(
                    bound=row.bound,
                    is_required=row.is_required,
                    is_checkbox=row.is_checkbox,
                    is_secret=False,
                    shown_when=f"signing={method.value}",
                )

    def secret_rows(self) -> Iterator[tuple[Any, str]]:
        """Yield the fields of secrets, with what they are shown for."""
        shown = {
            "secrets.signing": "signing=standard_webhooks|hmac|webengage",
            "secrets.user": "signing=basic",
            "secrets.password": "signing=basic",
            "secrets.encryption": "encryption=engage|jwe",
        }
        for name, condition in shown.items():
            if name in self.fields:
                yield self[name], condition

    def apply_to(self, subscription: Subscription) -> None:
        method = self.cleaned_data["signing"]
        group, fields = _group(method), signing_fields(method)
        subscription.signing = method
        subscription.encryption = self.cleaned_data["encryption"]
        subscription.signing_settings = self.declared_values(group, fields)

    def claims(self, key: str) -> bool:
        return key.startswith(("signing", "secrets.", "encryption"))

    def show_errors(self, error: Any) -> None:
        if hasattr(error, "error_dict"):
            group = _group(self.cleaned_data.get("signing", ""))
            error.error_dict = {
                key.replace("signing_settings", group): errors
                for key, errors in error.error_dict.items()
            }
        super().show_errors(error)

    def _choices(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def _add_secrets(self, *, is_new: bool) -> None:
        if is_new:
            self.fields["secrets.signing"] = _password("Signing secret", _SIGNING_HELP)
        if Signing.BASIC in self.methods:
            for name, label in (("user", "User name"), ("password", "Password")):
                told = STORED if name in self.stored else ""
                self.fields[f"secrets.{name}"] = _password(label, told)
        if self.dialect.encryptions:
            told = f"{STORED} {_KEY_HELP}" if "encryption" in self.stored else _KEY_HELP
            widget = WriteOnlyText(
                attrs={"class": "mono", "rows": 4, "spellcheck": "false", "autocomplete": "off"}
            )
            self.fields["secrets.encryption"] = forms.CharField(
                required=False, label="Encryption key", max_length=8_000, help_text=told,
                widget=widget,
            )  # fmt: skip


def stored_secret_names(subscription: Subscription) -> frozenset[str]:
    """Return which secrets are stored; the signing one where none of them decrypts."""
    try:
        return frozenset(subscription.secrets)
    except DecryptionFailed:
        return frozenset(("signing",))


def _group(method: str) -> str:
    # Two ways of signing may have settings of the same name.
    return f"signing_settings-{method}"


def _password(label: str, help_text: str) -> forms.CharField:
    widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    return forms.CharField(
        required=False, label=label, max_length=1_500, help_text=help_text, widget=widget
    )
