"""A contact's timeline as the page shows it."""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any, Final
from uuid import UUID

from contacts.admin.change_words import FieldChange, field_changes, value_words
from contacts.models import Contact

ENTRIES_PER_PAGE: Final = 50
_EDGE: Final = re.compile(r"(\d{1,11})\.(\d{6})~(\d{1,6})")
_EPOCH: Final = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    at: datetime
    title: str
    source_label: str
    actor_label: str = ""
    received_event_id: UUID | None = None
    changes: list[FieldChange] = field(default_factory=list)
    properties: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    """Where a page begins: an instant, and how many entries of that very instant are behind it.

    Rows of one batch share their instant, so that the time alone would lose some between pages.
    """

    at: datetime
    passed: int

    def __str__(self) -> str:
        # Whole microseconds: a float of seconds would round the last of them.
        microseconds = (self.at - _EPOCH) // timedelta(microseconds=1)
        seconds, rest = divmod(microseconds, 1_000_000)
        return f"{seconds}.{rest:06d}~{self.passed}"


def timeline_context(contact: Contact, before: str) -> dict[str, Any]:
    """Return one page of what happened, newest first, and from where the older page goes on."""
    edge = _edge(before)
    passed = edge.passed if edge else 0
    limit = passed + ENTRIES_PER_PAGE + 1
    streams = [
        _revisions(contact, edge, limit),
        _activities(contact, edge, limit),
        _merges(contact, edge, limit),
    ]
    merged = heapq.merge(*streams, key=lambda entry: entry.at, reverse=True)
    entries = list(islice(merged, limit))
    shown = entries[passed : passed + ENTRIES_PER_PAGE]
    older = _edge_after(entries[:-1]) if len(entries) == limit else ""
    return {"timeline": shown, "older": str(older)}


def _edge(text: str) -> _Edge | None:
    match = _EDGE.fullmatch(text)
    if match is None:
        return None
    at = _EPOCH + timedelta(seconds=int(match[1]), microseconds=int(match[2]))
    return _Edge(at=at, passed=int(match[3]))


def _edge_after(entries: list[TimelineEntry]) -> _Edge:
    at = entries[-1].at
    return _Edge(at=at, passed=sum(entry.at == at for entry in entries))


def _revisions(contact: Contact, edge: _Edge | None, limit: int) -> Iterator[TimelineEntry]:
    rows = contact.revisions.order_by("-at", "-pk")
    for row in (rows.filter(at__lte=edge.at) if edge else rows)[:limit]:
        yield TimelineEntry(
            at=row.at,
            title="Changed",
            source_label=row.source_label,
            actor_label=row.actor_label,
            received_event_id=row.received_event_id,
            changes=field_changes(row.changes),
        )


def _activities(contact: Contact, edge: _Edge | None, limit: int) -> Iterator[TimelineEntry]:
    rows = contact.activities.order_by("-occurred_at", "-pk")
    for row in (rows.filter(occurred_at__lte=edge.at) if edge else rows)[:limit]:
        yield TimelineEntry(
            at=row.occurred_at,
            title=row.type,
            source_label=row.source_label,
            received_event_id=row.received_event_id,
            properties=[
                (name, value_words(value)) for name, value in sorted(row.properties.items())
            ],
        )


def _merges(contact: Contact, edge: _Edge | None, limit: int) -> Iterator[TimelineEntry]:
    rows = contact.merges.order_by("-at")
    for row in (rows.filter(at__lte=edge.at) if edge else rows)[:limit]:
        yield TimelineEntry(
            at=row.at,
            title=f"Turned out to be one person with …{str(row.absorbed_id)[-8:]}",
            source_label=row.source_label,
            received_event_id=row.received_event_id,
            properties=[
                ("Joined by", row.joined_by),
                ("Taken over", value_words(", ".join(row.taken))),
            ],
        )
