"""Removing what is old, a batch at a time. Each app says what of its own is kept how long."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Model, Q, QuerySet

from common.identifiers import row_id_floor

BATCH: Final = 500
# Less than the minute that the qcluster gives a task; the next run goes on.
RUN_SECONDS: Final = 40.0
# SQLite has one write lock: reception gets it between two batches.
PAUSE_SECONDS: Final = 0.01
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained:
    """One kind of row: the setting with its days, and what removes rows older than a moment.

    `remove` works batch by batch and yields how many rows each one had.
    """

    name: str
    setting: str
    remove: Callable[[datetime], Iterator[int]]


def remove_expired(
    kinds: Sequence[Retained], now: datetime, *, run_seconds: float = RUN_SECONDS
) -> dict[str, int]:
    """Remove what is older than its setting allows until the time is up; return counts by name."""
    deadline = time.monotonic() + run_seconds
    counts = dict.fromkeys((kind.name for kind in kinds), 0)
    waiting = [
        (kind.name, kind.remove(now - days * _DAY))
        for kind in kinds
        if (days := getattr(settings, kind.setting)) > 0
    ]
    # In turns: a kind that comes in faster than it goes would keep the others for ever.
    while waiting:
        for entry in tuple(waiting):
            name, batches = entry
            removed = next(batches, None)
            if removed is None:
                waiting.remove(entry)
                continue
            counts[name] += removed
            if time.monotonic() > deadline:
                return counts
            time.sleep(PAUSE_SECONDS)
    return counts


def remove_older(rows: QuerySet[Any], before: datetime) -> Iterator[int]:
    """Delete those of `rows`, whose keys are UUIDv7, that are older than a moment.

    The age is a range of keys, and each step begins where the last one ended: it reads only what
    it removes, also where `rows` leaves some standing.
    """
    model: type[Model] = rows.model
    cursor, end = UUID(int=0), row_id_floor(before)
    while True:
        expired = rows.filter(pk__gt=cursor, pk__lt=end).order_by("pk")
        ids = list(expired.values_list("pk", flat=True)[:BATCH])
        if not ids:
            return
        model._default_manager.filter(pk__in=ids).only("pk").delete()
        cursor = ids[-1]
        yield len(ids)


def empty_older(
    rows: QuerySet[Any], before: datetime, *, moment: str, empty: Q, emptied: Mapping[str, Any]
) -> Iterator[int]:
    """Empty those of `rows`, whose keys are UUIDv7, that are older than a moment; they stay.

    `moment` is the column of their time, `empty` the condition that says which are, `emptied`
    what they have then.
    """
    cursor, end = first_day_of_full(rows, before, moment, empty), row_id_floor(before)
    while True:
        full = rows.filter(~empty, pk__gt=cursor, pk__lt=end).order_by("pk")
        ids = list(full.values_list("pk", flat=True)[:BATCH])
        if not ids:
            return
        rows.model._default_manager.filter(pk__in=ids).update(**emptied)
        cursor = ids[-1]
        yield len(ids)


def first_day_of_full(rows: QuerySet[Any], before: datetime, moment: str, empty: Q) -> UUID:
    """Return the key at which to begin: rows go oldest first, so all days before it are done.

    Without this, every run would read through all the rows that are empty.
    """
    everything = rows.model._default_manager
    oldest = everything.order_by("pk").values_list(moment, flat=True).first()
    day = before
    while oldest is not None and day > oldest:
        day -= _DAY
        of_day = rows.filter(pk__gte=row_id_floor(day), pk__lt=row_id_floor(day + _DAY))
        first = of_day.order_by("pk").values_list("pk", flat=True).first()
        if first and everything.filter(empty, pk=first).exists():
            return row_id_floor(day)
    return UUID(int=0)
