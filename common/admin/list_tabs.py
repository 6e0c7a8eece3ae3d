"""The row of states above a list, with numbers only where they cost nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin.keyset import NEWER_VAR, OLDER_VAR, is_narrowed

_MOST_COUNTED: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTab:
    label: str
    url: str
    is_current: bool
    count: str = ""


def list_tabs(
    request: HttpRequest, parameter: str, states: Iterable[tuple[str, str, QuerySet[Any] | None]]
) -> list[ListTab]:
    """Return a tab for all, and one for each state: value, label, and its rows where counted.

    Each keeps the other filters and starts at the newest row.
    """
    current = request.GET.get(parameter, "")
    # A tab keeps a search and other filters: the number of a whole state would be wrong for it.
    is_whole = not is_narrowed(request, beyond=(parameter, "site"))
    return [
        ListTab(label="All", url=_url(request, parameter, ""), is_current=not current),
        *(
            ListTab(
                label=label,
                url=_url(request, parameter, value),
                is_current=current == value,
                count=_count_text(rows) if rows is not None and is_whole else "",
            )
            for value, label, rows in states
        ),
    ]


def _url(request: HttpRequest, parameter: str, value: str) -> str:
    params = request.GET.copy()
    for name in (parameter, OLDER_VAR, NEWER_VAR):
        params.pop(name, None)
    if value:
        params[parameter] = value
    return f"?{params.urlencode()}"


def _count_text(rows: QuerySet[Any]) -> str:
    count = rows.order_by()[: _MOST_COUNTED + 1].count()
    return f"{_MOST_COUNTED:,}+" if count > _MOST_COUNTED else f"{count:,}" if count else ""
