"""The states of deliveries above their log."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest

from common.admin.list_tabs import ListTab, list_tabs
from sites.site_filter import chosen_sites
from webhooks.outbound.models import TROUBLED, Delivery
from webhooks.outbound.recovering.conditions import STATES, in_state

_TABS: Final = ("succeeded", "failed", "pending", "held")


def state_tabs(request: HttpRequest) -> list[ListTab]:
    states = [(state, STATES[state], _counted(request, state)) for state in _TABS]
    return list_tabs(request, "state", states)


def _counted(request: HttpRequest, state: str) -> QuerySet[Any] | None:
    """Return the rows of the user's sites in this state where a small index holds them."""
    if state not in TROUBLED:
        return None
    ids = [site.pk for site in chosen_sites(request)]
    return Delivery.objects.filter(in_state(state), site_id__in=ids)
