"""The states of received events above their list."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin.list_tabs import ListTab, list_tabs
from sites.roles import is_superuser
from sites.site_filter import chosen_sites
from webhooks.inbound.admin.event_filters import with_status
from webhooks.inbound.models import ReceivedEvent, Status
from webhooks.inbound.models.received_event import TROUBLED


def status_tabs(request: HttpRequest) -> list[ListTab]:
    states = [(status.value, str(status.label), _counted(request, status)) for status in Status]
    return list_tabs(request, "status", states)


def _counted(request: HttpRequest, status: Status) -> QuerySet[Any] | None:
    """Return the rows of the user's sites in this state where a small index holds them."""
    rows = with_status(ReceivedEvent.objects.all(), status)
    ids = [site.pk for site in chosen_sites(request)]
    if status in TROUBLED:
        return rows.filter(site_id__in=ids)
    sees_all = is_superuser(request.user) and not request.GET.get("site")
    # What waits is indexed over all sites alone: counting one site's share could walk them all.
    return rows if status == Status.RECEIVED and sees_all else None
