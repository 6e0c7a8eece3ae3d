"""The first page: is it running, what came in and went out today, and what needs a look."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from common.admin.relative_time import duration_text
from config.console.processes import running_kinds
from config.console.sent_overview import sent_overview
from sites.models import Role, Site
from sites.roles import is_superuser, sites_for
from webhooks.inbound.admin.source_charts import SERIES, activity_chart, state_chip
from webhooks.inbound.backlog import oldest_waiting_age
from webhooks.inbound.models import Source
from webhooks.inbound.sources.activity import (
    DayOfActivity,
    SourceState,
    activity_by_source,
    activity_of_sites,
    state_of,
)

_MOST_LISTED: Final = 12
_NEEDS_A_LOOK: Final = (SourceState.FAILING, SourceState.SILENT, SourceState.WAITING)


@dataclass(frozen=True, slots=True)
class ListedSource:
    source: Source
    url: str
    chip: str
    chart: str
    advice: str


_ADVICE: Final = {
    SourceState.FAILING: "Open its rejected requests or failed events: each names its fix.",
    SourceState.SILENT: "Nothing came for a day. Check that the sender is still switched on.",
    SourceState.WAITING: "Nothing has come yet. Put its URL into the sender, then send a test.",
}


def overview_context(request: HttpRequest) -> dict[str, Any]:
    """Return what the overview shows to this user: their sites only, and the machine's health."""
    sites = sites_for(request.user)
    day = activity_of_sites(sites)
    waiting = oldest_waiting_age()
    sources = _sources_to_look_at(sites)
    return {
        "first_step": _first_step(request, sites),
        "day": day,
        "day_chart": activity_chart(day, name="All sources"),
        "series": SERIES,
        "sent": sent_overview(sites),
        "kinds": running_kinds(),
        "is_waiting": waiting is not None,
        "oldest_waiting_text": "—" if waiting is None else duration_text(waiting),
        "sources_to_look_at": sources[:_MOST_LISTED],
        "more_to_look_at": max(len(sources) - _MOST_LISTED, 0),
    }


def _sources_to_look_at(sites: QuerySet[Site]) -> list[ListedSource]:
    sources = list(Source.objects.filter(site__in=sites, is_active=True).select_related("site"))
    days = activity_by_source(source.pk for source in sources)
    return list(_listed(sources, days))


def _listed(sources: Iterable[Source], days: dict[int, DayOfActivity]) -> Iterable[ListedSource]:
    found = [(source, days[source.pk], state_of(source, days[source.pk])) for source in sources]
    troubled = [entry for entry in found if entry[2] in _NEEDS_A_LOOK]
    for source, day, state in sorted(troubled, key=lambda entry: _NEEDS_A_LOOK.index(entry[2])):
        yield ListedSource(
            source=source,
            url=reverse("admin:webhooks_source_change", args=[source.pk]),
            chip=state_chip(state),
            chart=activity_chart(day, name=source.name, small=True),
            advice=_ADVICE[state],
        )


@dataclass(frozen=True, slots=True)
class FirstStep:
    title: str
    text: str
    url: str = ""
    label: str = ""


def _first_step(request: HttpRequest, sites: QuerySet[Site]) -> FirstStep | None:
    """Return what an empty installation needs next, or None when webhooks can come in."""
    if not sites.exists():
        if not is_superuser(request.user):
            return FirstStep("No site yet", "Ask whoever runs this installation to add one.")
        return FirstStep(
            "Add your first site",
            "A site is a brand or a store. Its sources, its events and its contacts belong to it.",
            reverse("admin:sites_site_add"),
            "Add a site",
        )
    if Source.objects.filter(site__in=sites).exists():
        return None
    if not sites_for(request.user, Role.OPERATOR).exists():
        return FirstStep("No source yet", "Ask an operator of the site to connect a sender.")
    return FirstStep(
        "Connect a sender",
        "Add a source: choose the system that will send webhooks, and copy the URL into it.",
        reverse("admin:webhooks_source_add"),
        "Add a source",
    )
