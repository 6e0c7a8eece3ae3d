"""Replay from the console: a plan for one event, a selection, or all that match the filters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from sites.admin.plan_pages import (
    PlanPages,
    address_with,
    chosen_ids,
    chosen_site_ids,
    chosen_span,
    span_words,
)
from sites.audit import Actor
from sites.models import Job, Site
from webhooks.inbound.admin.event_filters import visible_sources
from webhooks.inbound.models import ReceivedEvent, Status
from webhooks.inbound.replaying.replay import ReplayPlan, replay_plan, replay_start
from webhooks.inbound.replaying.replay_filter import ReplayFilter


class ReplayPages(PlanPages):
    """Mixin of the received events' admin."""

    plan_url_name = "webhooks_receivedevent_replay_plan"
    plan_template = "admin/webhooks/receivedevent/replay_plan.html"
    plan_title = "Replay received events"
    plan_refused = "You may not replay these events."

    @admin.action(description="Replay the selected events", permissions=["support"])
    def replay_selected(
        self, request: HttpRequest, queryset: QuerySet[ReceivedEvent]
    ) -> HttpResponse:
        return self.plan_of_selected(request, queryset)

    def plan_filters(self, request: HttpRequest, sites: list[Site]) -> ReplayFilter:
        params = request.GET
        status = params.get("status", "")
        source = params.get("source", "")
        received_from, received_until = chosen_span(request, self)
        known_source = next((s.pk for s in visible_sources(request) if str(s.pk) == source), 0)
        is_impossible = (source and not known_source) or (status and status not in Status.values)
        return ReplayFilter(
            site_ids=() if is_impossible else chosen_site_ids(request, sites),
            ids=chosen_ids(request),
            source_id=known_source or None,
            statuses=(status,) if status else (),
            event_type=params.get("type", ""),
            cause=params.get("cause", ""),
            received_from=received_from,
            received_until=received_until,
            include_processed=status == Status.PROCESSED or params.get("include_processed") == "1",
        )

    def plan_of(self, filters: ReplayFilter) -> ReplayPlan:
        return replay_plan(filters=filters)

    def plan_start(
        self, filters: ReplayFilter, upper_id: UUID, site: Site | None, actor: Actor
    ) -> Job:
        return replay_start(filters=replace(filters, upper_id=upper_id), site=site, actor=actor)

    def plan_site_ids(self, request: HttpRequest, filters: ReplayFilter) -> set[int]:
        if filters.ids or not filters.source_id:
            return super().plan_site_ids(request, filters)
        owners = {s.site_id for s in visible_sources(request) if s.pk == filters.source_id}
        return set(filters.site_ids) & owners

    def plan_words(
        self, request: HttpRequest, filters: ReplayFilter, plan: ReplayPlan | None
    ) -> dict[str, Any]:
        by_status = plan.by_status if plan else {}
        return {
            "described": _described(request, filters),
            "statuses": [(Status(status).label, count) for status, count in by_status.items()],
            "include_processed": filters.include_processed,
            "with_processed_url": address_with(request, {"include_processed": "1"}),
            "without_processed_url": address_with(request, {"include_processed": None}),
        }


def _described(request: HttpRequest, filters: ReplayFilter) -> list[tuple[str, str]]:
    """Return the conditions of a plan in words."""
    source = next((s.name for s in visible_sources(request) if s.pk == filters.source_id), "")
    labels = {status.value: str(status.label) for status in Status}
    told = [
        ("Selected events", str(len(filters.ids)) if filters.ids else ""),
        ("Source", source),
        ("Event type", filters.event_type),
        ("Status", ", ".join(labels.get(status, status) for status in filters.statuses)),
        ("Cause", filters.cause),
        *span_words(request, filters.received_from, filters.received_until),
    ]
    return [(label, value) for label, value in told if value]
