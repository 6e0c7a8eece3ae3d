"""Pages by key: from the last row shown to the next ones, without counting and without OFFSET.

A list is fed by one or more streams, each of which some index yields in order of the listed row's
key; a page merges their heads. That is how a list over several sites stays as quick as over one:
no index is ordered by key across sites, but each site's part of it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from django.db.models import QuerySet
from django.db.models.sql.datastructures import BaseTable

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models.sql.compiler import SQLCompiler

# Rows of 1 KB each that both databases walk well within a page's time.
LONGEST_WALK: Final = 5_000
# Of all streams of a page together; each walks `SHORT_WALK` rows nevertheless.
MOST_WALKED: Final = 30_000
# Tried first: where most rows match, a page is full after these.
SHORT_WALK: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStream:
    """Rows of one index, newest key first.

    `key` is the column of `rows` that holds the listed row's key. `walk` is given when no index
    fits all conditions: rows of one index, on whose `walked` columns the conditions of `rows` are
    then checked one by one. A page looks at no more than `LONGEST_WALK` of them, at fewer where
    there are many streams, and says how far it came.
    """

    rows: QuerySet[Any]
    key: str = "pk"
    walk: QuerySet[Any] | None = None
    walked: tuple[str, ...] = ()


class _WalkedTable(BaseTable):
    """The rows of a bounded walk, standing in a query where the whole table would.

    A planner cannot look behind the LIMIT inside: it walks what it is told to and no more, where a
    condition on the key would let it choose another index and read a million rows.
    """

    def __init__(self, walk: QuerySet[Any]) -> None:
        table = walk.model._meta.db_table
        super().__init__(table, table)
        self.walk = walk

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        sql, params = self.walk.query.sql_with_params()
        return f"({sql}) {compiler.quote_name_unless_alias(self.table_name)}", params


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPage:
    """One page: its keys, newest first, and from where the neighbouring pages begin.

    `looked_back_to` is set when the walk ended before the page was full: older rows may match.
    `walked` is how many rows of each stream were looked through then.
    """

    keys: list[Any]
    older_than: Any = None
    newer_than: Any = None
    looked_back_to: Any = None
    walked: int = 0


def key_page(
    streams: list[KeyStream], *, size: int, older_than: Any = None, newer_than: Any = None
) -> KeyPage:
    """Return the page after `older_than` or before `newer_than`, or the first one."""
    if newer_than is not None:
        page = _newer_page(streams, size, newer_than)
        if page is not None:
            return page
        older_than = None
    longest = _longest_walk(streams)
    heads = [_head(stream, size + 1, older_than, longest, is_newer=False) for stream in streams]
    stops = [stop for _, stop in heads if stop is not None]
    stop = max(stops, default=None)
    keys = sorted({key for found, _ in heads for key in found}, reverse=True)
    if stop is not None:
        keys = [key for key in keys if key >= stop]
    newer = (keys[0] if keys else older_than) if older_than is not None else None
    if len(keys) > size:
        return KeyPage(keys=keys[:size], older_than=keys[size - 1], newer_than=newer)
    return KeyPage(
        keys=keys, older_than=stop, newer_than=newer, looked_back_to=stop, walked=longest
    )


def _newer_page(streams: list[KeyStream], size: int, newer_than: Any) -> KeyPage | None:
    """Return the page before a key, or None when that is the first page."""
    longest = _longest_walk(streams)
    heads = [_head(stream, size + 1, newer_than, longest, is_newer=True) for stream in streams]
    stops = [stop for _, stop in heads if stop is not None]
    stop = min(stops, default=None)
    keys = sorted({key for found, _ in heads for key in found})
    if stop is not None:
        keys = [key for key in keys if key <= stop]
    if len(keys) <= size and stop is None:
        return None
    shown = keys[:size][::-1]
    return KeyPage(
        keys=shown,
        older_than=shown[-1] if shown else newer_than,
        newer_than=keys[size - 1] if len(keys) > size else stop,
    )


def _longest_walk(streams: list[KeyStream]) -> int:
    walked = sum(stream.walk is not None for stream in streams)
    return min(LONGEST_WALK, max(SHORT_WALK, MOST_WALKED // max(walked, 1)))


def _head(
    stream: KeyStream, limit: int, edge: Any, longest: int, *, is_newer: bool
) -> tuple[list[Any], Any | None]:
    """Return the stream's next keys, and where a walk ended that did not find enough."""
    beyond, sign = ("gt", "") if is_newer else ("lt", "-")
    past_edge = {} if edge is None else {f"{stream.key}__{beyond}": edge}
    rows = stream.rows.filter(**past_edge).order_by(f"{sign}{stream.key}")
    if stream.walk is None:
        found = rows.values_list(stream.key, flat=True)
        # Several rows of an event may name the same person.
        return list((found if stream.key == "pk" else found.distinct())[:limit]), None
    walk = stream.walk.filter(**past_edge).order_by(f"{sign}pk").only(*stream.walked)
    for length in sorted({min(SHORT_WALK, longest), longest}):
        keys = list(_among(rows, walk[:length]).values_list("pk", flat=True)[:limit])
        if len(keys) == limit:
            return keys, None
    ends_at = walk.values_list("pk", flat=True)[longest - 1 : longest]
    return keys, next(iter(ends_at), None)


def _among(rows: QuerySet[Any], walk: QuerySet[Any]) -> QuerySet[Any]:
    rows = rows.all()
    rows.query.get_initial_alias()
    part = _WalkedTable(walk)
    rows.query.alias_map[part.table_name] = part
    return rows
