"""What can be done to a subscription beside changing it."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Final
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError as InvalidModel
from django.views.decorators.debug import sensitive_variables
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.endpoint.conflict import Conflict
from common.endpoint.throttle import Throttle
from webhooks.api.answered_once import answered_once
from webhooks.api.delivery_bodies import delivery_detail
from webhooks.api.job_bodies import accepted
from webhooks.api.subscription_bodies import (
    HeldChoice,
    PauseInput,
    PortalLinkInput,
    RotationInput,
    TestInput,
    in_words_of_the_api,
    subscription_body,
)
from webhooks.api.subscription_views import subscription_or_404
from webhooks.api.view import ManagementView, body_or_nothing
from webhooks.outbound.holding.plan import Choice
from webhooks.outbound.holding.resuming import subscription_resume
from webhooks.outbound.models import Delivery, Event, Subscription, SubscriptionState
from webhooks.outbound.portal.links import portal_link, portal_links_revoke
from webhooks.outbound.subscriptions.limits import DEFAULT_OVERLAP_SECONDS
from webhooks.outbound.subscriptions.services import secret_rotate, subscription_pause
from webhooks.outbound.testing import subscription_test

IS_DISABLED: Final = "SUBSCRIPTION_DISABLED"
DISABLED_DETAIL: Final = (
    "This subscription was disabled: stateReason says why. Correct that, then call enable."
)
UNSIGNED: Final = "NO_SECRET"
UNSIGNED_DETAIL: Final = "This subscription does not sign with a secret."
_ONE_OF_TWO: Final = "Give either eventType or eventId."
_NO_EVENT: Final = "No such event is stored any more."
# Each test waits for the receiver, in a thread of the web process.
TESTS_PER_SECOND: Final = 1
test_throttle: Final = Throttle()


class SubscriptionActionView(ManagementView):
    http_method_names: Sequence[str] = ("post", "options")

    def subscription(self, public_id: str) -> Subscription:
        return subscription_or_404(self.site, public_id)


class PauseView(SubscriptionActionView):
    """Pausing what is not active changes nothing."""

    def post(self, request: Request, public_id: str) -> Response:
        given = PauseInput().read_or_refuse(body_or_nothing(request))
        subscription = self.subscription(public_id)
        reason = given.get("reason", "")
        subscription_pause(subscription=subscription, actor=self.actor, reason=reason)
        return Response(subscription_body(subscription))


class ResumeView(SubscriptionActionView):
    """Resuming what is active changes nothing. What policy disabled takes `enable`."""

    takes_disabled = False

    def post(self, request: Request, public_id: str) -> Response:
        given = HeldChoice().read_or_refuse(body_or_nothing(request))
        subscription = self.subscription(public_id)
        if subscription.state == SubscriptionState.DISABLED and not self.takes_disabled:
            raise Conflict(IS_DISABLED, DISABLED_DETAIL)
        choice = Choice(given.get("held", Choice.RELEASE))
        job = subscription_resume(subscription=subscription, actor=self.actor, choice=choice)
        return accepted(job) if job else Response(subscription_body(subscription))


class RotateSecretView(SubscriptionActionView):
    def post(self, request: Request, public_id: str) -> Response:
        return answered_once(request, lambda: self._rotate(request, public_id))

    @sensitive_variables("given", "secret")
    def _rotate(self, request: Request, public_id: str) -> Response:
        given = RotationInput().read_or_refuse(body_or_nothing(request))
        subscription = self.subscription(public_id)
        try:
            secret = secret_rotate(
                subscription=subscription,
                actor=self.actor,
                overlap_seconds=given.get("overlap_seconds", DEFAULT_OVERLAP_SECONDS),
                secret=given.get("secret", ""),
            )
        except InvalidModel as error:
            if not hasattr(error, "error_dict"):
                raise Conflict(UNSIGNED, UNSIGNED_DETAIL) from None
            raise ValidationError(_of_rotation(error)) from None
        until = subscription.previous_until
        return Response(
            {"secret": secret, "previousSecretUntil": until.isoformat() if until else None}
        )


class TestView(SubscriptionActionView):
    """Waits for the receiver: the answer has the delivery with its one attempt."""

    def post(self, request: Request, public_id: str) -> Response:
        given = TestInput().read_or_refuse(request.data)
        subscription = self.subscription(public_id)
        if ("event_type" in given) == ("event_id" in given):
            raise ValidationError({"": _ONE_OF_TWO})
        event = self._event(given["event_id"]) if "event_id" in given else given["event_type"]
        if settings.API_THROTTLE_PER_KEY:
            wait = test_throttle.seconds_to_wait(self.key.pk, TESTS_PER_SECOND)
            if wait:
                raise Throttled(wait)
        try:
            attempt = subscription_test(subscription=subscription, event=event, actor=self.actor)
        except InvalidModel as error:
            name = "eventId" if "event_id" in given else "eventType"
            raise ValidationError({name: error.messages}) from None
        delivery = Delivery.objects.select_related("event").get(unit=attempt.unit)
        delivery.subscription = subscription
        return Response(delivery_detail(delivery, shows_people=self.shows_people))

    def _event(self, event_id: UUID) -> Event:
        found = Event.objects.filter(site=self.site, pk=event_id).exclude(payload="").first()
        if found is None:
            raise ValidationError({"eventId": _NO_EVENT})
        return found


class PortalLinksView(SubscriptionActionView):
    """Makes links to the portal; DELETE revokes all that were made."""

    http_method_names = ("post", "delete", "options")

    def post(self, request: Request, public_id: str) -> Response:
        return answered_once(request, lambda: self._make(request, public_id))

    @sensitive_variables("link")
    def _make(self, request: Request, public_id: str) -> Response:
        given = PortalLinkInput().read_or_refuse(body_or_nothing(request))
        try:
            link = portal_link(subscription=self.subscription(public_id), actor=self.actor, **given)
        except InvalidModel as error:
            raise ValidationError(in_words_of_the_api(error)) from None
        body = {"url": link.url, "name": link.name, "expiresAt": link.expires_at}
        return Response(body, HTTPStatus.CREATED)

    def delete(self, request: Request, public_id: str) -> Response:
        portal_links_revoke(subscription=self.subscription(public_id), actor=self.actor)
        return Response(status=HTTPStatus.NO_CONTENT)


def _of_rotation(error: InvalidModel) -> dict[str, list[str]]:
    names = {"overlap": "overlapSeconds", "secrets.signing": "secret"}
    return {names.get(name, name): found for name, found in error.message_dict.items()}
