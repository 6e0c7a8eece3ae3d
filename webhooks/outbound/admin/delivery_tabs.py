"""The row of states above the log, with numbers only where a small index holds them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest

from common.admin.keyset import NEWER_VAR, OLDER_VAR, is_narrowed
from sites.site_filter import chosen_sites
from webhooks.outbound.models import TROUBLED, Delivery
from webhooks.outbound.recovering.conditions import STATES, in_state

_MOST_COUNTED: Final = 1_000
_TABS: Final = ("succeeded", "failed", "pending", "held")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTab:
    label: str
    url: str
    is_current: bool
    count: str = ""


def state_tabs(request: HttpRequest) -> list[ListTab]:
    """Return one tab per state; each keeps the other filters and starts at the newest row."""
    current = request.GET.get("state", "")
    return [
        ListTab(label="All", url=_url(request, ""), is_current=not current),
        *(
            ListTab(
                label=STATES[state],
                url=_url(request, state),
                is_current=current == state,
                count=_count_text(request, state),
            )
            for state in _TABS
        ),
    ]


def _url(request: HttpRequest, state: str) -> str:
    params = request.GET.copy()
    for name in ("state", OLDER_VAR, NEWER_VAR):
        params.pop(name, None)
    if state:
        params["state"] = state
    return f"?{params.urlencode()}"


def _count_text(request: HttpRequest, state: str) -> str:
    # The tab keeps a search and other filters: the number of a whole state would be wrong for it.
    if state not in TROUBLED or is_narrowed(request, beyond=("state", "site")):
        return ""
    ids = [site.pk for site in chosen_sites(request)]
    rows = Delivery.objects.filter(in_state(state), site_id__in=ids).order_by()
    count = rows[: _MOST_COUNTED + 1].count()
    return f"{_MOST_COUNTED:,}+" if count > _MOST_COUNTED else f"{count:,}" if count else ""
