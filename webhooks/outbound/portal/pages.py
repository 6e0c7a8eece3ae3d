"""What the pages of the portal show. Names of staff and what they wrote stay out of it."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from common.admin.key_pages import key_page
from common.redaction import redact_url
from sites.models import Job, JobState
from webhooks.outbound.admin.delivery_page import delivery_context
from webhooks.outbound.admin.delivery_words import answer_words, delivery_chip, outcome_words
from webhooks.outbound.admin.event_choices import received_types
from webhooks.outbound.admin.subscription_page import OVERLAPS
from webhooks.outbound.admin.subscription_words import events_text, format_label, state_chip
from webhooks.outbound.admin.test_context import by_group
from webhooks.outbound.admin.verification_hint import verification_hint
from webhooks.outbound.delivery_stream import delivery_stream
from webhooks.outbound.event_types import EventType
from webhooks.outbound.formats.registry import format_for
from webhooks.outbound.models import (
    Delivery,
    DeliveryStatus,
    Signing,
    Subscription,
    SubscriptionState,
)
from webhooks.outbound.portal.links import Visit
from webhooks.outbound.recovering.conditions import STATES
from webhooks.outbound.recovering.job import KIND as RECOVERY
from webhooks.outbound.recovering.recover_filter import RecoverFilter
from webhooks.outbound.subscriptions.activity import activity_of
from webhooks.outbound.subscriptions.backlog import backlogs
from webhooks.outbound.subscriptions.validation import WITH_OVERLAP, WITH_SECRET
from webhooks.outbound.verification_snippets import snippets

_PAGE_SIZE: Final = 25
_TABS: Final = ("", "failed", "pending", "succeeded", "held")
# Hours back → words; what is older than the log is not there anyway.
SPANS: Final = {1: "the last hour", 24: "the last 24 hours", 168: "the last 7 days"}
USUAL_SPAN: Final = 24
_RUNNING: Final = (JobState.PENDING, JobState.RUNNING)


def testable_types(subscription: Subscription) -> tuple[EventType, ...]:
    """Return the types that the subscription receives: of no other does the holder hear."""
    return received_types(subscription, format_for(subscription.format_key))


def frame(token: str, visit: Visit) -> dict[str, Any]:
    """Return what every page has."""
    return {
        "token": token,
        "visit": visit,
        "subscription": visit.subscription,
        "state_chip": state_chip(visit.subscription),
        "home": reverse("portal", kwargs={"token": token}),
    }


def overview_context(request: HttpRequest, visit: Visit) -> dict[str, Any]:
    subscription = visit.subscription
    until = subscription.previous_until
    return {
        "url": redact_url(subscription.url),
        "format": format_label(subscription),
        "events": events_text(subscription),
        "reason": subscription.state_reason,
        "day": activity_of([subscription.pk])[subscription.pk],
        "backlog": backlogs([subscription.pk])[subscription.pk],
        "types": by_group(testable_types(subscription)),
        "has_secret": subscription.signing in WITH_SECRET,
        "has_overlap": subscription.signing in WITH_OVERLAP,
        "overlaps": OVERLAPS,
        "previous_until": until if until and until > timezone.now() else None,
        "spans": SPANS,
        "usual_span": USUAL_SPAN,
        "job": _last_recovery(subscription),
        **verification(subscription),
        **_deliveries(request, subscription),
    }


def verification(subscription: Subscription) -> dict[str, Any]:
    is_standard = subscription.signing == Signing.STANDARD_WEBHOOKS
    return {
        "hint": verification_hint(subscription),
        "snippets": snippets() if is_standard else (),
    }


def delivery_shown(request: HttpRequest, delivery: Delivery) -> dict[str, Any]:
    """Return the page of a delivery as staff see it who may not reveal anything."""
    if not delivery.triggered_by.startswith("portal: "):
        delivery.triggered_by = ""
    _hide_staff(delivery)
    number = request.GET.get("attempt", "")
    context = delivery_context(
        delivery,
        number=int(number) if number.isdecimal() and len(number) < 5 else 0,
        tab=request.GET.get("tab", ""),
        is_masked=True,
        with_bodies=True,
    )
    for linked in (*context["repeats"], *context["repeated_by"]):
        linked["row"].subscription = delivery.subscription
        _hide_staff(linked["row"])
        linked["chip"] = delivery_chip(linked["row"])
    return context


def delivery_or_404(visit: Visit, delivery_id: UUID) -> Delivery:
    """Return a delivery of this subscription; one of another is not there."""
    rows = Delivery.objects.filter(subscription=visit.subscription, pk=delivery_id)
    delivery = rows.select_related("site").first()
    if delivery is None:
        raise Http404
    delivery.subscription = visit.subscription
    return delivery


def _deliveries(request: HttpRequest, subscription: Subscription) -> dict[str, Any]:
    state = request.GET.get("state", "")
    filters = RecoverFilter(
        site_ids=(subscription.site_id,),
        subscription_id=subscription.pk,
        state=state if state in _TABS else "",
    )
    page = key_page(
        [delivery_stream(filters)],
        size=_PAGE_SIZE,
        older_than=_uuid(request.GET.get("older_than")),
        newer_than=_uuid(request.GET.get("newer_than")),
    )
    rows = Delivery.objects.in_bulk(page.keys)
    return {
        "state": filters.state,
        "tabs": [(each, STATES.get(each, "All")) for each in _TABS],
        "rows": [_row(rows[key], subscription) for key in page.keys if key in rows],
        "older": page.older_than,
        "newer": page.newer_than,
    }


def _row(delivery: Delivery, subscription: Subscription) -> tuple[Delivery, SafeString, str, str]:
    delivery.subscription = subscription
    _hide_staff(delivery)
    if delivery.status == DeliveryStatus.CANCELLED:
        delivery.reason = "Nothing more goes out"
    return delivery, delivery_chip(delivery), answer_words(delivery), outcome_words(delivery)


def _hide_staff(delivery: Delivery) -> None:
    """Take a reason away that names who of the staff cancelled or paused, and why."""
    is_by_policy = delivery.subscription.state == SubscriptionState.DISABLED
    is_paused = delivery.status == DeliveryStatus.HELD and not is_by_policy
    if is_paused or delivery.status == DeliveryStatus.CANCELLED:
        delivery.reason = ""


def _last_recovery(subscription: Subscription) -> Job | None:
    jobs = Job.objects.filter(
        site=subscription.site_id,
        kind=RECOVERY,
        parameters__filters__subscription_id=subscription.pk,
    )
    return jobs.filter(state__in=_RUNNING).first() or jobs.first()


def _uuid(text: str | None) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None
