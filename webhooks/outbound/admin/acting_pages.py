"""What can be done to a subscription beside changing it: pause, resume, rotate, test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_variables

from sites.audit import Actor
from sites.models import Role
from sites.scoped_admin import SiteScopedAdmin
from webhooks.outbound.admin.seen_revision import seen_revision
from webhooks.outbound.admin.test_context import shown_test
from webhooks.outbound.admin.verification_hint import verification_hint
from webhooks.outbound.holding.plan import Choice, held_plan
from webhooks.outbound.holding.resuming import resuming_job, subscription_resume
from webhooks.outbound.models import Event, Subscription, SubscriptionState
from webhooks.outbound.portal.links import USUAL_SECONDS, portal_link, portal_links_revoke
from webhooks.outbound.subscriptions.limits import DEFAULT_OVERLAP_SECONDS
from webhooks.outbound.subscriptions.services import (
    secret_overlap_end,
    secret_rotate,
    subscription_pause,
)
from webhooks.outbound.testing import subscription_test

Act = Callable[[HttpRequest, Subscription], HttpResponse]


class ActingPages(SiteScopedAdmin):
    """Mixin of the subscriptions' admin."""

    subscription_page: Callable[..., HttpResponse]

    def acts(self) -> dict[str, Callable[..., HttpResponse]]:
        """Return the pages by the last part of their address."""
        return {
            "pause": self._posted(self._pause, Role.OPERATOR),
            "resume": self._resume,
            "rotate": self._posted(self._rotate, Role.ADMIN),
            "end_overlap": self._posted(self._end_overlap, Role.ADMIN),
            "send_test": self._posted(self._send_test, Role.OPERATOR),
            # Whoever has a link can rotate the secret.
            "portal_link": self._posted(self._portal_link, Role.ADMIN),
            "portal_revoke": self._posted(self._portal_revoke, Role.ADMIN),
        }

    def _posted(self, act: Act, role: Role) -> Callable[..., HttpResponse]:
        def guarded(request: HttpRequest, object_id: str) -> HttpResponse:
            subscription = self.scoped_object(request, object_id, role)
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            return act(request, subscription)

        return guarded

    # -- state -----------------------------------------------------------------------------------

    def _pause(self, request: HttpRequest, subscription: Subscription) -> HttpResponse:
        if subscription_pause(subscription=subscription, actor=Actor.from_request(request)):
            messages.success(
                request, f"“{subscription.name}” is paused. What happens from now on is held."
            )
        return _to(subscription)

    def _resume(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask what becomes of what is held; a POST decides it and lets the subscription go on."""
        subscription = self.scoped_object(request, object_id, Role.OPERATOR)
        if subscription.state == SubscriptionState.ACTIVE:
            messages.info(request, f"“{subscription.name}” is active.")
            return _to(subscription)
        if request.method == "POST":
            return self._go_on(request, subscription)
        verb = "Enable" if subscription.state == SubscriptionState.DISABLED else "Resume"
        return self.subscription_page(
            request,
            "resume",
            f"{verb} “{subscription.name}”",
            subscription,
            verb=verb,
            plan=held_plan(subscription),
            choices=Choice,
            job=resuming_job(subscription),
        )

    def _go_on(self, request: HttpRequest, subscription: Subscription) -> HttpResponse:
        try:
            choice = Choice(request.POST.get("choice", Choice.RELEASE))
            upper_id = UUID(request.POST["upper_id"]) if request.POST.get("upper_id") else None
        except ValueError:
            messages.error(request, "Look at the plan first, then choose.")
            return HttpResponseRedirect(request.get_full_path())
        job = subscription_resume(
            subscription=subscription,
            actor=Actor.from_request(request),
            choice=choice,
            upper_id=upper_id,
        )
        if job is not None:
            return HttpResponseRedirect(reverse("admin:sites_job_change", args=(job.pk,)))
        messages.success(request, f"“{subscription.name}” is active.")
        return _to(subscription)

    # -- secrets ---------------------------------------------------------------------------------

    @sensitive_variables()
    def _rotate(self, request: HttpRequest, subscription: Subscription) -> HttpResponse:
        overlap = request.POST.get("overlap", str(DEFAULT_OVERLAP_SECONDS))
        try:
            made = secret_rotate(
                subscription=subscription,
                actor=Actor.from_request(request),
                overlap_seconds=_seconds(overlap, DEFAULT_OVERLAP_SECONDS),
                secret=request.POST.get("secret", ""),
                seen_revision=seen_revision(request),
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return _to(subscription, "signing")
        return self.shown_once(request, subscription, made)

    def _end_overlap(self, request: HttpRequest, subscription: Subscription) -> HttpResponse:
        secret_overlap_end(subscription=subscription, actor=Actor.from_request(request))
        messages.success(request, "The new secret alone signs from now on.")
        return _to(subscription, "signing")

    @sensitive_variables()
    def shown_once(
        self, request: HttpRequest, subscription: Subscription, secret: str
    ) -> HttpResponse:
        return self.subscription_page(
            request,
            "shown_once",
            "Signing secret",
            subscription,
            secret=secret,
            hint=verification_hint(subscription),
        )

    # -- portal ----------------------------------------------------------------------------------

    @sensitive_variables("link")
    def _portal_link(self, request: HttpRequest, subscription: Subscription) -> HttpResponse:
        seconds = request.POST.get("seconds", "")
        try:
            link = portal_link(
                subscription=subscription,
                actor=Actor.from_request(request),
                name=request.POST.get("name", ""),
                seconds=_seconds(seconds, USUAL_SECONDS),
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return _to(subscription, "portal")
        return self.subscription_page(
            request, "portal_link", "Link to the portal", subscription, link=link
        )

    def _portal_revoke(self, request: HttpRequest, subscription: Subscription) -> HttpResponse:
        portal_links_revoke(subscription=subscription, actor=Actor.from_request(request))
        messages.success(request, "No link that was made so far opens the portal any more.")
        return _to(subscription, "portal")

    # -- test ------------------------------------------------------------------------------------

    def _send_test(self, request: HttpRequest, subscription: Subscription) -> HttpResponse:
        try:
            attempt = subscription_test(
                subscription=subscription,
                event=_chosen_event(request, subscription),
                actor=Actor.from_request(request),
            )
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
            return _to(subscription, "test")
        context: dict[str, Any] = {"test": shown_test(attempt)}
        return self.subscription_page(request, "test_result", "Test", subscription, **context)


def _seconds(text: str, usual: int) -> int:
    """Return the number; the usual one for anything else, and for what no span would be."""
    return int(text) if text.isdecimal() and len(text) < 10 else usual


def _chosen_event(request: HttpRequest, subscription: Subscription) -> str | Event:
    """Return the recent event that was chosen, or else the type."""
    chosen = request.POST.get("event", "")
    if not chosen:
        return request.POST.get("type", "")
    try:
        found = Event.objects.filter(site=subscription.site, pk=UUID(chosen)).first()
    except ValueError:
        found = None
    if found is None or not found.payload:
        raise ValidationError("This event is no longer stored. Choose another one.")
    return found


def _to(subscription: Subscription, tab: str = "") -> HttpResponseRedirect:
    page = reverse("admin:webhooks_subscription_change", args=[subscription.pk])
    return HttpResponseRedirect(f"{page}?tab={tab}" if tab else page)
