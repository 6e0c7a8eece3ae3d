"""The latest of what sets a workflow off: samples for the editor, events for a dry run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

from automation.workflows.event_documents import (
    change_document,
    inbound_document,
    submission_document,
)
from automation.workflows.site_things import SiteThings
from automation.workflows.triggers import (
    CONTACT_CHANGE,
    INBOUND_EVENT,
    RECEPTION_EVENT,
    SCHEDULE,
    SUBMISSION,
    Trigger,
)
from contacts.models import ContactRevision
from integrations.inbound_event import Disposition, InboundEvent
from onsite.models import Submission
from webhooks.inbound.models import EventOutcome, ReceivedEvent
from webhooks.inbound.processing.leases import ClaimedEvent
from webhooks.inbound.processing.parsing import parse_events
from webhooks.inbound.processing.source_contexts import SourceContexts

_LOOKED_AT = 5


class ReceivedRow(NamedTuple):
    """A row of a received event that would set the workflow off, and whom it was about."""

    position: int
    event: dict[str, Any]
    contact_id: UUID | None


def latest_event(trigger: Trigger, things: SiteThings) -> dict[str, Any]:
    """Return the `event` of the latest time that it happened, {} when it never did."""
    kind = trigger["type"]
    if kind in (RECEPTION_EVENT, INBOUND_EVENT):
        return next((rows[0].event for rows in _latest_rows(trigger, things)), {})
    if kind == CONTACT_CHANGE:
        return _latest_change(things)
    if kind == SUBMISSION:
        latest = Submission.objects.filter(site=things.site).exclude(state="running")
        submission = latest.order_by("-pk").first()
        return submission_document(submission) if submission else {}
    return {} if kind == SCHEDULE else {"segmentId": trigger.get("segment") or ""}


def latest_values(trigger: Trigger, things: SiteThings) -> dict[str, Any]:
    """Return the `event` of the latest time; what a reception event lacked is of one before."""
    if trigger["type"] != RECEPTION_EVENT:
        return latest_event(trigger, things)
    found: dict[str, Any] = {}
    for rows in _latest_rows(trigger, things):
        for name, value in rows[0].event.items():
            if found.get(name) is None:
                found[name] = value
    return found


def rows_of(received: ReceivedEvent, trigger: Trigger) -> list[ReceivedRow]:
    """Return the rows of a received event that are of the trigger's kind."""
    rows = _parsed(received)
    outcomes = EventOutcome.objects.filter(received_event=received)
    people = dict(outcomes.values_list("position", "contact_id"))
    return [
        ReceivedRow(position, inbound_document(row.data), people.get(position))
        for position, row in enumerate(rows)
        if row.disposition is Disposition.ACCEPTED
        and trigger["type"] in (RECEPTION_EVENT, INBOUND_EVENT)
        and (trigger["type"] == RECEPTION_EVENT or row.type == trigger["event_type"])
    ]


def source_of(trigger: Trigger, things: SiteThings) -> int | None:
    """Return the key of the source whose received events set the workflow off, if any do."""
    if trigger["type"] == RECEPTION_EVENT:
        event = things.reception_events.get(trigger["event"])
        return event.source_id if event else None
    source = things.sources.get(trigger.get("source", ""))
    return source.pk if source else None


def _latest_rows(trigger: Trigger, things: SiteThings) -> Iterator[list[ReceivedRow]]:
    """Yield the rows of each of the latest received events that had any, newest first."""
    source_id = source_of(trigger, things)
    if source_id is None:
        return
    received = ReceivedEvent.objects.filter(source=source_id, body__isnull=False)
    for event in received.order_by("-pk")[:_LOOKED_AT]:
        if rows := rows_of(event, trigger):
            yield rows


def _parsed(received: ReceivedEvent) -> list[InboundEvent]:
    claimed = ClaimedEvent(
        id=received.pk,
        source_id=received.source_id,
        received_at=received.received_at,
        body=bytes(received.body) if received.body is not None else None,
        remote_address=received.remote_address,
        headers=received.headers,
        query=received.query,
    )
    parsed = parse_events([claimed], SourceContexts().load([received.source_id]))
    return [row for event in parsed for row in event.rows]


def _latest_change(things: SiteThings) -> dict[str, Any]:
    revisions = ContactRevision.objects.filter(site=things.site).order_by("-pk")
    revision = revisions.first()
    if revision is None:
        return {}
    changes = {
        name: pair
        for name, pair in revision.changes.items()
        if isinstance(pair, list) and len(pair) == 2
    }
    return change_document(changes=changes, is_new=False, source_label=revision.source_label)
