"""How many entered and left a segment lately: counted no further than a list has room to say."""

# ruff: noqa: S608 - table names come from model declarations; values are parameters.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from automation.models import Segment, SegmentMove
from common.identifiers import row_id_floor
from common.newest_rows import newest_rows

RECENT: Final = timedelta(days=7)
MOST_COUNTED: Final = 2_000
_OF_SEGMENT: Final[Any] = SegmentMove._meta.get_field("segment")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentMoves:
    """The moves of the last days; with `is_more` they are the newest of more."""

    entered: int = 0
    left: int = 0
    is_more: bool = False


def recent_moves(segment_ids: Sequence[UUID]) -> dict[UUID, RecentMoves]:
    """Return the moves of each segment since `RECENT`, in one query along its index."""
    if not segment_ids:
        return {}
    floor = _key(row_id_floor(timezone.now() - RECENT))
    params: list[Any] = []
    for segment_id in segment_ids:
        params += [_key(segment_id), _key(segment_id), floor]
    parts = [_part(number) for number in range(len(segment_ids))]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        rows = cursor.fetchall()
    return {
        segment_ids[number]: RecentMoves(
            entered=entered, left=count - entered, is_more=count > MOST_COUNTED
        )
        for number, count, entered in rows
    }


def _part(number: int) -> str:
    columns, most = ("id", "has_entered"), MOST_COUNTED + 1
    newest = newest_rows(_OF_SEGMENT, columns, limit=most, key_falls=True)
    return (
        f"SELECT {number} AS number, count(*), count(CASE WHEN newest.has_entered THEN 1 END) "
        f"FROM ({newest}) AS newest WHERE newest.id >= %s"
    )


def moves_by_day(segment: Segment, *, days: int, now: datetime) -> list[tuple[datetime, int, int]]:
    """Return (start of the day, entered, left) for the last days by the clock now active.

    Beyond `MOST_COUNTED` moves only the days that were counted whole are returned.
    """
    today = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = [today - timedelta(days=back) for back in range(days)]
    moves = SegmentMove.objects.filter(segment=segment, pk__gte=row_id_floor(starts[-1]))
    newest = list(moves.order_by("-pk").values_list("at", "has_entered")[: MOST_COUNTED + 1])
    if len(newest) > MOST_COUNTED:
        starts = [start for start in starts if start > newest[-1][0]]
    counted = []
    for start in reversed(starts):
        of_day = [entered for at, entered in newest if start <= at < start + timedelta(days=1)]
        counted.append((start, sum(of_day), len(of_day) - sum(of_day)))
    return counted


def _key(value: UUID) -> str | UUID:
    # SQLite keeps a UUID as 32 digits.
    key: str | UUID = Segment._meta.pk.get_db_prep_value(value, connection, prepared=False)
    return key
