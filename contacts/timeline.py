"""Everything that happened to one person, newest first, in pages."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from django.db.models import Q, QuerySet

from contacts.models import Activity, Contact, ContactMerge, ContactRevision

PAGE_SIZE: Final = 50

TimelineRow = ContactRevision | Activity | ContactMerge

# Kinds in the order in which rows of the same instant show, newest first: what the merge brought
# stands above the merge.
_REVISION: Final = 2
_ACTIVITY: Final = 1
_MERGE: Final = 0
_FIRST_OTHER: Final = 3


@dataclass(frozen=True, slots=True)
class OtherRows:
    """Rows of an app above that belong to a person's history; their keys are UUIDs.

    `time` is the column with the instant.
    """

    of_contact: Callable[[Contact], QuerySet[Any]]
    time: str


_others: Final[list[OtherRows]] = []


def add_timeline_rows(rows: OtherRows) -> None:
    """Let an app above tell of a person too; called once, when its pages are loaded."""
    if rows not in _others:
        _others.append(rows)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One row of the history, and its place: rows of one batch share their instant.

    `row` is a `TimelineRow`, or a row of an app above.
    """

    at: datetime
    kind: int
    row: Any

    @property
    def cursor(self) -> str:
        """Return text from which `contact_timeline` goes on behind this entry."""
        # Z and not +00:00: a plus in a query string is a space.
        at = self.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        return f"{at}~{self.kind}~{self.row.pk}"


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """`older` is the cursor of the next page, empty on the last one."""

    entries: list[TimelineEntry]
    older: str


def contact_timeline(*, contact: Contact, before: str = "", size: int = PAGE_SIZE) -> TimelinePage:
    """Return a page of revisions, activities, merges and what apps above tell.

    An unreadable cursor starts at the top.
    """
    edge = _edge(before)
    streams = [
        _entries(contact.revisions.all(), "at", _REVISION, edge, size + 1),
        _entries(contact.activities.all(), "occurred_at", _ACTIVITY, edge, size + 1),
        _entries(contact.merges.all(), "at", _MERGE, edge, size + 1),
        *(
            _entries(each.of_contact(contact), each.time, kind, edge, size + 1)
            for kind, each in enumerate(_others, start=_FIRST_OTHER)
        ),
    ]
    merged = heapq.merge(*streams, key=lambda entry: (entry.at, entry.kind), reverse=True)
    entries = list(islice(merged, size + 1))
    older = entries[size - 1].cursor if len(entries) > size else ""
    return TimelinePage(entries[:size], older)


def _entries(
    rows: QuerySet[Any],
    time: str,
    kind: int,
    edge: tuple[datetime, int, str] | None,
    limit: int,
) -> list[TimelineEntry]:
    if edge is not None:
        at, edge_kind, key = edge
        behind = Q(**{f"{time}__lt": at})
        if kind < edge_kind:
            behind |= Q(**{time: at})
        elif kind == edge_kind:
            behind |= Q(**{time: at, "pk__lt": key})
        rows = rows.filter(behind)
    return [
        TimelineEntry(getattr(row, time), kind, row)
        for row in rows.order_by(f"-{time}", "-pk")[:limit]
    ]


def _edge(cursor: str) -> tuple[datetime, int, str] | None:
    try:
        time, kind, key = cursor.split("~")
        at, number = datetime.fromisoformat(time), int(kind)
        # Merges have numbers, the others UUIDs; text of another kind is no cursor of ours.
        key = str(int(key)) if number == _MERGE else str(UUID(key))
    except ValueError:
        return None
    return (at, number, key) if at.tzinfo else None
