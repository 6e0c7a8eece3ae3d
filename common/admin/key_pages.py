"""Pages by key: from the last row shown to the next ones, without counting and without OFFSET.

A list is fed by one or more streams, each of which some index yields in order of the listed row's
key; a page merges their heads. That is how a list over several sites stays as quick as over one:
no index is ordered by key across sites, but each site's part of it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

# Rows of 1 KB each that both databases walk well within a page's time.
LONGEST_WALK: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStream:
    """Rows of one index, newest key first.

    `key` is the column of `rows` that holds the listed row's key. `walk` is given when no index
    fits all conditions: the index walked while the rest is checked row by row. One page then looks
    at no more than `LONGEST_WALK` of its rows and says how far it came.
    """

    rows: QuerySet[Any]
    key: str = "pk"
    walk: QuerySet[Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPage:
    """One page: its keys, newest first, and from where the neighbouring pages begin.

    `looked_back_to` is set when the walk ended before the page was full: older rows may match.
    """

    keys: list[Any]
    older_than: Any = None
    newer_than: Any = None
    looked_back_to: Any = None


def key_page(
    streams: list[KeyStream], *, size: int, older_than: Any = None, newer_than: Any = None
) -> KeyPage:
    """Return the page after `older_than` or before `newer_than`, or the first one."""
    if newer_than is not None:
        page = _newer_page(streams, size, newer_than)
        if page is not None:
            return page
        older_than = None
    heads = [_head(stream, size + 1, older_than, is_newer=False) for stream in streams]
    stops = [stop for _, stop in heads if stop is not None]
    stop = max(stops, default=None)
    keys = sorted({key for found, _ in heads for key in found}, reverse=True)
    if stop is not None:
        keys = [key for key in keys if key >= stop]
    newer = (keys[0] if keys else older_than) if older_than is not None else None
    if len(keys) > size:
        return KeyPage(keys=keys[:size], older_than=keys[size - 1], newer_than=newer)
    return KeyPage(keys=keys, older_than=stop, newer_than=newer, looked_back_to=stop)


def _newer_page(streams: list[KeyStream], size: int, newer_than: Any) -> KeyPage | None:
    """Return the page before a key, or None when that is the first page."""
    heads = [_head(stream, size + 1, newer_than, is_newer=True) for stream in streams]
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


def _head(
    stream: KeyStream, limit: int, edge: Any, *, is_newer: bool
) -> tuple[list[Any], Any | None]:
    """Return the stream's next keys and the key where a bounded walk stopped."""
    beyond, within, sign = ("gt", "lte", "") if is_newer else ("lt", "gte", "-")
    rows = stream.rows
    stop = None
    if edge is not None:
        rows = rows.filter(**{f"{stream.key}__{beyond}": edge})
    if stream.walk is not None:
        walked = stream.walk
        if edge is not None:
            walked = walked.filter(**{f"pk__{beyond}": edge})
        keys = walked.order_by(f"{sign}pk").values_list("pk", flat=True)
        stop = next(iter(keys[LONGEST_WALK : LONGEST_WALK + 1]), None)
        if stop is not None:
            rows = rows.filter(**{f"{stream.key}__{within}": stop})
    found = rows.order_by(f"{sign}{stream.key}").values_list(stream.key, flat=True)
    if stream.key != "pk":
        found = found.distinct()
    return list(found[:limit]), stop
