"""What the page of one received event shows, role by role."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString

from contacts.admin.change_words import FieldChange, contact_label, field_changes
from contacts.models import Contact, ContactRevision
from webhooks.inbound.admin.consequences import consequences_of
from webhooks.inbound.admin.event_words import advice_words, outcome_chip, row_count, summary_words
from webhooks.inbound.models import EventOutcome, Outcome, ReceivedEvent

ROWS_PER_PAGE: Final = 50

_HAPPENINGS: Final[Mapping[str, str]] = {
    "replayed": "Replay asked for",
    "finished": "Finished",
    "failed": "Failed",
    "postponed": "Will be tried again",
    "lease_expired": "The worker that held it died or hung",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RevisionView:
    at: datetime
    changes: list[FieldChange]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowView:
    """One row of the event: what it was, what became of it, and what it changed."""

    outcome: EventOutcome
    chip: SafeString
    contact: Contact | None
    label: str
    revisions: list[RevisionView]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    at: datetime | None
    what: str
    detail: str
    by: str


def event_context(event: ReceivedEvent, *, from_row: int, only_set_aside: bool) -> dict[str, Any]:
    """Return all of the page but the body, which depends on the role."""
    outcomes = EventOutcome.objects.filter(received_event=event).select_related("contact")
    if only_set_aside:
        outcomes = outcomes.filter(outcome=Outcome.QUARANTINED)
    shown = list(outcomes.filter(position__gte=from_row).order_by("position")[: ROWS_PER_PAGE + 1])
    rows = _row_views(event, shown[:ROWS_PER_PAGE])
    return {
        "event": event,
        "summary": " ".join([summary_words(event), *_change_sentences(event, rows)]),
        "advice": advice_words(event),
        "rows": rows,
        "row_count": row_count(event),
        "only_set_aside": only_set_aside,
        "from_row": from_row,
        "next_row": shown[ROWS_PER_PAGE].position if len(shown) > ROWS_PER_PAGE else None,
        "consequences": consequences_of(event),
        "history": [_history_entry(entry) for entry in reversed(event.history)],
        "newer_event": _neighbour(event, "pk__gt", "pk"),
        "older_event": _neighbour(event, "pk__lt", "-pk"),
    }


def _row_views(event: ReceivedEvent, outcomes: list[EventOutcome]) -> list[RowView]:
    revisions = _revisions(event, [outcome.position for outcome in outcomes])
    return [
        RowView(
            outcome=outcome,
            chip=outcome_chip(outcome.outcome),
            contact=outcome.contact,
            label=contact_label(outcome.contact) if outcome.contact else "",
            revisions=revisions[outcome.position],
        )
        for outcome in outcomes
    ]


def _revisions(event: ReceivedEvent, positions: Iterable[int]) -> dict[int, list[RevisionView]]:
    by_position: dict[int, list[RevisionView]] = defaultdict(list)
    found = ContactRevision.objects.filter(
        received_event_id=event.pk, site_id=event.site_id, position__in=list(positions)
    )
    for revision in found.order_by("at", "pk"):
        by_position[revision.position or 0].append(
            RevisionView(at=revision.at, changes=field_changes(revision.changes))
        )
    return by_position


def _change_sentences(event: ReceivedEvent, rows: list[RowView]) -> list[str]:
    """Return one sentence per contact for an event small enough to be told in full."""
    if row_count(event) > 3:
        return []
    latest: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows:
        for revision in row.revisions:
            for change in revision.changes:
                latest[row.label][change.label] = change.after
    return [_change_sentence(label, values) for label, values in latest.items() if label]


def _change_sentence(label: str, values: Mapping[str, str]) -> str:
    told = ", ".join(f"{name} = {value}" for name, value in list(values.items())[:3])
    more = f" and {len(values) - 3} more" if len(values) > 3 else ""
    return f"{label} now has {told}{more}."


def _history_entry(entry: Mapping[str, str]) -> HistoryEntry:
    return HistoryEntry(
        at=parse_datetime(entry.get("at", "")),
        what=_HAPPENINGS.get(entry.get("what", ""), entry.get("what", "")),
        detail=entry.get("detail", ""),
        by=entry.get("by", ""),
    )


def _neighbour(event: ReceivedEvent, lookup: str, order: str) -> ReceivedEvent | None:
    rows: QuerySet[ReceivedEvent] = ReceivedEvent.objects.filter(
        source_id=event.source_id, **{lookup: event.pk}
    )
    return rows.only("pk").order_by(order).first()
