"""Sending a send event: its values are read as strictly as those of the Public API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from contacts.models import Contact
from integrations.field_types import FieldDefinition, FieldError, FieldType, strict
from integrations.normalisation.emails import email_normalised
from sites.audit import Actor, audit_record
from webhooks.outbound.models import Delivery, SendEvent
from webhooks.outbound.publishing import NewEvent, events_publish
from webhooks.outbound.send_events.catalogue import send_type

NOT_A_FIELD: Final = "The event has no such field."
_NEEDED: Final = "This is needed."
_SUBJECT: Final = ("email", "phone", "external_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class SentNow:
    """What became of it: nothing was stored where nobody could be told (`event_id` is None)."""

    event_id: UUID | None
    deliveries: int


@transaction.atomic
def send_event_publish(
    *, event: SendEvent, values: Mapping[str, Any], contact_email: str = "", actor: Actor
) -> SentNow:
    """Send an event once to all that subscribed to it, about a contact or about nobody.

    `values` are JSON values by field id; None is no value. Raises ValidationError by
    `values.<field id>` and `contact_email`. That a person sent it is in the audit log; what
    programs send is in the log of events alone.
    """
    payload, errors = _payload(event, values)
    contact = None
    if contact_email.strip():
        contact = _contact(event, contact_email)
        if contact is None:
            errors["contact_email"] = "No contact of this site has this e-mail."
    if errors:
        raise ValidationError(errors)
    ids = events_publish(
        [
            NewEvent(
                site_id=event.site_id,
                type=send_type(event),
                payload=payload,
                occurred_at=timezone.now(),
                contact_id=contact.pk if contact else None,
                subject=_subject(contact),
                order_key=contact.pk.hex if contact else "",
            )
        ]
    )
    if actor.user is not None:
        audit_record(
            actor=actor,
            action="send_event.sent",
            site=event.site,
            target=event,
            changes={"fields": (None, sorted(payload)), "has_contact": (None, contact is not None)},
        )
    count = Delivery.objects.filter(event__in=ids).count()
    return SentNow(event_id=ids[0] if ids else None, deliveries=count)


def _payload(event: SendEvent, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the values in the order of the fields, and what is wrong by its place."""
    payload: dict[str, Any] = {}
    known = {definition.id for definition, _ in event.definitions}
    errors = {f"values.{key}": NOT_A_FIELD for key in values if key not in known}
    for definition, is_required in event.definitions:
        value = values.get(definition.id)
        try:
            if value is not None:
                payload[definition.id] = _json_value(definition, strict(definition, value))
            elif is_required:
                errors[f"values.{definition.id}"] = _NEEDED
        except FieldError as error:
            errors[f"values.{definition.id}"] = error.reason
    return payload, errors


def _json_value(definition: FieldDefinition, stored: Any) -> Any:
    """Return the stored form of a value as receivers read it: a decimal is a number."""
    return Decimal(stored) if definition.type is FieldType.DECIMAL else stored


def _contact(event: SendEvent, email: str) -> Contact | None:
    address = email_normalised(email)
    return Contact.objects.filter(site=event.site_id, email=address).first() if address else None


def _subject(contact: Contact | None) -> dict[str, str]:
    """Return the names of the person, for dialects that need one."""
    if contact is None:
        return {}
    return {name: value for name in _SUBJECT if (value := getattr(contact, name))}
