"""Storing and deleting send events: validated, audited, each in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from common.uses import in_use, users_of
from integrations.models import CustomIntegration
from sites.audit import Actor, audit_record, field_changes
from sites.opened_state import OpenedState, check_unchanged
from webhooks.outbound.models import SendEvent, Subscription
from webhooks.outbound.send_events.catalogue import send_type
from webhooks.outbound.send_events.validation import Row, clean_send_event


@transaction.atomic
def send_event_save(
    *,
    event: SendEvent,
    fields: Sequence[Row],
    actor: Actor,
    opened: OpenedState | None = None,
) -> SendEvent:
    """Store a new event, given unsaved, or what differs from its row.

    `fields` are all of its fields in their order; one without an id gets one. Raises
    ValidationError by `name`, `integration`, `fields` or `fields.<index>.<attribute>`.
    """
    held = CustomIntegration.objects.select_for_update().filter(pk=event.integration_id)
    if held.first() is None:
        raise ValidationError({"integration": "This integration was deleted in the meantime."})
    stored = None if event.pk is None else _locked(event)
    check_unchanged(stored, since=opened)
    if stored is not None and stored.site_id != event.site_id:
        raise ValidationError("An event keeps its site. Make a new one instead.")
    clean_send_event(event, fields)
    changes = field_changes(_values(stored) if stored else {}, _values(event))
    if changes:
        _store(event)
        action = "send_event.updated" if stored else "send_event.created"
        audit_record(actor=actor, action=action, site=event.site, target=event, changes=changes)
    return event


@transaction.atomic
def send_event_delete(*, event: SendEvent, actor: Actor) -> None:
    """Delete an event that no subscription names and nothing uses; what was sent of it stays.

    Raises ValidationError with a sentence that names them.
    """
    stored = _locked(event)
    send_event_check_deletable(stored)
    audit_record(
        actor=actor,
        action="send_event.deleted",
        site=stored.site,
        target=stored,
        changes={name: (value, None) for name, value in _values(stored).items()},
    )
    stored.delete()


def send_event_check_deletable(event: SendEvent) -> None:
    """Raise ValidationError while a subscription or a workflow asks for exactly this event."""
    if users := users_of(event, "send_event_uses"):
        raise ValidationError(in_use(event.name, users))
    key = send_type(event)
    rows = Subscription.objects.filter(site=event.site_id).order_by("name")
    asked = rows.values_list("name", "event_types")
    names = [f"“{name}”" for name, event_types in asked if key in event_types]
    if names:
        raise ValidationError(
            f"{', '.join(names)} asked for this event by name. Delete the subscription, or take "
            "the event away there and leave another: without any chosen, it is told of everything."
        )


def _locked(event: SendEvent) -> SendEvent:
    rows = SendEvent.objects.select_for_update(of=("self",))
    stored = rows.select_related("site", "integration").filter(pk=event.pk).first()
    if stored is None:
        raise ValidationError("This event was deleted in the meantime.")
    return stored


def _store(event: SendEvent) -> None:
    try:
        # The constraint decides between two that come at the same time.
        with transaction.atomic():
            event.save()
    except IntegrityError:
        raise ValidationError(
            {"name": "Another send event of this site has this name. Choose another."}
        ) from None


def _values(event: SendEvent) -> dict[str, Any]:
    """Return what the audit compares; it names a field by its id."""
    fields = {
        f"fields.{row['id']}": {"position": position, **row}
        for position, row in enumerate(event.fields)
    }
    return {
        "name": event.name,
        "event_id": event.event_id,
        "integration": str(event.integration),
        **fields,
    }
