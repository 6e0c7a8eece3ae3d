"""Replay from the console: a plan for one event, a selection, or all that match the filters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from common.admin.keyset import NEWER_VAR, OLDER_VAR
from common.admin.list_filters import DateFilter
from sites.audit import Actor
from sites.models import Role, Site
from sites.roles import is_superuser
from sites.scope import meets
from sites.site_filter import list_zone, visible_sites
from webhooks.inbound.admin.event_filters import visible_sources
from webhooks.inbound.models import ReceivedEvent, Status
from webhooks.inbound.replaying.replay import replay_plan, replay_start
from webhooks.inbound.replaying.replay_filter import ReplayFilter

if TYPE_CHECKING:
    _ModelAdmin = admin.ModelAdmin[Any]
else:
    _ModelAdmin = admin.ModelAdmin

PLAN_URL_NAME = "admin:webhooks_receivedevent_replay_plan"
# What one page of the list can select, with room for an address typed by hand.
_MOST_IDS = 200


def replay_url(params: Any) -> str:
    """Return the address of the plan page under these list parameters."""
    return f"{reverse(PLAN_URL_NAME)}?{urlencode(params, doseq=True)}"


class ReplayPages(_ModelAdmin):
    """Mixin of the received events' admin."""

    @admin.action(description="Replay the selected events", permissions=["support"])
    def replay_selected(
        self, request: HttpRequest, queryset: QuerySet[ReceivedEvent]
    ) -> HttpResponse:
        ids = [str(pk) for pk in queryset.values_list("pk", flat=True)[:_MOST_IDS]]
        if not ids:
            self.message_user(request, "You may not replay these events.", messages.WARNING)
            return HttpResponseRedirect(request.get_full_path())
        return HttpResponseRedirect(replay_url({"ids": ",".join(ids)}))

    def replay_all_url(self, request: HttpRequest) -> str:
        """Return the plan page of all that match, or nothing where it cannot be offered."""
        if not support_sites(request) or request.GET.get("q"):
            return ""
        left_out = ("q", OLDER_VAR, NEWER_VAR)
        return replay_url(
            {name: value for name, value in request.GET.items() if value and name not in left_out}
        )

    def replay_plan_view(self, request: HttpRequest) -> HttpResponse:
        """Show what a replay would do; a POST of the same address starts it."""
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        sites = support_sites(request)
        if not sites:
            raise PermissionDenied
        filters = _filters(request, self, sites)
        site = _site_of(request, filters, sites)
        if request.method == "POST":
            return self._start(request, filters, site)
        is_open = site is not None or is_superuser(request.user)
        plan = replay_plan(filters=filters) if is_open else None
        context = {
            **self.admin_site.each_context(request),
            "title": "Replay received events",
            "opts": self.opts,
            "plan": plan,
            "site": site,
            "sites_to_choose": [] if is_open else _site_choices(request, sites),
            "described": _described(request, filters),
            "statuses": [(Status(status).label, count) for status, count in plan.by_status.items()]
            if plan
            else [],
            "include_processed": filters.include_processed,
            "with_processed_url": _with(request, include_processed="1"),
            "without_processed_url": _with(request, include_processed=None),
        }
        return TemplateResponse(request, "admin/webhooks/receivedevent/replay_plan.html", context)

    def _start(
        self, request: HttpRequest, filters: ReplayFilter, site: Site | None
    ) -> HttpResponse:
        try:
            upper_id = UUID(request.POST.get("upper_id", ""))
            job = replay_start(
                filters=replace(filters, upper_id=upper_id),
                site=site,
                actor=Actor.from_request(request),
            )
        except ValueError:
            self.message_user(request, "Look at the plan first, then start it.", messages.ERROR)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        else:
            return HttpResponseRedirect(reverse("admin:sites_job_change", args=(job.pk,)))
        return HttpResponseRedirect(request.get_full_path())


def support_sites(request: HttpRequest) -> list[Site]:
    """Return the sites on which the user may replay."""
    return [site for site in visible_sites(request) if meets(request, site.pk, Role.SUPPORT)]


def _filters(request: HttpRequest, model_admin: Any, sites: list[Site]) -> ReplayFilter:
    params = request.GET
    chosen = params.get("site", "")
    status = params.get("status", "")
    source = params.get("source", "")
    dates = DateFilter(request, dict(params.lists()), ReceivedEvent, model_admin)
    received_from, received_until = dates.span()
    # A value that no filter offers matches nothing in the list, so it must not widen a replay.
    known_source = next((each.pk for each in visible_sources(request) if str(each.pk) == source), 0)
    is_impossible = (source and not known_source) or (status and status not in Status.values)
    return ReplayFilter(
        site_ids=()
        if is_impossible
        else tuple(site.pk for site in sites if not chosen or str(site.pk) == chosen),
        ids=_ids(params.get("ids", "")),
        source_id=known_source or None,
        statuses=(status,) if status else (),
        event_type=params.get("type", ""),
        cause=params.get("cause", ""),
        received_from=received_from,
        received_until=received_until,
        include_processed=status == Status.PROCESSED or params.get("include_processed") == "1",
    )


def _ids(text: str) -> tuple[UUID, ...]:
    if not text:
        return ()
    found = []
    for part in text.split(",")[:_MOST_IDS]:
        try:
            found.append(UUID(part))
        except ValueError:
            continue
    # Ids that cannot be read are still ids: an empty choice would mean every event.
    return tuple(found) or (UUID(int=0),)


def _site_of(request: HttpRequest, filters: ReplayFilter, sites: list[Site]) -> Site | None:
    """Return the one site that a replay is for, or None when it spans several."""
    site_ids = set(filters.site_ids)
    if filters.ids:
        events = ReceivedEvent.objects.filter(pk__in=filters.ids, site_id__in=filters.site_ids)
        site_ids = set(events.values_list("site_id", flat=True)) or site_ids
    elif filters.source_id:
        site_ids &= {
            each.site_id for each in visible_sources(request) if each.pk == filters.source_id
        }
    return next(site for site in sites if site.pk in site_ids) if len(site_ids) == 1 else None


def _site_choices(request: HttpRequest, sites: list[Site]) -> list[tuple[str, str]]:
    return [(site.name, _with(request, site=str(site.pk))) for site in sites]


def _with(request: HttpRequest, **changes: str | None) -> str:
    params = request.GET.copy()
    for name, value in changes.items():
        params.pop(name, None)
        if value is not None:
            params[name] = value
    return f"?{params.urlencode()}"


def _described(request: HttpRequest, filters: ReplayFilter) -> list[tuple[str, str]]:
    """Return the conditions of a plan in words."""
    zone = list_zone(request)
    source = next((s.name for s in visible_sources(request) if s.pk == filters.source_id), "")
    labels = {status.value: str(status.label) for status in Status}
    told = [
        ("Selected events", str(len(filters.ids)) if filters.ids else ""),
        ("Source", source),
        ("Event type", filters.event_type),
        ("Status", ", ".join(labels.get(status, status) for status in filters.statuses)),
        ("Cause", filters.cause),
    ]
    for label, at in (("From", filters.received_from), ("Until", filters.received_until)):
        told.append((label, at.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z") if at else ""))
    return [(label, value) for label, value in told if value]
