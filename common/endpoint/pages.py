"""Lists by key: `{"links": {"next", "prev"}, "results"}`, newest first, without a count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final
from uuid import UUID

from django.http import QueryDict
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.admin.key_pages import KeyStream, key_page

USUAL_SIZE: Final = 50
LARGEST_SIZE: Final = 200
OLDER: Final = "after"
NEWER: Final = "before"
SIZE: Final = "limit"
NAMES: Final = (OLDER, NEWER, SIZE)
# Keys of rows with a number; more digits are no key.
_MOST_DIGITS: Final = 18

Cursor = Callable[[str], Any]


def number_cursor(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or len(text) > _MOST_DIGITS:
        raise ValueError
    return int(text)


def page_response(
    request: Request,
    streams: Sequence[KeyStream],
    bodies: Callable[[list[Any]], Sequence[Any]],
    *,
    cursor: Cursor = UUID,
) -> Response:
    """Return the page that the query asks for; `bodies` gets its keys and keeps their order.

    A page may be short, or empty, and still have a next one: so far, nothing matched.
    """
    query = request.query_params
    faults: dict[str, str] = {}
    older, newer = (_edge(query, name, cursor, faults) for name in (OLDER, NEWER))
    size = _size(query, faults)
    if faults:
        raise ValidationError(faults)
    page = key_page(list(streams), size=size, older_than=older, newer_than=newer)
    links = {
        "next": _link(request, OLDER, page.older_than),
        "prev": _link(request, NEWER, page.newer_than),
    }
    return Response({"links": links, "results": bodies(page.keys)})


def whole_list(results: Sequence[Any]) -> Response:
    """Return a list that is short enough for one page."""
    return Response({"links": {"next": None, "prev": None}, "results": results})


def filters_in(request: Request) -> QueryDict:
    """Return what the query says besides the page."""
    query = request.query_params.copy()
    for name in NAMES:
        query.pop(name, None)
    return query


def in_order(keys: Sequence[Any], rows: dict[Any, Any]) -> list[Any]:
    """Return the rows of these keys; one that went meanwhile is left out."""
    return [rows[key] for key in keys if key in rows]


def _edge(query: QueryDict, name: str, cursor: Cursor, faults: dict[str, str]) -> Any:
    text = query.get(name)
    if not text:
        return None
    try:
        return cursor(text)
    except ValueError:
        faults[name] = "Expected what a link of this list has there."
        return None


def _size(query: QueryDict, faults: dict[str, str]) -> int:
    text = query.get(SIZE) or str(USUAL_SIZE)
    if text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= LARGEST_SIZE:
        return int(text)
    faults[SIZE] = f"Expected a whole number from 1 to {LARGEST_SIZE}."
    return USUAL_SIZE


def _link(request: Request, name: str, key: Any) -> str | None:
    """Return the address of a neighbouring page, on whichever host the caller knows us by."""
    if key is None:
        return None
    query = request.query_params.copy()
    for other in (OLDER, NEWER):
        query.pop(other, None)
    query[name] = str(key)
    return f"{request.path}?{query.urlencode()}"
