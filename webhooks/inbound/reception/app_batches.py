"""The events of one request of a page or app: each is stored or refused by itself."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, Final

from common.identifiers import new_row_id
from common.json_text import json_text
from integrations.causes import RejectionCause
from integrations.presets.reception_event.app_event import AppEvent, stored_event
from integrations.presets.reception_event.definition import APP
from integrations.presets.reception_event.reading import read_app
from integrations.request import RefusedBody
from sites.publishable_keys.known_keys import KnownPublishableKey
from webhooks.inbound import journal
from webhooks.inbound.reception import answers, directory, rejections
from webhooks.inbound.reception.admission import check_source_rate
from webhooks.inbound.reception.answers import Answer
from webhooks.inbound.reception.directory import EventSnapshot
from webhooks.inbound.reception.event_storing import fields_refusal
from webhooks.inbound.reception.refusal import Refusal
from webhooks.inbound.reception.request_parts import RequestParts
from webhooks.inbound.short_ids import short_id

KEY: Final = "key"
MOST_EVENTS: Final = 100
MOST_EVENT_BYTES: Final = 512 * 1024

_UNKNOWN: Final = "This site has no such event for pages and apps, or it is switched off."
_BAD_FIELDS: Final = "Fields are missing or do not fit."
_NO_BATCH: Final = (
    'The body must be one JSON object such as {"entityInfo": {"trackerId": "…"}, "events": '
    '[{"type": "custom", "eventId": "…", "payload": {}}]}.'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One request's body: its events, and what it says about all of them."""

    document: Mapping[str, Any]
    events: Sequence[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fitting:
    """One event that can be stored, at its place in the request."""

    place: int
    event: EventSnapshot
    body: bytes
    repeat_key: str


def events_in(document: Any) -> Batch:
    """Return the events of a parsed body. Raises `Refusal`."""
    events = document.get("events") if isinstance(document, dict) else None
    if not isinstance(events, list) or not events:
        raise Refusal(cause=RejectionCause.BAD_BODY, status=HTTPStatus.BAD_REQUEST, told=_NO_BATCH)
    if len(events) > MOST_EVENTS:
        raise Refusal(
            cause=RejectionCause.BAD_BODY,
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            code="TOO_MANY_EVENTS",
            told=f"A request may have at most {MOST_EVENTS} events. Send the rest in another.",
        )
    return Batch(document=document, events=events)


def store_events(key: KnownPublishableKey, parts: RequestParts, batch: Batch) -> Answer:
    """Return the answer once every event that fits is committed.

    Raises `Refusal` when one of the events comes too often: then none is stored.
    """
    known = [_known_event(key, each) for each in batch.events]
    _check_rates(parts, known)
    results: list[dict[str, Any]] = [{}] * len(known)
    fitting: list[_Fitting] = []
    for place, (event, sent) in enumerate(zip(known, batch.events, strict=True)):
        try:
            fitting.append(_fitting(place, event, batch.document, sent))
        except Refusal as refusal:
            results[place] = {"error": _told(refusal)}
            if event is not None:
                rejections.record(event.source, parts, refusal)
    for each, row_id in zip(fitting, _stored(key, parts, fitting), strict=True):
        results[each.place] = {"id": short_id(row_id)}
    return answers.of_events(results, is_any_accepted=bool(fitting))


def _known_event(key: KnownPublishableKey, sent: Any) -> EventSnapshot | None:
    event_id = sent.get("eventId") if isinstance(sent, dict) else None
    event = directory.find_event_by_id(event_id) if isinstance(event_id, str) else None
    if event is None or event.source.site_id != key.site_id or event.definition.context != APP:
        return None
    return event


def _check_rates(parts: RequestParts, known: Sequence[EventSnapshot | None]) -> None:
    for event in {event.source.id: event for event in known if event is not None}.values():
        try:
            check_source_rate(event.source)
        except Refusal as refusal:
            rejections.record(event.source, parts, refusal)
            raise


def _fitting(
    place: int, event: EventSnapshot | None, document: Mapping[str, Any], sent: Any
) -> _Fitting:
    """Return the event as it will be stored. Raises `Refusal`."""
    if not isinstance(sent, dict):
        raise _refusal("BAD_EVENT", RejectionCause.BAD_BODY, "An event must be an object.")
    if event is None:
        raise _refusal("UNKNOWN_EVENT", RejectionCause.BAD_BODY, _UNKNOWN)
    # Without an id of the page's own, two equal events are two.
    stored = stored_event(document, sent, own_id=str(uuid.uuid4()))
    body = json_text(stored).encode()
    if not event.source.is_active:
        raise _refusal("UNKNOWN_EVENT", RejectionCause.SOURCE_DISABLED, _UNKNOWN, body)
    if len(body) > MOST_EVENT_BYTES and _bytes_of(stored["event"]) > MOST_EVENT_BYTES:
        detail = f"An event may have up to {MOST_EVENT_BYTES} bytes."
        raise _refusal("TOO_LARGE", RejectionCause.TOO_LARGE, detail, body)
    app = _read(event, stored, body)
    return _Fitting(place=place, event=event, body=body, repeat_key=app.repeat_key)


def _read(event: EventSnapshot, stored: Mapping[str, Any], body: bytes) -> AppEvent:
    try:
        read = read_app(event.definition, stored)
    except RefusedBody as refused:
        cause = RejectionCause(refused.cause)
        code = "BAD_EVENT" if cause is RejectionCause.BAD_BODY else cause.value
        raise _refusal(code, cause, refused.detail, body) from None
    if read.problems:
        raise fields_refusal(read, body)
    assert read.app is not None
    return read.app


def _bytes_of(event: Any) -> int:
    return len(json_text(event).encode())


def _refusal(code: str, cause: RejectionCause, told: str, body: bytes = b"") -> Refusal:
    return Refusal(
        cause=cause,
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        detail=told,
        told=told,
        code=code,
        body=body,
    )


def _told(refusal: Refusal) -> dict[str, Any]:
    code, told = refusal.code or str(refusal.cause), refusal.told
    if not refusal.problems:
        return {"code": code, "detail": told}
    problems = [asdict(each) for each in refusal.problems]
    return {"code": code, "detail": _BAD_FIELDS, "validationErrors": problems}


def _stored(
    key: KnownPublishableKey, parts: RequestParts, fitting: Sequence[_Fitting]
) -> list[uuid.UUID]:
    """Return the row of each event once all are committed; a repeat's is that of the first."""
    entries = []
    for each in fitting:
        row_id = new_row_id()
        kept = parts.kept(each.event.source.verifier)
        # No secret: it says which page or app sent the event.
        kept["query"] = {KEY: key.key}
        entries.append(
            journal.JournalEntry(
                id=row_id,
                site_id=each.event.source.site_id,
                source_id=each.event.source.id,
                dedupe_key=each.repeat_key,
                event_type=each.event.definition.alias,
                event_id=short_id(row_id),
                body=each.body,
                **kept,
            )
        )
    return [appended.id for appended in journal.append_all(entries)]
