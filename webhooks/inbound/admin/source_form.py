"""The form of a source, made from what its preset declares. Nothing here knows a vendor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django import forms

from common.admin.secret_field import SecretChange, SecretField
from common.admin.service_errors import ServiceErrors
from integrations.admin.declared_fields import FormRow, plain_field, shown_when
from integrations.preset import Preset
from integrations.settings_fields import FieldKind, SettingField
from sites.models import Site
from webhooks.inbound.models import Source
from webhooks.inbound.sources.services import missing_secrets

_PREFIX: Final = "setting-"


class SourceForm(ServiceErrors, forms.Form):
    """A source's own fields, then one per declared setting.

    Values go to the service as given: the preset cleans them, and its errors come back through
    `show_errors`. Without `takes_secrets` the secret fields are left out and keep their values; but
    whoever could give a secret to a new source can give it the one that it still waits for.
    """

    name = forms.CharField(max_length=120, help_text="As people here call it, such as the vendor.")
    is_active = forms.BooleanField(
        required=False,
        initial=True,
        label="Active",
        help_text="Switched off, it refuses every webhook, and may wait for its secret.",
    )
    throttle_per_second = forms.IntegerField(
        min_value=0,
        max_value=1_000_000,
        initial=2000,
        label="Limit a second",
        help_text="Requests a second and web process, answered 429 beyond; 0 is no limit.",
    )

    def __init__(
        self,
        data: Any = None,
        *,
        preset: Preset,
        source: Source | None = None,
        site: Site | None = None,
        takes_secrets: bool,
    ) -> None:
        self.preset = preset
        self.source = source
        missing = [] if source is None else missing_secrets(source)
        self.declared = [
            field
            for field in preset.settings_fields
            if takes_secrets or not field.kind.is_secret or field in missing
        ]
        own = {} if source is None else _own_values(source)
        super().__init__(data, initial=own or {"name": preset.label})
        for field in self.declared:
            self.fields[_PREFIX + field.key] = _form_field(field, source, site)

    def rows(self) -> Iterator[FormRow]:
        for field in self.declared:
            yield FormRow(
                bound=self[_PREFIX + field.key],
                is_required=field.required,
                is_checkbox=field.kind is FieldKind.BOOLEAN,
                is_secret=field.kind.is_secret,
                shown_when=shown_when(field, _PREFIX),
            )

    def settings_values(self) -> dict[str, Any]:
        """Return what was given for the plain settings."""
        return {
            field.key: self.cleaned_data[_PREFIX + field.key]
            for field in self.declared
            if not field.kind.is_secret
        }

    def new_secrets(self) -> dict[str, Any]:
        """Return by key what the changed secrets are to be; unchanged ones are left out."""
        found: dict[str, Any] = {}
        for field, change in self._secret_changes():
            stored = None if self.source is None else self.source.secrets.get(field.key)
            if field.kind is FieldKind.SECRETS and change:
                found[field.key] = change.applied_to_many(stored or [])
            elif change:
                found[field.key] = change.applied_to_one(stored)
        return {key: value for key, value in found.items() if value}

    def cleared_secrets(self) -> set[str]:
        changed = {field.key for field, change in self._secret_changes() if change}
        return changed - self.new_secrets().keys()

    def generated_secrets(self) -> dict[str, str]:
        """Return what was generated here by label, to be shown once."""
        return {
            field.label: change.generated[0]
            for field, change in self._secret_changes()
            if change.generated
        }

    def shown_at(self, name: str) -> str | None:
        own = _PREFIX + name
        return own if own in self.fields else super().shown_at(name)

    def _secret_changes(self) -> list[tuple[SettingField, SecretChange]]:
        return [
            (field, self.cleaned_data[_PREFIX + field.key])
            for field in self.declared
            if field.kind.is_secret
        ]


def _own_values(source: Source) -> dict[str, Any]:
    return {
        "name": source.name,
        "is_active": source.is_active,
        "throttle_per_second": source.throttle_per_second,
    }


def _form_field(field: SettingField, source: Source | None, site: Site | None) -> forms.Field:
    if field.kind.is_secret:
        stored = None if source is None else source.secrets.get(field.key)
        return SecretField(
            stored=[stored] if isinstance(stored, str) else list(stored or ()),
            is_many=field.kind is FieldKind.SECRETS,
            generate=field.generate,
            label=field.label,
            help_text=field.help_text,
        )
    if source is None:
        value = getattr(site, field.site_default, "") or field.default
    else:
        value = source.settings.get(field.key, field.default)
    return plain_field(field, value)
