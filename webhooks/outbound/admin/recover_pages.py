"""Recover: what failed, what matches the log, or what was never sent; as a plan, then as a job."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from common.admin.list_filters import DateFilter
from common.admin.relative_time import duration_text, exact_text
from sites.admin.plan_pages import (
    PlanPages,
    address_with,
    chosen_ids,
    chosen_site_ids,
    span_words,
    support_sites,
)
from sites.audit import Actor
from sites.models import Job, Site
from sites.site_filter import list_zone
from webhooks.outbound.admin.delivery_filters import visible_subscriptions
from webhooks.outbound.models import Delivery
from webhooks.outbound.recovering.conditions import (
    CODE_CLASSES,
    ERRORS,
    STATES,
    TRIES,
    are_offered,
)
from webhooks.outbound.recovering.job import recover_start
from webhooks.outbound.recovering.plan import RecoverPlan, recover_plan
from webhooks.outbound.recovering.recover_filter import Mode, RecoverFilter

# Of an address without a time: enough for last night, and not everything there ever was.
_USUAL: Final = "3d"
PRESETS: Final[tuple[tuple[str, str, timedelta], ...]] = (
    ("8h", "8 hours ago", timedelta(hours=8)),
    ("1d", "Yesterday", timedelta(days=1)),
    ("3d", "3 days ago", timedelta(days=3)),
    ("1w", "A week ago", timedelta(days=7)),
    ("2w", "2 weeks ago", timedelta(days=14)),
)
_WORDS: Final = ("state", "code", "error", "tries")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """A time to go back to; `at` is the same, absolute."""

    key: str
    label: str
    at: str
    url: str
    is_current: bool


class RecoverPages(PlanPages):
    """Mixin of the deliveries' admin.

    The address has `since` (one of the presets) and `mode` when it was begun from “Recover”, or
    the filters of the log.
    """

    plan_url_name = "webhooks_delivery_recover"
    plan_template = "admin/webhooks/delivery/recover_plan.html"
    plan_title = "Recover deliveries"
    plan_refused = "You may not send these deliveries again."

    @admin.action(description="Send the selected deliveries again", permissions=["support"])
    def send_selected(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> HttpResponse:
        return self.plan_of_selected(request, queryset)

    def recover_url(self, request: HttpRequest) -> str:
        """Return where a recovery begins, or nothing for whom it is not offered."""
        if not support_sites(request):
            return ""
        kept = {name: request.GET.get(name, "") for name in ("site", "subscription")}
        return self.plan_url({"since": _USUAL} | {name: got for name, got in kept.items() if got})

    def plan_filters(self, request: HttpRequest, sites: list[Site]) -> RecoverFilter:
        params = request.GET
        chosen = params.get("subscription", "")
        subscription = next(
            (each.pk for each in visible_subscriptions(request) if str(each.pk) == chosen), 0
        )
        words = {name: params.get(name, "") for name in _WORDS}
        mode = Mode.MISSING if params.get("mode") == Mode.MISSING else Mode.AGAIN
        since, until = _span(request, self, mode)
        is_impossible = (chosen and not subscription) or not are_offered(words)
        return RecoverFilter(
            site_ids=() if is_impossible else chosen_site_ids(request, sites),
            mode=mode,
            ids=chosen_ids(request),
            subscription_id=subscription or None,
            event_type=params.get("type", ""),
            since=since,
            until=until,
            include_succeeded=params.get("include_succeeded") == "1",
            state=words["state"],
            code=words["code"],
            error=words["error"],
            tries=words["tries"],
        )

    def plan_of(self, filters: RecoverFilter) -> RecoverPlan:
        return recover_plan(filters=filters)

    def plan_start(
        self, filters: RecoverFilter, upper_id: UUID, site: Site | None, actor: Actor
    ) -> Job:
        return recover_start(filters=replace(filters, upper_id=upper_id), site=site, actor=actor)

    def plan_site_ids(self, request: HttpRequest, filters: RecoverFilter) -> set[int]:
        if filters.ids or not filters.subscription_id:
            return super().plan_site_ids(request, filters)
        owners = {
            each.site_id
            for each in visible_subscriptions(request)
            if each.pk == filters.subscription_id
        }
        return set(filters.site_ids) & owners or set(filters.site_ids)

    def plan_words(
        self, request: HttpRequest, filters: RecoverFilter, plan: RecoverPlan | None
    ) -> dict[str, Any]:
        return {
            "described": _described(request, filters),
            "is_missing": filters.mode is Mode.MISSING,
            "is_recovery": _is_recovery(request),
            "again_url": address_with(request, {"mode": None}),
            "missing_url": address_with(request, {"mode": Mode.MISSING.value}),
            "presets": _presets(request),
            "subscriptions": _offered(request, filters),
            "chosen_subscription": filters.subscription_id,
            "hidden": [
                (name, value)
                for name, value in request.GET.items()
                if value and name != "subscription"
            ],
            "takes": duration_text(plan.takes) if plan and plan.takes else "",
            "endpoints": [
                {"plan": each, "takes": duration_text(each.takes) if each.takes else ""}
                for each in (plan.endpoints if plan else ())
            ],
            "offers_succeeded": filters.mode is Mode.AGAIN and not filters.state,
            "include_succeeded": filters.include_succeeded,
            "with_succeeded_url": address_with(request, {"include_succeeded": "1"}),
            "without_succeeded_url": address_with(request, {"include_succeeded": None}),
        }


def _is_recovery(request: HttpRequest) -> bool:
    """Say whether the page was begun from “Recover”, and not from rows or filters of the log."""
    return bool(request.GET.get("since") or request.GET.get("mode"))


def _span(
    request: HttpRequest, model_admin: Any, mode: Mode
) -> tuple[datetime | None, datetime | None]:
    since = request.GET.get("since", "") or (_USUAL if mode is Mode.MISSING else "")
    back = next((span for key, _, span in PRESETS if key == since), None)
    if back is not None:
        return timezone.now() - back, None
    dates = DateFilter(request, dict(request.GET.lists()), model_admin.model, model_admin)
    return dates.span()


def _presets(request: HttpRequest) -> list[Preset]:
    now, zone = timezone.now(), list_zone(request)
    current = request.GET.get("since", "") or _USUAL
    with timezone.override(zone):
        return [
            Preset(
                key=key,
                label=label,
                at=exact_text(now - back),
                url=address_with(request, {"since": key}),
                is_current=key == current,
            )
            for key, label, back in PRESETS
        ]


def _offered(request: HttpRequest, filters: RecoverFilter) -> list[tuple[int, str]]:
    sites = {site.pk for site in support_sites(request)}
    return [
        (each.pk, f"{each.name} · {each.site.name}")
        for each in visible_subscriptions(request)
        if each.site_id in sites
        and (not request.GET.get("site") or each.site_id in filters.site_ids)
    ]


def _described(request: HttpRequest, filters: RecoverFilter) -> list[tuple[str, str]]:
    """Return the conditions of a plan in words."""
    subscriptions = {each.pk: each.name for each in visible_subscriptions(request)}
    told = [
        ("Selected deliveries", str(len(filters.ids)) if filters.ids else ""),
        ("Subscription", subscriptions.get(filters.subscription_id or 0, "")),
        ("Event type", filters.event_type),
        ("State", STATES.get(filters.state, "")),
        ("Answer", CODE_CLASSES.get(filters.code, "")),
        ("Error", ERRORS.get(filters.error, "")),
        ("Tries", TRIES.get(filters.tries, "")),
        *span_words(request, filters.since, filters.until),
    ]
    return [(label, value) for label, value in told if value]
