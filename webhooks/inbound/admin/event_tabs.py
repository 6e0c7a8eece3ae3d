"""The row of states above the list, with numbers only where they cost nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin.keyset import NEWER_VAR, OLDER_VAR, is_narrowed
from sites.roles import is_superuser
from sites.site_filter import chosen_sites
from webhooks.inbound.admin.event_filters import with_status
from webhooks.inbound.models import ReceivedEvent, Status
from webhooks.inbound.models.received_event import TROUBLED

MOST_COUNTED: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTab:
    label: str
    url: str
    is_current: bool
    count: str = ""


def status_tabs(request: HttpRequest) -> list[ListTab]:
    """Return one tab per state; each keeps the other filters and starts at the newest row."""
    current = request.GET.get("status", "")
    return [
        ListTab(label="All", url=_url(request, ""), is_current=not current),
        *(
            ListTab(
                label=str(status.label),
                url=_url(request, status.value),
                is_current=current == status,
                count=_count_text(request, status),
            )
            for status in Status
        ),
    ]


def _url(request: HttpRequest, status: str) -> str:
    params = request.GET.copy()
    for name in ("status", OLDER_VAR, NEWER_VAR):
        params.pop(name, None)
    if status:
        params["status"] = status
    return f"?{params.urlencode()}"


def _count_text(request: HttpRequest, status: Status) -> str:
    # The tab keeps a search and other filters: the number of a whole state would be wrong for it.
    is_whole = not is_narrowed(request, beyond=("status", "site"))
    rows = _counted_rows(request, status) if is_whole else None
    if rows is None:
        return ""
    count = rows.order_by()[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED:,}+" if count > MOST_COUNTED else f"{count:,}" if count else ""


def _counted_rows(request: HttpRequest, status: Status) -> QuerySet[Any] | None:
    """Return the rows of the user's sites in this state where a small index holds them."""
    rows = with_status(ReceivedEvent.objects.all(), status)
    ids = [site.pk for site in chosen_sites(request)]
    if status in TROUBLED:
        return rows.filter(site_id__in=ids)
    sees_all = is_superuser(request.user) and not request.GET.get("site")
    # What waits is indexed over all sites alone: counting one site's share could walk them all.
    return rows if status == Status.RECEIVED and sees_all else None
