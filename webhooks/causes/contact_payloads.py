"""A contact in the shape of Engage's snapshot; see `event_types.contact_events` for its schema."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any, Final
from uuid import UUID

from contacts.applied_change import Changes
from contacts.signals import ContactSnapshot
from webhooks.outbound.event_types.contact_events import (
    PERSONAL_IDENTITY_KEY,
    SNAPSHOT_ATTRIBUTES,
)

_DEFAULT_TYPE: Final = "Member"
_NUMBER: Final = "personal_identity_number"
# Column of a contact → key of the snapshot.
_KEYS: Final = {
    "care_of": "careOf",
    "city": "city",
    "country_code": "countryCode",
    "birth_date": "dateOfBirth",
    "email": "email",
    "external_id": "externalId",
    "first_name": "firstName",
    "gender": "gender",
    "language": "language",
    "last_name": "lastName",
    "phone": "mobilePhone",
    "postal_code": "postalCode",
    "street": "street",
}
_SUBJECT: Final = ("email", "phone", "external_id")
_ATTRIBUTE: Final = "attribute."


def snapshot_payload(contact_id: UUID, snapshot: ContactSnapshot) -> dict[str, Any]:
    """Return the payload of contact.created; a key without a value is null."""
    values, attributes = snapshot.values, snapshot.attributes
    payload: dict[str, Any] = {
        "contactId": str(contact_id),
        "creationTime": snapshot.created_at.astimezone(UTC),
        "customAttributes": {
            name: value for name, value in attributes.items() if name not in SNAPSHOT_ATTRIBUTES
        },
    }
    for column, key in _KEYS.items():
        payload[key] = values[column] or None
    for name in SNAPSHOT_ATTRIBUTES:
        payload[name] = _text(attributes.get(name))
    payload["contactTypeId"] = payload["contactTypeId"] or _DEFAULT_TYPE
    if not values["personal_identity_hash"]:
        payload[PERSONAL_IDENTITY_KEY] = None
    return payload


def changed_values(changes: Changes) -> list[dict[str, Any]]:
    """Return `{path, previousValue, value}` for each change that the snapshot shows."""
    return [
        {"path": path}
        if name == _NUMBER
        else {"path": path, "previousValue": before, "value": after}
        for name, (before, after) in changes.items()
        if (path := _path(name))
    ]


def subject_of(values: Mapping[str, Any]) -> dict[str, str]:
    """Return the names by which other systems know the person."""
    return {name: values[name] for name in _SUBJECT if values[name]}


def _path(name: str) -> str:
    """Return the key of the snapshot in PascalCase, or "" for what the snapshot does not hold."""
    if name.startswith(_ATTRIBUTE):
        attribute = name.removeprefix(_ATTRIBUTE)
        return (
            _pascal(attribute)
            if attribute in SNAPSHOT_ATTRIBUTES
            else (f"CustomAttributes.{attribute}")
        )
    key = PERSONAL_IDENTITY_KEY if name == _NUMBER else _KEYS.get(name, "")
    return _pascal(key)


def _pascal(key: str) -> str:
    return key[:1].upper() + key[1:]


def _text(value: Any) -> str | None:
    """Return an attribute as the schema has it; whoever wrote it may have used any type."""
    if isinstance(value, str):
        return value or None
    return None if value is None or isinstance(value, bool | dict | list) else str(value)
