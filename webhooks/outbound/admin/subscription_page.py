"""What each section of a subscription's page shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from common.redaction import redact_url
from webhooks.outbound.admin.event_choices import received_types
from webhooks.outbound.admin.forms.endpoint_form import EndpointForm, header_names
from webhooks.outbound.admin.forms.events_form import EventsForm
from webhooks.outbound.admin.forms.policy_form import BatchingForm, PolicyForm
from webhooks.outbound.admin.forms.section_form import SectionForm
from webhooks.outbound.admin.forms.signing_form import SigningForm, stored_secret_names
from webhooks.outbound.admin.schedule_drawing import planned_tries, schedule_drawing
from webhooks.outbound.admin.subscription_words import (
    SERIES,
    day_chart,
    events_text,
    format_label,
    percent,
    took_chart,
)
from webhooks.outbound.admin.test_context import test_context
from webhooks.outbound.admin.verification_hint import verification_hint
from webhooks.outbound.formats.base import Format
from webhooks.outbound.formats.registry import format_for
from webhooks.outbound.holding.resuming import resuming_job
from webhooks.outbound.models import Incident, Subscription
from webhooks.outbound.portal.links import LONGEST_NAME, LONGEST_SECONDS, USUAL_SECONDS
from webhooks.outbound.subscriptions.activity import BANDS, activity_of, band_text
from webhooks.outbound.subscriptions.backlog import backlogs, count_text, failed_for_good
from webhooks.outbound.subscriptions.stored_secrets import subscription_readable
from webhooks.outbound.subscriptions.systems import systems_of
from webhooks.outbound.subscriptions.validation import WITH_OVERLAP, WITH_SECRET

OVERVIEW: Final = "overview"
_INCIDENTS: Final = 5
OVERLAPS: Final = (
    (0, "Not at all: it may have leaked"),
    (3_600, "1 hour"),
    (86_400, "24 hours"),
    (259_200, "3 days"),
    (604_800, "7 days"),
)

PORTAL_SPANS: Final = (
    (USUAL_SECONDS, "1 hour"),
    (28_800, "8 hours"),
    (86_400, "24 hours"),
    (LONGEST_SECONDS, "7 days"),
)


@dataclass(frozen=True, slots=True)
class Tab:
    key: str
    label: str


def tabs_of(subscription: Subscription, *, may_change: bool) -> list[Tab]:
    """Return the sections of the page; a viewer sees how it does and what it is about."""
    tabs = [Tab(OVERVIEW, "Overview")]
    if not may_change:
        return tabs
    dialect = format_for(subscription.format_key)
    tabs.append(Tab("endpoint", "Endpoint"))
    if dialect is not None:
        tabs += [Tab("events", "Events and filters"), Tab("signing", "Signing")]
    tabs.append(Tab("policy", "Delivery policy"))
    if dialect is not None and dialect.is_batchable:
        tabs.append(Tab("batching", "Batching"))
    if dialect is not None:
        tabs.append(Tab("test", "Test"))
    tabs.append(Tab("portal", "Portal"))
    return tabs


def form_of(
    tab: str, data: Any, subscription: Subscription, dialect: Format | None, *, may_replace: bool
) -> SectionForm | None:
    """Return the form of a section, None for one that has none."""
    own: dict[str, Any] = {"subscription": subscription, "may_replace": may_replace}
    if tab in ("policy", "batching"):
        return (PolicyForm if tab == "policy" else BatchingForm)(data, **own)
    kinds: dict[str, type[EndpointForm | EventsForm | SigningForm]] = {
        "endpoint": EndpointForm, "events": EventsForm, "signing": SigningForm,
    }  # fmt: skip
    kind = kinds.get(tab)
    if kind is None or dialect is None:
        return None
    return kind(data, dialect=dialect, **own)


def section_context(tab: str, request: HttpRequest, subscription: Subscription) -> dict[str, Any]:
    return _CONTEXTS[tab](request, subscription)


def header_context(subscription: Subscription) -> dict[str, Any]:
    """Return what stands above every section."""
    return {
        "backlog": backlogs([subscription.pk])[subscription.pk],
        "job": resuming_job(subscription),
        "deliveries_url": deliveries_url(subscription),
        "is_unreadable": not subscription_readable(subscription),
    }


def deliveries_url(subscription: Subscription) -> str:
    """Return the log of deliveries narrowed to the subscription."""
    log = reverse("admin:webhooks_delivery_changelist")
    return f"{log}?subscription={subscription.pk}"


def _overview(request: HttpRequest, subscription: Subscription) -> dict[str, Any]:
    day = activity_of([subscription.pk])[subscription.pk]
    incidents = Incident.objects.filter(subscription=subscription)
    share, failed = day.success_share, failed_for_good(Q(subscription=subscription))
    systems = dict(systems_of(subscription.site))
    return {
        "day": day,
        "share": "" if share is None else percent(share),
        "day_chart": day_chart(day, name=subscription.name),
        "took_chart": took_chart(day),
        "took": [(band_text(bound), n) for bound, n in zip(BANDS, day.took, strict=True) if n],
        "series": SERIES,
        "failed_for_good": count_text(failed) if failed else "",
        "format": format_label(subscription),
        "events": events_text(subscription),
        "shown_url": redact_url(subscription.url),
        "header_names": header_names(subscription),
        "same_system": systems.get(subscription.source_key, subscription.source_key),
        "incidents": list(incidents.order_by("-opened_at")[:_INCIDENTS]),
    }


def _endpoint(request: HttpRequest, subscription: Subscription) -> dict[str, Any]:
    return {"format": format_label(subscription)}


def _events(request: HttpRequest, subscription: Subscription) -> dict[str, Any]:
    dialect = format_for(subscription.format_key)
    return {"received": received_types(subscription, dialect)}


def _signing(request: HttpRequest, subscription: Subscription) -> dict[str, Any]:
    until = subscription.previous_until
    return {
        "has_secret": subscription.signing in WITH_SECRET,
        "has_overlap": subscription.signing in WITH_OVERLAP,
        "overlaps": OVERLAPS,
        "previous_until": until if until and until > timezone.now() else None,
        "hint": verification_hint(subscription),
        "stored": stored_secret_names(subscription),
    }


def _policy(request: HttpRequest, subscription: Subscription) -> dict[str, Any]:
    now: datetime = timezone.now()
    tries = planned_tries(subscription.retry_schedule, now)
    return {"tries": tries, "drawing": schedule_drawing(tries), "now": now}


def _batching(request: HttpRequest, subscription: Subscription) -> dict[str, Any]:
    dialect = format_for(subscription.format_key)
    return {"usual": dialect.batching if dialect else (1, 0)}


def _portal(request: HttpRequest, subscription: Subscription) -> dict[str, Any]:
    return {"spans": PORTAL_SPANS, "longest_name": LONGEST_NAME}


_CONTEXTS: Final[Mapping[str, Callable[[HttpRequest, Subscription], dict[str, Any]]]] = {
    OVERVIEW: _overview,
    "endpoint": _endpoint,
    "events": _events,
    "signing": _signing,
    "policy": _policy,
    "batching": _batching,
    "test": test_context,
    "portal": _portal,
}
