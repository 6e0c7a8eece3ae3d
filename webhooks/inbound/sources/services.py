"""Everything that changes a source: validated by its preset, audited, in one transaction.

Secrets are write-only: given ones replace, blank ones keep what is stored, and whoever looks at
one leaves an audit entry.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from integrations.preset import Preset
from integrations.request import PresetConfig
from integrations.settings_fields import SettingField
from sites.audit import Actor, audit_record, field_changes
from sites.models import bump_configuration_version
from sites.opened_state import OpenedState, check_unchanged
from webhooks.inbound.models import Source

SOURCE_FIELDS: Final = ("name", "is_active", "throttle_per_second")
_ADDRESS_FIRST: Final = (
    "If the sender shows it only once it has an address, save the source switched off: the address "
    "comes next, and the secret after it."
)

# A preset's field key to a new secret as typed: text, or a list where several are current.
Secrets = Mapping[str, Any]


@transaction.atomic
def source_create(
    *, source: Source, actor: Actor, secrets: Secrets | None = None
) -> dict[str, Any]:
    """Store a new source, given unsaved; return the secrets that were made for it, by field key.

    Raises ValidationError by name of a model field or key of a preset's field.
    """
    generated = _clean(source, given_secrets(secrets))
    source.save(force_insert=True)
    changes = field_changes({}, _values(source), _secret_names(source))
    changes["preset"] = (None, source.preset_key)
    changes["public_id"] = (None, source.public_id)
    _audit(actor, "source.created", source, changes)
    return generated


@transaction.atomic
def source_update(
    *,
    source: Source,
    actor: Actor,
    secrets: Secrets | None = None,
    clear_secrets: Collection[str] = (),
    opened: OpenedState | None = None,
) -> dict[str, Any]:
    """Store what differs between the given source and its row; return secrets made for it.

    Only `secrets` and `clear_secrets` change secrets, never `source.secrets`. Raises
    ValidationError as `source_create` does.
    """
    stored = _lock(source)
    check_unchanged(stored, since=opened)
    if (source.preset_key, source.site_id) != (stored.preset_key, stored.site_id):
        raise ValidationError("A source keeps its site and preset. Make a new source instead.")
    kept = {key: value for key, value in stored.secrets.items() if key not in clear_secrets}
    generated = _clean(source, kept | given_secrets(secrets))
    changes = field_changes(_values(stored), _values(source), _secret_names(source, stored))
    if changes:
        source.save()
        _audit(actor, "source.updated", source, changes)
    return generated


@transaction.atomic
def source_set_active(*, source: Source, active: bool, actor: Actor) -> Source:
    """Switch a source on or off; nothing else is checked, so that off always works."""
    stored = _lock(source)
    if stored.is_active != active:
        rows = Source.objects.filter(pk=source.pk)
        rows.update(is_active=active, updated_at=timezone.now())
        bump_configuration_version()
        action = "source.activated" if active else "source.deactivated"
        _audit(actor, action, stored, {"is_active": (stored.is_active, active)})
    source.is_active = active
    return source


@transaction.atomic
def source_reveal(*, source: Source, actor: Actor, key: str = "") -> dict[str, Any]:
    """Return the secret of one field, or all of them, and note who looked."""
    stored = _lock(source)
    revealed = {name: value for name, value in stored.secrets.items() if key in ("", name)}
    looked_at = {f"secrets.{name}": ("", "shown") for name in revealed}
    _audit(actor, "source.revealed", stored, looked_at)
    return revealed


def _clean(source: Source, secrets: dict[str, Any]) -> dict[str, Any]:
    """Validate and normalise the source in place; return the secrets that were made."""
    config, errors, generated = config_clean(
        preset=source.preset, settings=source.settings, secrets=secrets
    )
    found: dict[str, Any] = dict(errors)
    for field in _missing(source, errors, secrets):
        # Many senders, all that send by Svix among them, show it only once they have the address.
        if source.is_active:
            found[field.key] = f"{errors[field.key]} {_ADDRESS_FIRST}"
        else:
            del found[field.key]
    exclude = {"secrets", "settings"} | ({"preset_key"} if source.pk else set())
    try:
        source.full_clean(exclude=exclude)
    except ValidationError as error:
        found |= error.message_dict
    if found:
        raise ValidationError(found)
    source.settings, source.secrets = dict(config.settings), dict(config.secrets)
    return generated


def missing_secrets(source: Source) -> list[SettingField]:
    """Return the fields of secrets that a source lacks, as it may while it is switched off."""
    _, errors = source.preset.clean(source.config)
    return _missing(source, errors, source.secrets)


def _missing(
    source: Source, errors: Collection[str], secrets: Mapping[str, Any]
) -> list[SettingField]:
    return [
        field
        for field in source.preset.settings_fields
        if field.kind.is_secret and field.key in errors and not secrets.get(field.key)
    ]


def config_clean(
    *, preset: Preset, settings: Mapping[str, Any], secrets: dict[str, Any]
) -> tuple[PresetConfig, dict[str, str], dict[str, Any]]:
    """Return the config as its preset takes it, errors by key, and the secrets made for it."""
    config, errors = preset.clean(PresetConfig(settings=settings, secrets=secrets))
    generated: dict[str, Any] = {
        field.key: field.generate()
        for field in preset.settings_fields
        if field.generate and field.key in errors and not secrets.get(field.key)
    }
    if generated:
        secrets = secrets | generated
        config, errors = preset.clean(PresetConfig(settings=settings, secrets=secrets))
    return config, errors, generated


def given_secrets(secrets: Secrets | None) -> dict[str, Any]:
    """Return the secrets that were filled in; a blank box keeps what is stored."""
    return {
        key: value
        for key, value in (secrets or {}).items()
        if (value.strip() if isinstance(value, str) else value)
    }


def _lock(source: Source) -> Source:
    return Source.objects.select_for_update(of=("self",)).select_related("site").get(pk=source.pk)


def _values(source: Source) -> dict[str, Any]:
    plain = {name: getattr(source, name) for name in SOURCE_FIELDS}
    settings = {f"settings.{key}": value for key, value in source.settings.items()}
    secrets = {f"secrets.{key}": value for key, value in source.secrets.items()}
    return plain | settings | secrets


def _secret_names(*sources: Source) -> set[str]:
    return {f"secrets.{key}" for source in sources for key in source.secrets}


def _audit(actor: Actor, action: str, source: Source, changes: dict[str, tuple[Any, Any]]) -> None:
    audit_record(actor=actor, action=action, site=source.site, target=source, changes=changes)
