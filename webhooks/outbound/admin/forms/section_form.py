from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Final

from django import forms

from common.admin.service_errors import ServiceErrors
from integrations.admin.declared_fields import FormRow, plain_field, shown_when
from integrations.settings_fields import FieldKind, SettingField
from webhooks.outbound.models import Subscription

STORED: Final = "Set. It is never shown; leave this empty to keep it."


class SectionForm(ServiceErrors, forms.Form):
    """One section. Values go to the service as given; its errors come back by `show_errors`.

    Fields are named as the service names its errors: `name`, `format_settings.tenant`,
    `secrets.password`. `columns` are what the section keeps; `revision` among them stands for what
    is in the bytes that go out, write-only values too.
    """

    columns: ClassVar[tuple[str, ...]] = ()

    def __init__(self, data: Any, *, subscription: Subscription, may_replace: bool) -> None:
        self.subscription = subscription
        self.may_replace = may_replace
        super().__init__(data, initial=self.initial_values(subscription))

    def initial_values(self, subscription: Subscription) -> dict[str, Any]:
        return {}

    def apply_to(self, subscription: Subscription) -> None:
        """Put what was filled in into the subscription; secrets and headers go their own ways."""
        raise NotImplementedError

    def secrets(self) -> dict[str, str]:
        """Return new secrets by name."""
        return {
            name.removeprefix("secrets."): value
            for name, value in self.cleaned_data.items()
            if name.startswith("secrets.") and value
        }

    def headers(self) -> dict[str, str | None] | None:
        """Return all headers, or None where the section is not about them."""
        return None

    def claims(self, key: str) -> bool:
        """Say whether the service's name of a field is one of this section."""
        return key in self.fields

    def add_declared(self, group: str, fields: Sequence[SettingField], stored: Any) -> None:
        for field in fields:
            value = stored.get(field.key, field.default)
            self.fields[f"{group}.{field.key}"] = plain_field(field, value)

    def declared_values(self, group: str, fields: Sequence[SettingField]) -> dict[str, Any]:
        return {field.key: self.cleaned_data.get(f"{group}.{field.key}") for field in fields}

    def declared_rows(self, group: str, fields: Sequence[SettingField]) -> Iterator[FormRow]:
        for field in fields:
            yield FormRow(
                bound=self[f"{group}.{field.key}"],
                is_required=field.required,
                is_checkbox=field.kind is FieldKind.BOOLEAN,
                is_secret=False,
                shown_when=shown_when(field, f"{group}."),
            )


class WriteOnlyText(forms.Textarea):
    """For keys of several lines: gives nothing back, not even what was just typed."""

    def format_value(self, value: Any) -> str:
        return ""
