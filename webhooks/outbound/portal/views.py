from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from webhooks.outbound.admin.seen_revision import seen_revision
from webhooks.outbound.models import Delivery
from webhooks.outbound.portal.guarding import actor_of, opened_by_link
from webhooks.outbound.portal.links import Visit
from webhooks.outbound.portal.pages import (
    SPANS,
    USUAL_SPAN,
    delivery_or_404,
    delivery_shown,
    frame,
    overview_context,
    testable_types,
    verification,
)
from webhooks.outbound.recovering.job import recover_start
from webhooks.outbound.recovering.plan import recover_plan
from webhooks.outbound.recovering.recover_filter import RecoverFilter
from webhooks.outbound.recovering.resend import delivery_resend
from webhooks.outbound.subscriptions.limits import DEFAULT_OVERLAP_SECONDS
from webhooks.outbound.subscriptions.services import secret_rotate
from webhooks.outbound.testing import subscription_test

_NOT_RECEIVED = "This subscription does not receive events of this type. Choose another one."
_LOOK_FIRST = "Look at what would be sent first, then start it."
_HEADINGS: Final = {
    "overview": "Deliveries",
    "delivery": "Delivery",
    "secret": "Signing secret",
    "plan": "Send again",
    "refused": "Not done",
}


@opened_by_link("GET", "HEAD")
def overview(request: HttpRequest, visit: Visit) -> HttpResponse:
    return _page(request, "overview", visit, overview_context(request, visit))


@opened_by_link("GET", "HEAD")
def delivery(request: HttpRequest, visit: Visit, delivery_id: UUID) -> HttpResponse:
    found = delivery_or_404(visit, delivery_id)
    return _page(request, "delivery", visit, delivery_shown(request, found))


@opened_by_link("POST")
@sensitive_variables("made", "context")
def secret(request: HttpRequest, visit: Visit) -> HttpResponse:
    overlap = request.POST.get("overlap", "")
    seconds = int(overlap) if overlap.isdecimal() and len(overlap) < 8 else DEFAULT_OVERLAP_SECONDS
    try:
        made = secret_rotate(
            subscription=visit.subscription,
            actor=actor_of(request, visit),
            overlap_seconds=seconds,
            seen_revision=seen_revision(request),
        )
    except ValidationError as error:
        return _refused(request, visit, error)
    context = {"secret": made, **verification(visit.subscription)}
    return _page(request, "secret", visit, context)


@opened_by_link("POST")
def test(request: HttpRequest, visit: Visit) -> HttpResponse:
    chosen = request.POST.get("type", "")
    if chosen not in {each.key for each in testable_types(visit.subscription)}:
        return _refused(request, visit, ValidationError(_NOT_RECEIVED))
    try:
        attempt = subscription_test(
            subscription=visit.subscription, event=chosen, actor=actor_of(request, visit)
        )
    except ValidationError as error:
        return _refused(request, visit, error)
    sent = Delivery.objects.only("pk").get(unit=attempt.unit)
    return _to_delivery(request, sent.pk)


@opened_by_link("POST")
def resend(request: HttpRequest, visit: Visit, delivery_id: UUID) -> HttpResponse:
    try:
        added = delivery_resend(
            delivery=delivery_or_404(visit, delivery_id),
            actor=actor_of(request, visit),
            confirmed="confirmed" in request.POST,
        )
    except ValidationError as error:
        return _refused(request, visit, error)
    return _to_delivery(request, added.pk)


@opened_by_link("GET", "HEAD", "POST")
def recover(request: HttpRequest, visit: Visit) -> HttpResponse:
    """Show what would be sent again; a POST starts exactly that."""
    try:
        filters = _filters(request, visit)
        if request.method == "POST":
            recover_start(
                filters=filters, site=visit.subscription.site, actor=actor_of(request, visit)
            )
            return HttpResponseRedirect(f"{_address(request, 'portal')}#recover")
    except ValidationError as error:
        return _refused(request, visit, error)
    plan = recover_plan(filters=filters)
    return _page(request, "plan", visit, {"plan": plan, "since": filters.since})


def _filters(request: HttpRequest, visit: Visit) -> RecoverFilter:
    """Return all that failed here in the span that was chosen, or in the plan that was shown."""
    span = _shown_span(request.POST) if request.method == "POST" else _chosen_span(request.GET)
    if span is None:
        raise ValidationError(_LOOK_FIRST)
    since, upper_id = span
    return RecoverFilter(
        site_ids=(visit.subscription.site_id,),
        subscription_id=visit.subscription.pk,
        state="failed",
        since=since,
        upper_id=upper_id,
    )


def _chosen_span(given: QueryDict) -> tuple[datetime, None]:
    hours = given.get("hours", "")
    span = int(hours) if hours in {str(each) for each in SPANS} else USUAL_SPAN
    return timezone.now() - timedelta(hours=span), None


def _shown_span(given: QueryDict) -> tuple[datetime, UUID] | None:
    try:
        since = datetime.fromisoformat(given.get("since", ""))
        upper_id = UUID(given.get("upper_id", ""))
    except ValueError:
        return None
    return (since, upper_id) if since.tzinfo and 1970 <= since.year < 9999 else None


def _page(
    request: HttpRequest, name: str, visit: Visit, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    token = request.resolver_match.kwargs["token"] if request.resolver_match else ""
    whole = {**context, **frame(token, visit), "heading": _HEADINGS[name]}
    return render(request, f"portal/{name}.html", whole, status=status)


def _refused(request: HttpRequest, visit: Visit, error: ValidationError) -> HttpResponse:
    return _page(request, "refused", visit, {"sentence": " ".join(error.messages)}, status=409)


def _to_delivery(request: HttpRequest, delivery_id: UUID) -> HttpResponse:
    address = _address(request, "portal-delivery", delivery_id=delivery_id)
    return HttpResponseRedirect(address)


def _address(request: HttpRequest, name: str, **more: Any) -> str:
    token = request.resolver_match.kwargs["token"] if request.resolver_match else ""
    return reverse(name, kwargs={"token": token, **more})
