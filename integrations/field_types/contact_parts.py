"""From values by field id to what is said about a contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from integrations.contact_change import (
    ActivityFact,
    Channel,
    ContactChange,
    EmailStatus,
    Identity,
)
from integrations.field_types.errors import FieldError
from integrations.field_types.lenient_reading import lenient
from integrations.field_types.system_fields import (
    SUBSCRIBED,
    SYSTEM_FIELDS,
    UNSUBSCRIBED,
    SystemField,
)

_ATTRIBUTES: Final = "attributes"
_PREFERENCES: Final = "preferences"
_IDENTITIES: Final = ("external_id", "phone")
_EMAIL_STATUS: Final = "email_status"


@dataclass(slots=True)
class _Parts:
    identity: Identity
    fields: dict[str, str | None] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    preferences: dict[Channel, bool] = field(default_factory=dict)
    email_status: EmailStatus | None = None
    notes: list[str] = field(default_factory=list)


def change_from_fields(
    values: Mapping[str, Any],
    *,
    identity: Identity,
    occurred_at: datetime | None = None,
    activities: tuple[ActivityFact, ...] = (),
    only_known: bool = False,
) -> tuple[ContactChange, tuple[str, ...]]:
    """Return the change and notes on values that were left out.

    `values` holds stored forms by id: a system field's, else a custom field's, which is an
    attribute. None clears; a subscription is never cleared, and `none` leaves it as it is.
    """
    parts = _Parts(replace(identity))
    for field_id, value in values.items():
        system_field = SYSTEM_FIELDS.get(field_id)
        if system_field is None:
            parts.attributes[field_id] = value
        else:
            _write(parts, system_field, value)
    change = ContactChange(
        identity=parts.identity,
        occurred_at=occurred_at,
        fields=parts.fields,
        attributes=parts.attributes,
        preferences=parts.preferences,
        email_status=parts.email_status,
        activities=activities,
        only_known=only_known,
    )
    return change, tuple(parts.notes)


def _write(parts: _Parts, system_field: SystemField, value: Any) -> None:
    if not system_field.writable:
        parts.notes.append(f"{system_field.id} is read-only, so it was left out.")
        return
    try:
        fitting = None if value is None else _fitting(system_field, value)
    except FieldError as error:
        parts.notes.append(f"{system_field.id} was left out: {error.reason}")
        return
    holder, _, name = system_field.read.partition(".")
    if holder == _ATTRIBUTES:
        parts.attributes[name] = fitting
    elif holder == _PREFERENCES:
        if fitting in (SUBSCRIBED, UNSUBSCRIBED):
            parts.preferences[Channel(name)] = fitting == SUBSCRIBED
    elif holder == _EMAIL_STATUS:
        parts.email_status = EmailStatus(fitting) if fitting else None
    elif holder in _IDENTITIES and fitting:
        setattr(parts.identity, holder, fitting)
    else:
        parts.fields[holder] = fitting or None


def _fitting(system_field: SystemField, value: Any) -> Any:
    """Return a stored value of another field in the form that this one holds."""
    if isinstance(value, bool) and system_field.read.startswith(_PREFERENCES):
        return SUBSCRIBED if value else UNSUBSCRIBED
    return lenient(system_field.definition, value)
