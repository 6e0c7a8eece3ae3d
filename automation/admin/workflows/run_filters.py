"""The filters above the log of runs, and which index feeds it under each of them."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from automation.models import RunState, StepState, Workflow, WorkflowRun, WorkflowStep
from common.admin.key_pages import KeyStream
from common.admin.list_filters import ChoiceFilter, DateFilter
from contacts.search import contacts_found
from sites.roles import is_superuser
from sites.site_filter import SiteFilter, chosen_sites, visible_sites

_WITH_FAILURE: Final = "failed_step"
_WALKED: Final = ("workflow", "state")


def visible_workflows(request: HttpRequest) -> list[Workflow]:
    """Return the workflows on the user's sites, deleted ones too, read once per request."""
    cached: list[Workflow] | None = getattr(request, "_visible_workflows", None)
    if cached is None:
        ids = [site.pk for site in visible_sites(request)]
        cached = list(Workflow.objects.filter(site__in=ids).select_related("site"))
        request._visible_workflows = cached  # type: ignore[attr-defined]
    return cached


class RunSiteFilter(SiteFilter):
    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(workflow__site_id=int(self.chosen))


class WorkflowFilter(ChoiceFilter):
    title = "Workflow"
    parameter_name = "workflow"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        several = len(visible_sites(request)) > 1
        return [(str(each.pk), _named(each, several)) for each in visible_workflows(request)]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(workflow_id=UUID(self.chosen))


def _named(workflow: Workflow, with_site: bool) -> str:
    name = f"{workflow.name} (deleted)" if workflow.deleted_at else workflow.name
    return f"{name} · {workflow.site.name}" if with_site else name


class StateFilter(ChoiceFilter):
    title = "State"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        states = [(str(value), str(label)) for value, label in RunState.choices]
        return [*states, (_WITH_FAILURE, "With a failed step")]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.chosen != _WITH_FAILURE:
            return queryset.filter(state=self.chosen)
        failed = WorkflowStep.objects.filter(run=OuterRef("pk"), state=StepState.FAILED)
        return queryset.filter(Exists(failed))


class ContactFilter(ChoiceFilter):
    """Set by the links on a contact's page; the list keeps it in a hidden field."""

    title = "Contact"
    parameter_name = "contact"
    takes_any_value = True
    bar_template = "admin/keyset/hidden_filter.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        # Never empty: Django leaves out a filter that offers nothing.
        return [("", "All")]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        try:
            return queryset.filter(contact_id=UUID(self.chosen))
        except ValueError:
            return queryset.none()


def run_streams(
    rows: QuerySet[WorkflowRun], chosen: dict[str, str], request: HttpRequest, dates: DateFilter
) -> list[KeyStream]:
    """Return the streams of `rows`, which already carries the conditions of the chosen filters."""
    if "contact" in chosen:
        return [KeyStream(rows=rows)]
    is_walked = "state" in chosen
    if is_superuser(request.user) and "site" not in chosen and "workflow" not in chosen:
        walk = dates.queryset(request, WorkflowRun.objects.all()) if is_walked else None
        return [KeyStream(rows=rows, walk=walk, walked=_WALKED)]
    sites = {site.pk for site in chosen_sites(request)}
    streams = []
    for workflow in visible_workflows(request):
        if workflow.site_id in sites and chosen.get("workflow") in (None, str(workflow.pk)):
            own = WorkflowRun.objects.filter(workflow_id=workflow.pk)
            streams.append(
                KeyStream(
                    rows=rows.filter(workflow_id=workflow.pk),
                    walk=dates.queryset(request, own) if is_walked else None,
                    walked=_WALKED,
                )
            )
    return streams


def searched_streams(
    request: HttpRequest, rows: QuerySet[WorkflowRun], text: str
) -> list[KeyStream]:
    """Return the runs of the people that the text names, and the run whose id it is."""
    streams = [
        KeyStream(rows=rows.filter(contact_id__in=found))
        for site in chosen_sites(request)
        if (found := contacts_found(site=site, text=text))
    ]
    try:
        named = UUID(text.strip())
    except ValueError:
        return streams
    return [*streams, KeyStream(rows=rows.filter(pk=named))]
