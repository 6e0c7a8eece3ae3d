"""Counting for each row of a list, never to the end of a large table."""

# ruff: noqa: S608 - names come from model declarations; values are parameters.

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.db import connection
from django.db.models import ForeignKey

from common.capped_count import CappedCount
from common.newest_rows import newest_rows

# Of each row of a list, which counts for all of them.
COUNTED_IN_LIST: Final = 1_000


def newest_counts(
    owner: ForeignKey[Any, Any], keys: Sequence[Any], *, filled: str = ""
) -> dict[Any, tuple[CappedCount, int]]:
    """Return how many rows each owner has, and in how many of the newest ones `filled` is set.

    No more than `COUNTED_IN_LIST` each; all owners are counted in one query, along an index that
    begins with the foreign key, and goes on with the primary key where a column is asked for.
    """
    if not keys:
        return {}
    quote = connection.ops.quote_name
    rows, column = quote(owner.model._meta.db_table), quote(str(owner.column))
    most = COUNTED_IN_LIST + 1
    any_rows = f"SELECT {column} FROM {rows} WHERE {column} >= %s AND {column} <= %s LIMIT {most}"
    counted = newest_rows(owner, (filled,), limit=most) if filled else any_rows
    parts = [
        f"SELECT {number} AS number, count(*), count({quote(filled) if filled else column}) "
        f"FROM ({counted}) AS counted"
        for number in range(len(keys))
    ]
    prepared = [owner.get_db_prep_value(each, connection) for each in keys]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), [each for key in prepared for each in (key, key)])
        return {
            keys[number]: (CappedCount(count, COUNTED_IN_LIST), has)
            for number, count, has in cursor.fetchall()
        }
