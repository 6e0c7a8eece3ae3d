"""A contact's timeline as the page shows it."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from contacts.admin.change_words import FieldChange, field_changes, value_words
from contacts.models import Contact

ENTRIES_PER_PAGE: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntry:
    at: datetime
    title: str
    source_label: str
    actor_label: str = ""
    received_event_id: UUID | None = None
    changes: list[FieldChange] = field(default_factory=list)
    properties: list[tuple[str, str]] = field(default_factory=list)


def timeline_context(contact: Contact, before: str) -> dict[str, Any]:
    """Return one page of what happened, newest first, and from where the older page goes on."""
    edge = _edge(before)
    limit = ENTRIES_PER_PAGE + 1
    streams = [
        _revisions(contact, edge, limit),
        _activities(contact, edge, limit),
        _merges(contact, edge, limit),
    ]
    merged = heapq.merge(*streams, key=lambda entry: entry.at, reverse=True)
    entries = list(islice(merged, limit))
    older = entries[ENTRIES_PER_PAGE - 1].at.isoformat() if len(entries) == limit else ""
    return {"timeline": entries[:ENTRIES_PER_PAGE], "older": older.replace("+00:00", "Z")}


def _edge(text: str) -> datetime | None:
    try:
        edge = parse_datetime(text)
    except ValueError:
        return None
    return edge if edge is not None and timezone.is_aware(edge) else None


def _revisions(contact: Contact, edge: datetime | None, limit: int) -> Iterator[TimelineEntry]:
    rows = contact.revisions.order_by("-at", "-pk")
    for row in (rows.filter(at__lt=edge) if edge else rows)[:limit]:
        yield TimelineEntry(
            at=row.at,
            title="Changed",
            source_label=row.source_label,
            actor_label=row.actor_label,
            received_event_id=row.received_event_id,
            changes=field_changes(row.changes),
        )


def _activities(contact: Contact, edge: datetime | None, limit: int) -> Iterator[TimelineEntry]:
    rows = contact.activities.order_by("-occurred_at", "-pk")
    for row in (rows.filter(occurred_at__lt=edge) if edge else rows)[:limit]:
        yield TimelineEntry(
            at=row.occurred_at,
            title=row.type,
            source_label=row.source_label,
            received_event_id=row.received_event_id,
            properties=[
                (name, value_words(value)) for name, value in sorted(row.properties.items())
            ],
        )


def _merges(contact: Contact, edge: datetime | None, limit: int) -> Iterator[TimelineEntry]:
    rows = contact.merges.order_by("-at")
    for row in (rows.filter(at__lt=edge) if edge else rows)[:limit]:
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
