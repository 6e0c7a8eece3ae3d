"""The newest rows of one owner, such as a site, along the index over owner and primary key.

Asked for rows with `owner = …` in order of key, PostgreSQL often walks the primary key, over the
rows of all others: for an owner of a fifth of the table that looks cheap, and it reads millions of
rows where that owner has been quiet for a year. A range of owners, and its order, leave it no
other way than their index.
"""

# ruff: noqa: S608 - names come from model declarations; values are parameters.

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from django.db.models import ForeignKey, QuerySet


def newest_of(
    rows: QuerySet[Any], owner: str, value: Any, *, key_falls: bool = False
) -> QuerySet[Any]:
    """Return the rows whose column `owner` has this value, newest first.

    In the index over that column and the primary key, the keys of an owner rise, or fall. Not for
    pages in the middle: a range of keys beside that of owners would be looked for from the newest.
    """
    held = rows.filter(**{f"{owner}__gte": value, f"{owner}__lte": value})
    return held.order_by(owner if key_falls else f"-{owner}", "-pk")


def newest_rows(
    owner: ForeignKey[Any, Any], columns: Sequence[str], *, limit: int, key_falls: bool = False
) -> str:
    """Return SQL for these columns of an owner's newest rows, to count those of many at once.

    Its two parameters are both the owner's key; `key_falls` is as for `newest_of`.
    """
    quote = connection.ops.quote_name
    options = owner.model._meta
    table, key, of = (
        quote(str(each)) for each in (options.db_table, options.pk.column, owner.column)
    )
    return (
        f"SELECT {', '.join(map(quote, columns))} FROM {table} WHERE {of} >= %s AND {of} <= %s "
        f"ORDER BY {of} {'ASC' if key_falls else 'DESC'}, {key} DESC LIMIT {limit}"
    )
