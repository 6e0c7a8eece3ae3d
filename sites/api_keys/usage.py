"""How many requests of each key were answered with which status, hour by hour.

A request costs a lock and a count in memory. A thread of the web process that is there anyway
writes what came together, so that a stopped process loses nothing and a killed one the counts
since the last flush: less than a second's worth.
"""

# ruff: noqa: S608 - table and column names come from model declarations; values are parameters.

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection
from django.utils import timezone

from common.bulk import rows_as_table, rows_parameter
from sites.models import ApiKey, ApiKeyHour

_COLUMNS: Final = ("key_id", "hour", "status", "count")


class _Cell(NamedTuple):
    key_id: int
    hour: datetime
    status: int


_lock = threading.Lock()
_counts: Counter[_Cell] = Counter()


def usage_count(key_id: int, status: int) -> None:
    """Count one answer to a request with the key of this primary key."""
    hour = timezone.now().replace(minute=0, second=0, microsecond=0)
    with _lock:
        _counts[_Cell(key_id, hour, status)] += 1


def flush() -> None:
    """Write what was counted since the last time, in one statement; a failure keeps the counts."""
    global _counts
    with _lock:
        taken, _counts = _counts, Counter()
    if not taken:
        return
    try:
        _write(taken)
    except Exception:
        with _lock:
            _counts.update(taken)
        raise


def forget() -> None:
    """Drop what is remembered, unwritten."""
    with _lock:
        _counts.clear()


def _write(counts: Counter[_Cell]) -> None:
    rows = [cell._asdict() | {"count": count} for cell, count in counts.items()]
    table, keys = ApiKeyHour._meta.db_table, ApiKey._meta.db_table
    names = ", ".join(f'"{name}"' for name in _COLUMNS)
    values = ", ".join(f'v."{name}"' for name in _COLUMNS)
    with connection.cursor() as cursor:
        # The join leaves out keys that went with their site since. In one order everywhere, so that
        # two processes never wait for each other in a circle.
        cursor.execute(
            f"INSERT INTO {table} ({names}) "
            f"SELECT {values} FROM {rows_as_table(connection, ApiKeyHour, _COLUMNS)} AS v "
            f'JOIN {keys} AS k ON k.id = v."key_id" WHERE true '
            'ORDER BY v."key_id", v."hour", v."status" '
            'ON CONFLICT ("key_id", "hour", "status") '
            f'DO UPDATE SET "count" = {table}."count" + excluded."count"',
            [rows_parameter(rows)],
        )
