"""The filters above the list of received events."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q, QuerySet
from django.http import HttpRequest

from common.admin.list_filters import ChoiceFilter
from common.newest_rows import newest_of
from common.sql_constant import SqlConstant, index_condition
from sites.site_filter import chosen_sites, visible_sites
from webhooks.inbound.models import ReceivedEvent, Source, Status
from webhooks.inbound.models.received_event import TROUBLED

_RECENT: Final = 300
_MOST_CAUSES: Final = 60


def visible_sources(request: HttpRequest) -> list[Source]:
    """Return the sources on the user's sites, without their secrets, read once per request."""
    cached: list[Source] | None = getattr(request, "_visible_sources", None)
    if cached is None:
        ids = [site.pk for site in visible_sites(request)]
        cached = list(Source.objects.filter(site__in=ids).defer("secrets").select_related("site"))
        request._visible_sources = cached  # type: ignore[attr-defined]
    return cached


def with_status(queryset: QuerySet[Any], status: str) -> QuerySet[Any]:
    """Return the rows in one state, with the condition of the partial index that holds them."""
    queryset = queryset.filter(status=SqlConstant(status))
    if status in TROUBLED:
        of_index = Q(status__in=[SqlConstant(word) for word in TROUBLED])
        return queryset.filter(index_condition(of_index))
    return queryset


def with_a_cause(queryset: QuerySet[Any]) -> QuerySet[Any]:
    return queryset.exclude(cause=SqlConstant(""))


class SourceFilter(ChoiceFilter):
    title = "Source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        several = len(visible_sites(request)) > 1
        return [
            (str(source.pk), f"{source.name} · {source.site.name}" if several else source.name)
            for source in visible_sources(request)
        ]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(source_id=int(self.chosen))


class EventTypeFilter(ChoiceFilter):
    """Types that the visible sources' presets declare, and those that came in lately."""

    title = "Event type"
    parameter_name = "type"
    takes_any_value = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        declared = {
            kind.id for source in visible_sources(request) for kind in source.preset.event_types
        }
        recent = set[str]()
        for site in chosen_sites(request):
            newest = newest_of(ReceivedEvent.objects.all(), "site_id", site.pk)
            recent.update(newest.values_list("event_type", flat=True)[:_RECENT])
        return [(name, name) for name in sorted(declared | recent - {""})]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(event_type=self.chosen)


class StatusFilter(ChoiceFilter):
    """Shown as the row of tabs above the bar, which keeps the choice in a hidden field."""

    title = "Status"
    parameter_name = "status"
    bar_template = "admin/keyset/hidden_filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(status.value, str(status.label)) for status in Status]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return with_status(queryset, self.chosen)


class CauseFilter(ChoiceFilter):
    """Causes that occur on the user's sites, found by leaps through their index."""

    title = "Cause"
    parameter_name = "cause"
    takes_any_value = True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = {cause for site in chosen_sites(request) for cause in _causes_of(site.pk)}
        return [(cause, cause) for cause in sorted(found)]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return with_a_cause(queryset).filter(cause=self.chosen)


def _causes_of(site_id: int) -> list[str]:
    causes: list[str] = []
    rows = with_a_cause(ReceivedEvent.objects.filter(site_id=site_id)).order_by("cause")
    while len(causes) < _MOST_CAUSES:
        beyond = rows.filter(cause__gt=causes[-1]) if causes else rows
        cause = beyond.values_list("cause", flat=True).first()
        if cause is None:
            break
        causes.append(cause)
    return causes
