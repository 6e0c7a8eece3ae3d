"""Takes an erased person out of requests that are stored as they came in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from common.json_text import json_text
from common.without_person import names_person, without_person
from contacts.models import Activity, ContactRevision
from contacts.subject_rights.personal_data import Links, Place, Sought, Step
from webhooks.inbound.models import EventOutcome, ReceivedEvent, RejectedRequest

_AT_ONCE: Final = 200
_ERASED: Final = "Erased with the person it was about."


def received_events_of(contact_id: UUID) -> Links:
    """Return the received events with a row about the contact, and how the rows named them."""
    outcomes = EventOutcome.objects.filter(contact_id=contact_id)
    named = list(outcomes.values_list("received_event_id", "identity"))
    told = [
        model._default_manager.filter(contact_id=contact_id)
        .exclude(received_event_id=None)
        .values_list("received_event_id", flat=True)
        for model in (ContactRevision, Activity)
    ]
    rows = {str(event_id) for event_id, _ in named} | {str(each) for ids in told for each in ids}
    return Links(rows, {identity for _, identity in named if identity})


def erase_received(sought: Sought, cursor: str) -> Step:
    """Empty what was received about the person, or their part of a body that is about many."""
    linked = set(sought.linked.get("received", ()))
    rows = ReceivedEvent.objects.filter(site_id=sought.site_id, body__isnull=False)
    if cursor:
        rows = rows.filter(pk__gt=UUID(cursor))
    events = list(rows.order_by("pk")[:_AT_ONCE])
    found = [
        event
        for event in events
        if str(event.pk) in linked or _is_named(sought.texts, event.body, event)
    ]
    for event in found:
        _empty(event, sought.texts)
    _scrub_outcomes([event.pk for event in found], sought.texts)
    return Step(len(found), str(events[-1].pk) if events else cursor, len(events) < _AT_ONCE)


def erase_rejected(sought: Sought, cursor: str) -> Step:
    """Empty refused requests that name the person."""
    rows = RejectedRequest.objects.filter(site_id=sought.site_id)
    if cursor:
        rows = rows.filter(pk__gt=UUID(cursor))
    requests = list(rows.order_by("pk")[:_AT_ONCE])
    found = [
        request for request in requests if _is_named(sought.texts, request.body_start, request)
    ]
    RejectedRequest.objects.filter(pk__in=[request.pk for request in found]).update(
        body_start=b"", is_whole=False, headers={}, query={}, detail=_ERASED
    )
    return Step(len(found), str(requests[-1].pk) if requests else cursor, len(requests) < _AT_ONCE)


def _is_named(
    texts: Collection[str], body: bytes | memoryview | None, row: ReceivedEvent | RejectedRequest
) -> bool:
    around = json_text([row.headers, row.query, getattr(row, "detail", ""), _reason(row)])
    return names_person(bytes(body or b""), texts) or names_person(around.encode(), texts)


def _reason(row: ReceivedEvent | RejectedRequest) -> Any:
    return [row.reason, row.history] if isinstance(row, ReceivedEvent) else ""


def _empty(event: ReceivedEvent, texts: Collection[str]) -> None:
    """Keep of the body what is about others; of a body about one person nothing is."""
    body = bytes(event.body or b"")
    is_about_many = event.outcomes.count() > 1
    kept = without_person(body, texts) if is_about_many and names_person(body, texts) else None
    event.body = kept
    columns = ["body"]
    for column in ("headers", "query", "history"):
        if names_person(json_text(getattr(event, column)).encode(), texts):
            setattr(event, column, [] if column == "history" else {})
            columns.append(column)
    if names_person(event.reason.encode(), texts):
        event.reason = _ERASED
        columns.append("reason")
    event.save(update_fields=columns)


def _scrub_outcomes(event_ids: Collection[UUID], texts: Collection[str]) -> None:
    for outcome in EventOutcome.objects.filter(received_event__in=event_ids):
        said = json_text([outcome.reason, outcome.notes, outcome.event_id])
        if outcome.identity.lower() in texts or names_person(said.encode(), texts):
            EventOutcome.objects.filter(pk=outcome.pk).update(
                identity="", reason=_ERASED if outcome.reason else "", notes=[], event_id=""
            )


PLACES: Final = (
    Place(key="received", label="Received events", links=received_events_of, erase=erase_received),
    Place(key="rejected", label="Rejected requests", erase=erase_rejected),
)
