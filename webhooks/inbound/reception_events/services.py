"""Storing a reception event: validated, in step with its source, audited, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from contacts.models import ContactField
from integrations.models import CustomIntegration
from integrations.request import PresetConfig
from sites.audit import Actor, audit_record, field_changes
from sites.opened_state import OpenedState, check_unchanged
from webhooks.inbound.models import Context, ReceptionEvent, ReceptionField, Source
from webhooks.inbound.reception_events.compiled_settings import (
    PRESET,
    compiled,
    verification_of,
)
from webhooks.inbound.reception_events.source_names import free_source_name
from webhooks.inbound.reception_events.users import use_errors
from webhooks.inbound.reception_events.validation import event_errors, fields_errors
from webhooks.inbound.sources.services import Secrets, config_clean, given_secrets

_FIELD_VALUES: Final = (
    "position",
    "name",
    "type",
    "is_required",
    "is_primary_key",
    "default_country_code",
    "options",
    "pointer",
    "contact_field",
    "system_field",
)
_ALIAS_TAKEN: Final = "Another event of this site has this alias. Choose another."


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """The event as it was before, with its source; both are locked."""

    event: ReceptionEvent
    source: Source
    values: dict[str, Any]


@transaction.atomic
def reception_event_save(  # noqa: PLR0913 - its own parts, keyword-only
    *,
    event: ReceptionEvent,
    fields: Sequence[ReceptionField],
    actor: Actor,
    verification: Mapping[str, Any] | None = None,
    secrets: Secrets | None = None,
    clear_secrets: Collection[str] = (),
    active: bool | None = None,
    throttle_per_second: int | None = None,
    opened: OpenedState | None = None,
) -> ReceptionEvent:
    """Store a new event, given unsaved, or what differs from its row.

    `fields` are all of its fields in their order; one without an id gets one, and one that is not
    listed any more is deleted. A field is the one of the same id as before. `verification` holds
    the settings of a webhook's check by key of the preset's fields, `secrets` those that were
    typed; None leaves them, `active` and the throttle as they are.

    Raises ValidationError by `name`, `alias`, `context`, `integration`, `fields`,
    `fields.<index>.<attribute>`, `throttle_per_second`, or key of a preset's field.
    """
    _lock_integration(event)
    stored = None if event.pk is None else _locked(event)
    check_unchanged(stored and stored.event, since=opened)
    gone = _lock_contact_fields(fields)
    errors = event_errors(event) | fields_errors(event, fields) | gone
    if stored:
        errors |= use_errors(stored.event, event, fields)
    source = stored.source if stored else Source(site=event.site, preset_key=PRESET)
    source.is_active = source.is_active if active is None else active
    if throttle_per_second is not None:
        source.throttle_per_second = throttle_per_second
    errors |= _throttle_errors(source)
    config, config_errors = _checked(event, source, verification, secrets, clear_secrets)
    errors |= config_errors
    if errors:
        raise ValidationError(errors)
    before_secrets = dict(source.secrets)
    source.settings = compiled(event, fields) | verification_of(config.settings)
    source.secrets = dict(config.secrets)
    after = _values(event, source)
    changes = field_changes(
        stored.values if stored else {},
        after,
        {f"secrets.{key}" for key in (*before_secrets, *source.secrets)},
    )
    if changes:
        _store(event, source, fields)
        action = "reception_event.updated" if stored else "reception_event.created"
        audit_record(actor=actor, action=action, site=event.site, target=event, changes=changes)
    return event


def _lock_integration(event: ReceptionEvent) -> None:
    """Hold the integration, so that it is not deleted while an event is put into it."""
    if event.integration_id is None:
        return
    held = CustomIntegration.objects.select_for_update().filter(pk=event.integration_id)
    if held.first() is None:
        raise ValidationError({"integration": "This integration was deleted in the meantime."})


def _lock_contact_fields(fields: Sequence[ReceptionField]) -> dict[str, str]:
    """Hold the contact fields that are written to, so that they stay as they are read now.

    Returns an error for each that is gone.
    """
    wanted = {field.contact_field_id for field in fields if field.contact_field_id}
    rows = ContactField.objects.select_for_update(no_key=True).filter(pk__in=wanted)
    held = {row.pk: row for row in rows.order_by("pk")} if wanted else {}
    gone: dict[str, str] = {}
    for index, field in enumerate(fields):
        if field.contact_field_id in held:
            field.contact_field = held[field.contact_field_id]
        elif field.contact_field_id:
            gone[f"fields.{index}.target"] = "This contact field was deleted in the meantime."
    return gone


def live_event_locked(event: ReceptionEvent) -> ReceptionEvent:
    """Return the row of an event that was not deleted, locked. Raises ValidationError."""
    events = ReceptionEvent.objects.select_for_update(of=("self",)).select_related("site")
    stored = events.filter(pk=event.pk or 0, deleted_at=None).first()
    if stored is None:
        raise ValidationError("This event was deleted in the meantime.")
    return stored


def _locked(event: ReceptionEvent) -> _Stored:
    stored = live_event_locked(event)
    if (stored.site_id, stored.context) != (event.site_id, event.context):
        raise ValidationError(
            {"context": "An event keeps its site and its context. Make a new event instead."}
        )
    # By this alone: what the given object says of itself may be old.
    event.retired_field_ids = stored.retired_field_ids
    event.event_id, event.source_id = stored.event_id, stored.source_id
    source = Source.objects.select_for_update(of=("self",)).select_related("site")
    stored.source = locked = source.get(pk=stored.source_id)
    return _Stored(event=stored, source=locked, values=_values(stored, locked))


def _throttle_errors(source: Source) -> dict[str, Any]:
    try:
        source.clean_fields(exclude={"name", "preset_key", "settings", "secrets", "site"})
    except ValidationError as error:
        return error.message_dict
    return {}


def _checked(
    event: ReceptionEvent,
    source: Source,
    verification: Mapping[str, Any] | None,
    secrets: Secrets | None,
    clear_secrets: Collection[str],
) -> tuple[PresetConfig, dict[str, str]]:
    """Return the settings and secrets of a webhook's check; the other contexts have keys."""
    if event.context != Context.WEBHOOK:
        return PresetConfig(), {}
    kept = {key: value for key, value in source.secrets.items() if key not in clear_secrets}
    settings = verification_of(source.settings) if verification is None else verification
    config, errors, _ = config_clean(
        preset=source.preset, settings=settings, secrets=kept | given_secrets(secrets)
    )
    return config, errors


def _store(event: ReceptionEvent, source: Source, fields: Sequence[ReceptionField]) -> None:
    _store_source(event, source)
    event.source = source
    _store_event(event)
    _store_fields(event, fields)


def _store_source(event: ReceptionEvent, source: Source) -> None:
    # Saving bumps the version by which all processes learn of it.
    for _ in range(2):
        source.name = free_source_name(event, source)
        with suppress(IntegrityError), transaction.atomic():
            source.save()
            return
        # Somebody gave the name to another source in the same moment.
    source.name = free_source_name(event, source)
    source.save()


def _store_event(event: ReceptionEvent) -> None:
    gone = set()
    if event.pk is not None:
        gone = set(event.fields.values_list("field_id", flat=True))
        gone -= {field["id"] for field in event.source.settings["fields"]}
    event.retired_field_ids = sorted({*event.retired_field_ids, *gone})
    try:
        # The constraint decides between two that come at the same time.
        with transaction.atomic():
            event.save()
    except IntegrityError:
        raise ValidationError({"alias": _ALIAS_TAKEN}) from None


def _store_fields(event: ReceptionEvent, fields: Sequence[ReceptionField]) -> None:
    rows = {row.field_id: row for row in event.fields.all()}
    event.fields.exclude(field_id__in=[field.field_id for field in fields]).delete()
    # The primary key moves in two steps, because the database knows one at any time.
    event.fields.filter(is_primary_key=True).update(is_primary_key=False)
    for field in fields:
        row = rows.get(field.field_id)
        field.event = event
        field.pk = row.pk if row else None
        field._state.adding = row is None
        field.save(update_fields=_FIELD_VALUES if row else None)


def _values(event: ReceptionEvent, source: Source) -> dict[str, Any]:
    """Return what the audit compares; it names a field by its id."""
    settings = source.settings
    fields = {
        f"fields.{field['id']}": {"position": position, **field}
        for position, field in enumerate(settings["fields"])
    }
    return {
        "name": event.name,
        "alias": event.alias,
        "context": str(event.context),
        "integration": str(event.integration),
        "is_active": source.is_active,
        "throttle_per_second": source.throttle_per_second,
        **fields,
        **{f"settings.{key}": value for key, value in verification_of(settings).items()},
        **{f"secrets.{key}": value for key, value in source.secrets.items()},
    }
