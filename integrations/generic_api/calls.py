"""Keeping the log of calls, and how many of them went well in each hour."""

from __future__ import annotations

from typing import Final

from django.db import connection, transaction

from common.bulk import insert_rows
from integrations.models import ApiCall, Direction, GenericApiHour, Outcome, Purpose

# Those after which a visitor cannot go on.
STOPPING: Final = frozenset((Outcome.BLOCKED, Outcome.ERROR))
_COLUMNS: Final = ("succeeded", "ignored", "failed")


def call_record(call: ApiCall) -> None:
    """Store a new row, and count it unless it is a trial or a call to us."""
    with transaction.atomic():
        call.save(force_insert=True)
        if call.direction == Direction.SENT and call.purpose != Purpose.TRIAL:
            _count(call)


def _count(call: ApiCall) -> None:
    """Add one in a single statement: two processes that count the same hour lose nothing."""
    column = (
        "failed"
        if call.outcome in STOPPING
        else "ignored"
        if call.outcome == Outcome.IGNORED
        else "succeeded"
    )
    counts = {name: int(name == column) for name in _COLUMNS}
    hour = call.at.replace(minute=0, second=0, microsecond=0)
    table = GenericApiHour._meta.db_table
    insert_rows(
        connection,
        GenericApiHour,
        [{"site_id": call.site_id, "hour": hour, **counts}],
        conflict=f"ON CONFLICT (site_id, hour) DO UPDATE SET "
        f"{column} = {table}.{column} + excluded.{column}",
    )
