"""An event of a page or mobile app: its envelope, in which the fields are the keys of `payload`.

Stored, one event by itself:

    {"entityInfo": {"trackerId", "primaryKey"?}, "pageInfo": {"url"?, "title"?, "referrer"?},
     "event": {"type": "custom", "eventId", "id", "occurredAt"?, "payload"?}}

Sent, many of them as `events` (Connectif's Web SDK, function *sendEvents*). Whoever pastes what a
page sends into the mapping tester means the first event of that list that is of this kind.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from common.redaction import redact_page_url
from integrations.field_types import FieldDefinition, FieldError, FieldType, strict
from integrations.normalisation.emails import email_normalised
from integrations.presets.reception_event.definition import EventDefinition, EventField
from integrations.request import RefusedBody

CUSTOM: Final = "custom"
PRIMARY_KEY_POINTER: Final = "/entityInfo/primaryKey"

_TRACKER_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,128}")
_SENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_LONGEST_EMAIL: Final = 254
# Stored with every event of a request: what is longer says no more about a page.
_LONGEST_OF_PAGE: Final = {"url": 2_000, "title": 300, "referrer": 2_000}
_INSTANT: Final = FieldDefinition(id="occurredAt", name="occurredAt", type=FieldType.DATE)

_NO_EVENT: Final = 'An event is an object: {"type": "custom", "eventId": "…", "payload": {…}}.'
_NO_CUSTOM: Final = "Only events of the type “custom” are taken."
_NO_PAYLOAD: Final = "The payload must be an object, with the ids of the event's fields as keys."
_NO_SENT_ID: Final = "The id must be text of 1 to 64 letters, digits, hyphens and underscores."
_NO_TRACKER: Final = (
    "The tracker id was left out: it must be text of 1 to 128 letters, digits, hyphens and "
    "underscores."
)
_NO_EMAIL: Final = "The primaryKey was left out: Not a valid e-mail address."


@dataclass(slots=True, kw_only=True)
class AppEvent:
    """What the envelope says; `payload` is as it was sent, and found at the pointer `place`.

    `email` and `tracker_id` are empty when not given or unusable; `page` holds what is known of
    `url`, `title` and `referrer`. `sent_id` tells a repeat from another event.
    """

    payload: Mapping[str, Any]
    place: str
    email: str = ""
    tracker_id: str = ""
    page: Mapping[str, str] = field(default_factory=dict)
    sent_id: str = ""
    occurred_at: datetime | None = None
    notes: tuple[str, ...] = ()

    @property
    def repeat_key(self) -> str:
        """Return what is the same for each try to send the event; ids are one device's own."""
        return f"{self.tracker_id}:{self.sent_id}"

    def values(self, primary_key: EventField | None) -> Mapping[str, Any]:
        """Return the payload; the sender's `primaryKey` stands in for an e-mail that it lacks."""
        if self.stands_in(primary_key):
            assert primary_key is not None
            return {**self.payload, primary_key.id: self.email}
        return self.payload

    def stands_in(self, primary_key: EventField | None) -> bool:
        return (
            primary_key is not None
            and bool(self.email)
            and self.payload.get(primary_key.id) is None
        )


def app_event(definition: EventDefinition, document: Any) -> AppEvent:
    """Read the envelope, stored or sent. Raises `RefusedBody` where no event can be seen."""
    outer = document if isinstance(document, Mapping) else {}
    event, place = _event_in(definition, outer)
    if not isinstance(event, Mapping):
        raise RefusedBody("BAD_BODY", _NO_EVENT)
    if event.get("type") != CUSTOM:
        raise RefusedBody("BAD_BODY", _NO_CUSTOM)
    payload = event.get("payload")
    if payload is None:
        payload = {}
    if not isinstance(payload, Mapping):
        raise RefusedBody("BAD_BODY", _NO_PAYLOAD)
    sent_id = event.get("id")
    if sent_id is not None and not _is(_SENT_ID, sent_id):
        raise RefusedBody("BAD_BODY", _NO_SENT_ID)
    notes: list[str] = []
    entity = outer.get("entityInfo")
    return AppEvent(
        payload=payload,
        place=f"{place}/payload",
        email=_email(entity, notes),
        tracker_id=_tracker_id(entity, notes),
        page=_page(outer.get("pageInfo")),
        sent_id=sent_id or "",
        occurred_at=_instant(event.get("occurredAt"), notes),
        notes=tuple(notes),
    )


def stored_event(
    document: Mapping[str, Any], event: Mapping[str, Any], own_id: str
) -> dict[str, Any]:
    """Return one event of a request as it is stored; `own_id` is its id when it came without."""
    entity = document.get("entityInfo")
    known = entity if isinstance(entity, Mapping) else {}
    kept = {key: known[key] for key in ("trackerId", "primaryKey") if _is_short(known.get(key))}
    names = ("type", "eventId", "id", "occurredAt", "payload")
    one = {key: event[key] for key in names if event.get(key) is not None}
    one.setdefault("id", own_id)
    return {"entityInfo": kept, "pageInfo": _page(document.get("pageInfo")), "event": one}


def _event_in(definition: EventDefinition, document: Mapping[str, Any]) -> tuple[Any, str]:
    events = document.get("events")
    if "event" in document or not isinstance(events, list):
        return document.get("event"), "/event"
    for number, each in enumerate(events):
        if isinstance(each, Mapping) and each.get("eventId") == definition.event_id:
            return each, f"/events/{number}"
    return next(iter(events), None), "/events/0"


def _email(entity: Any, notes: list[str]) -> str:
    given = entity.get("primaryKey") if isinstance(entity, Mapping) else None
    if given is None or given == "":
        return ""
    found = email_normalised(given) if isinstance(given, str) else None
    if found is None:
        notes.append(_NO_EMAIL)
    return found or ""


def _tracker_id(entity: Any, notes: list[str]) -> str:
    given = entity.get("trackerId") if isinstance(entity, Mapping) else None
    if given is None or given == "":
        return ""
    if not _is(_TRACKER_ID, given):
        notes.append(_NO_TRACKER)
        return ""
    return str(given)


def _page(given: Any) -> dict[str, str]:
    if not isinstance(given, Mapping):
        return {}
    page = {}
    for name, longest in _LONGEST_OF_PAGE.items():
        text = given.get(name)
        if isinstance(text, str) and text.strip():
            cut = text.strip()[:longest]
            page[name] = cut if name == "title" else redact_page_url(cut)
    return page


def _instant(given: Any, notes: list[str]) -> datetime | None:
    if given is None:
        return None
    try:
        instant = datetime.fromisoformat(strict(_INSTANT, given))
    except FieldError as error:
        notes.append(f"occurredAt was left out: {error.reason}")
        return None
    if instant.tzinfo is None:
        notes.append("occurredAt was left out: A day alone is no instant.")
        return None
    return instant


def _is(pattern: re.Pattern[str], given: Any) -> bool:
    return isinstance(given, str) and pattern.fullmatch(given) is not None


def _is_short(given: Any) -> bool:
    return isinstance(given, str) and len(given) <= _LONGEST_EMAIL
