"""The contact snapshot of contact.created and contact.updated.

A key that is null clears its field, an absent one leaves it alone. Source: Voyado developer
documentation, page *Webhooks*.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from integrations.contact_change import Identity
from integrations.json_values import stored_json
from integrations.presets.voyado_engage.payload import Payload

# What _text returns for a value that is no text.
_UNUSABLE: Final = object()
_FIELDS: Final = {
    "firstName": "first_name",
    "lastName": "last_name",
    "careOf": "care_of",
    "street": "street",
    "postalCode": "postal_code",
    "city": "city",
    "countryCode": "country_code",
    "dateOfBirth": "birth_date",
    "gender": "gender",
    "language": "language",
}
_IDENTITIES: Final = {
    "email": "email",
    "mobilePhone": "phone",
    "externalId": "external_id",
    "swedishFinnishPersonalIdentityNumber": "personal_identity_number",
}
# Documented keys that have no field of their own. A custom attribute of the same name wins: the
# brand chose that one.
_ATTRIBUTES: Final = (
    "memberNumber",
    "contactTypeId",
    "marketingGroupId",
    "registrationByStoreId",
    "registrationDate",
    "registrationSourceType",
    "registrationSpecificSource",
)


@dataclass(slots=True)
class Snapshot:
    """What a snapshot says, in the words of `ContactChange`."""

    identity: Identity = field(default_factory=Identity)
    fields: dict[str, str | None] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_snapshot(payload: Payload) -> Snapshot:
    """Return the identities, fields and attributes; wrong types are dropped with a note."""
    snapshot = Snapshot()
    for key, name in _FIELDS.items():
        if key in payload:
            value = _text(payload.get(key), key, snapshot)
            if value is not _UNUSABLE:
                snapshot.fields[name] = value
    for key, name in _IDENTITIES.items():
        if key in payload:
            value = _text(payload.get(key), key, snapshot)
            if value is None:
                snapshot.fields[name] = None
            elif value is not _UNUSABLE:
                setattr(snapshot.identity, name, value)
    for key in _ATTRIBUTES:
        if key in payload:
            snapshot.attributes[key] = stored_json(payload.get(key))
    _read_custom_attributes(payload, snapshot)
    return snapshot


def _text(value: Any, key: str, snapshot: Snapshot) -> Any:
    """Return the trimmed text, None to clear, or _UNUSABLE; a snapshot's empty text clears too."""
    if isinstance(value, str):
        return value.strip() or None
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        snapshot.notes.append(f"{key} came as a number and was read as text.")
        return str(value)
    snapshot.notes.append(f"{key} is no text and was left out.")
    return _UNUSABLE


def _read_custom_attributes(payload: Payload, snapshot: Snapshot) -> None:
    custom = payload.get("customAttributes")
    if custom is None:
        return
    if isinstance(custom, dict):
        snapshot.attributes.update(stored_json(custom))
    else:
        snapshot.notes.append("customAttributes is no object and was left out.")
