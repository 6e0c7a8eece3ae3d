"""One small reader per event type, in a table.

Each returns the change that an event makes, or raises `Doubtful` when the event does not say
enough: it is then kept with the reason, never guessed at.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from integrations.contact_change import (
    ActivityFact,
    Channel,
    ConsentFact,
    ContactChange,
    Deletion,
    Identity,
    SourceIdKind,
)
from integrations.instants import parse_instant
from integrations.json_values import decimal_text, stored_json, text_of
from integrations.loyalty_facts import LoyaltyFact
from integrations.preset import EventTypeInfo
from integrations.presets.voyado_engage.loyalty import (
    read_balance,
    read_points,
    read_promotion,
    read_voucher,
)
from integrations.presets.voyado_engage.payload import Payload
from integrations.presets.voyado_engage.snapshot import read_snapshot

_LONGEST_ID: Final = 200
# Stored encrypted on the contact; its old and new value must not lie about in an activity.
_UNKEPT_PATH: Final = "swedishfinnishpersonalidentitynumber"


class Doubtful(Exception):
    """The event lacks what it is about."""

    def __init__(self, cause: str, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause
        self.reason = reason


@dataclass(slots=True, kw_only=True)
class Reading:
    """A change without its time, and the notes on parts that were dropped."""

    change: ContactChange
    notes: tuple[str, ...] = ()


def _contact_id(payload: Payload) -> str:
    contact_id = text_of(payload.get("contactId"))
    if not contact_id or len(contact_id) > _LONGEST_ID:
        raise Doubtful("MISSING_CONTACT_ID", "The payload names no contact (contactId).")
    return contact_id


def _identity(payload: Payload) -> Identity:
    return Identity(source_ids={SourceIdKind.CONTACT: _contact_id(payload)})


def _read_contact(
    event_type: str, payload: Payload, event_id: str, *, kept: tuple[str, ...]
) -> Reading:
    contact_id = _contact_id(payload)
    snapshot = read_snapshot(payload)
    snapshot.identity.source_ids = {SourceIdKind.CONTACT: contact_id}
    properties = {key: stored_json(payload.get(key)) for key in kept if payload.get(key)}
    changed = payload.get("changedValues")
    if isinstance(changed, list):
        properties["changedValues"] = [_changed_value(item) for item in changed]
    return Reading(
        change=ContactChange(
            identity=snapshot.identity,
            fields=snapshot.fields,
            attributes=snapshot.attributes,
            activities=(ActivityFact(type=event_type, properties=properties, key=event_id),),
            revives=event_type == "contact.created",
        ),
        notes=tuple(snapshot.notes),
    )


def _changed_value(item: Any) -> Any:
    """Return `{path, previousValue, value}` as sent, but for the personal identity number."""
    if not isinstance(item, dict):
        return stored_json(item)
    entry = Payload(item)
    if text_of(entry.get("path")).lower() == _UNKEPT_PATH:
        return {"path": entry.get("path")}
    return {key: stored_json(value) for key, value in entry.items()}


def _created(event_type: str, payload: Payload, event_id: str) -> Reading:
    return _read_contact(
        event_type,
        payload,
        event_id,
        kept=("contactTypeId", "registrationSourceType", "registrationSpecificSource"),
    )


def _updated(event_type: str, payload: Payload, event_id: str) -> Reading:
    return _read_contact(
        event_type, payload, event_id, kept=("updatedViaSourceType", "updatedWithSpecificSource")
    )


def _deleted(event_type: str, payload: Payload, event_id: str) -> Reading:
    reason = text_of(payload.get("deletionReason"))
    return Reading(
        change=ContactChange(identity=_identity(payload), deletion=Deletion(reason=reason))
    )


def _preference(channel: Channel, key: str) -> Callable[[str, Payload, str], Reading]:
    def read(event_type: str, payload: Payload, event_id: str) -> Reading:
        identity = _identity(payload)
        value = payload.first(key, "value")
        if not isinstance(value, bool):
            raise Doubtful("MISSING_VALUE", f"The payload has no {key} that is true or false.")
        return Reading(change=ContactChange(identity=identity, preferences={channel: value}))

    return read


def _consent(event_type: str, payload: Payload, event_id: str) -> Reading:
    identity = _identity(payload)
    consent_id = text_of(payload.first("consentId", "id"))
    value = payload.get("value")
    if not consent_id or len(consent_id) > _LONGEST_ID:
        raise Doubtful("MISSING_CONSENT_ID", "The payload names no consent (consentId).")
    if not isinstance(value, bool):
        raise Doubtful("MISSING_VALUE", "The consent's value is neither true nor false.")
    fact = ConsentFact(
        consent_id=consent_id,
        value=value,
        at=parse_instant(payload.get("date")),
        source=text_of(payload.get("source")),
        comment=text_of(payload.get("comment")),
    )
    return Reading(change=ContactChange(identity=identity, consents=(fact,)))


def _happening(
    read_fact: Callable[[Payload, str, list[str]], LoyaltyFact | None],
    *,
    amount: str = "",
    texts: tuple[str, ...] = (),
    key_names: tuple[str, ...] = (),
    needs_key: bool = False,
) -> Callable[[str, Payload, str], Reading]:
    """Return a reader of something that happened to the contact: an activity, and a fact.

    `amount` names the key that must hold a number; it is kept as decimal text. `texts` are ids that
    come as numbers or as text and are kept as text. `key_names` are the ids under which a repeat
    is the same activity, before the event's own id.
    """

    def read(event_type: str, payload: Payload, event_id: str) -> Reading:
        identity = _identity(payload)
        properties = {
            key: stored_json(value) for key, value in payload.items() if key != "contactId"
        }
        if amount:
            properties[amount] = _amount(payload.get(amount), amount)
        properties |= {key: text_of(properties[key]) for key in texts if properties.get(key)}
        own_key = text_of(payload.first(*key_names)) if key_names else ""
        if needs_key and not own_key:
            raise Doubtful("MISSING_VALUE", f"The payload has no {' and no '.join(key_names)}.")
        activity = ActivityFact(
            type=event_type, properties=properties, key=(own_key or event_id)[:_LONGEST_ID]
        )
        notes: list[str] = []
        fact = read_fact(payload, event_id, notes)
        change = ContactChange(
            identity=identity, activities=(activity,), loyalty=(fact,) if fact else ()
        )
        return Reading(change=change, notes=tuple(notes))

    return read


def _amount(value: Any, key: str) -> str:
    """Return a number, also one sent as text, as decimal text."""
    if isinstance(value, Decimal):
        return decimal_text(value)
    text = text_of(value)
    try:
        number = Decimal(text)
    except ArithmeticError:
        number = Decimal("NaN")
    if not number.is_finite():
        raise Doubtful("MISSING_VALUE", f"The payload has no number {key}.")
    return decimal_text(number)


READERS: Final[Mapping[str, Callable[[str, Payload, str], Reading]]] = {
    "contact.acceptsEmail.changed": _preference(Channel.EMAIL, "acceptsEmail"),
    "contact.acceptsSms.changed": _preference(Channel.SMS, "acceptsSms"),
    "contact.acceptsPostal.changed": _preference(Channel.POSTAL, "acceptsPostal"),
    "contact.consent.changed": _consent,
    "contact.created": _created,
    "contact.updated": _updated,
    "contact.deleted": _deleted,
    "loyalty.addPoints": _happening(read_points, amount="amount"),
    "point.balance.updated": _happening(read_balance, amount="balance", texts=("definitionId",)),
    "reward.voucher.created": _happening(read_voucher, amount="amount", key_names=("id",)),
    "promotion.multichannel.assigned": _happening(
        read_promotion, key_names=("id", "promotionId"), needs_key=True
    ),
}

EVENT_TYPES: Final = tuple(
    EventTypeInfo(id=event_type, description=description)
    for event_type, description in {
        "contact.acceptsEmail.changed": "The e-mail preference of an existing contact changed.",
        "contact.acceptsSms.changed": "The SMS preference of an existing contact changed.",
        "contact.acceptsPostal.changed": "The postal preference of an existing contact changed.",
        "contact.consent.changed": "A consent of an existing contact changed.",
        "contact.created": "A contact was created; holds the whole contact.",
        "contact.updated": "A contact was updated; holds the whole contact and what changed.",
        "contact.deleted": "A contact was deleted.",
        "loyalty.addPoints": "Points were added in the interface or by an automation.",
        "point.balance.updated": "The point balance of a contact changed.",
        "reward.voucher.created": "A reward voucher was created for a contact.",
        "promotion.multichannel.assigned": "A multichannel promotion was assigned to a contact.",
    }.items()
)
