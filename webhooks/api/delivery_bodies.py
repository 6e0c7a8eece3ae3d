"""Deliveries and their attempts, and what lists and recoveries of them are narrowed by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from common.endpoint.strict_body import CamelSerializer, Moment, Text
from sites.models import Site
from webhooks.api.bodies_shown import body_text, told
from webhooks.outbound.models import WAITING, Attempt, Delivery, Subscription
from webhooks.outbound.recovering.conditions import CODE_CLASSES, ERRORS, STATES, TRIES
from webhooks.outbound.recovering.recover_filter import RecoverFilter
from webhooks.outbound.sent_bodies import SentBody, sent_body

_NO_SUBSCRIPTION: Final = "The site has no such subscription."


def _one_of(words: Any, **kwargs: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=list(words), required=False, **kwargs)


class DeliveryQuery(CamelSerializer):
    """In the words of the log in the console."""

    subscription = Text()
    state = _one_of(STATES)
    event_type = Text()
    code = _one_of(CODE_CLASSES)
    error = _one_of(ERRORS)
    tries = _one_of(TRIES)
    since = Moment()
    until = Moment()


class DeliveryListQuery(DeliveryQuery):
    event = serializers.UUIDField(required=False)
    message_id = Text()


class DeliveryBody(CamelSerializer):
    """`dueAt` is when the next attempt may be made, null when there is none to come."""

    id = serializers.UUIDField()
    subscription_id = serializers.CharField(source="subscription.public_id")
    event_id = serializers.UUIDField()
    message_id = serializers.CharField(source="event.message_id")
    event_type = serializers.CharField()
    trigger = serializers.CharField()
    triggered_by = serializers.CharField()
    repeats = serializers.UUIDField(source="repeats_id")
    status = serializers.CharField()
    attempts_made = serializers.IntegerField(source="attempts")
    due_at = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()
    last_status_code = serializers.IntegerField()
    last_error = serializers.CharField()
    reason = serializers.CharField()

    def get_due_at(self, delivery: Delivery) -> Any:
        at = delivery.due_at if delivery.status in WAITING else None
        return serializers.DateTimeField().to_representation(at) if at else None


class AttemptBody(CamelSerializer):
    """One request as it was sent and answered; secrets were masked before it was stored."""

    number = serializers.IntegerField()
    trigger = serializers.CharField()
    started_at = serializers.DateTimeField()
    duration_ms = serializers.IntegerField()
    status_code = serializers.IntegerField()
    error = serializers.CharField()
    sentence = serializers.CharField()
    next_at = serializers.DateTimeField()
    url = serializers.CharField()
    request_headers = serializers.DictField()
    response_headers = serializers.DictField()


def delivery_bodies(rows: Sequence[Delivery], *, shows_people: bool) -> list[dict[str, Any]]:
    return [told(dict(DeliveryBody(row).data), shows_people=shows_people) for row in rows]


def delivery_detail(delivery: Delivery, *, shows_people: bool) -> dict[str, Any]:
    """Return a delivery with its attempts, newest last."""
    attempts = Attempt.objects.filter(unit=delivery.unit).order_by("pk")
    sent: dict[str, SentBody] = {}
    shown = []
    for each in attempts:
        # Attempts of one delivery sent the same bytes, unless the subscription changed meanwhile.
        if each.body_sha256 not in sent:
            sent[each.body_sha256] = sent_body(each, delivery)
        shown.append(_attempt(each, sent[each.body_sha256], shows_people=shows_people))
    (row,) = delivery_bodies([delivery], shows_people=shows_people)
    return {**row, "attempts": shown}


def filter_in(asked: dict[str, Any], site: Site, **more: Any) -> RecoverFilter:
    """Return what a query asks for; raises ValidationError for a subscription of another site."""
    named = asked.get("subscription")
    subscription_id = None
    if named:
        own = Subscription.objects.filter(site=site, public_id=named)
        subscription_id = own.values_list("pk", flat=True).first()
        if subscription_id is None:
            raise ValidationError({"subscription": _NO_SUBSCRIPTION})
    names = ("state", "event_type", "code", "error", "tries", "since", "until")
    chosen = {name: asked[name] for name in names if name in asked}
    return RecoverFilter(site_ids=(site.pk,), subscription_id=subscription_id, **(chosen | more))


def _attempt(attempt: Attempt, sent: SentBody, *, shows_people: bool) -> dict[str, Any]:
    request_body = None
    if sent.body is not None:
        request_body = body_text(sent.body, shows_people=shows_people)
    response = attempt.response_body.encode()
    return {
        **told(dict(AttemptBody(attempt).data), shows_people=shows_people),
        "requestBody": request_body,
        "whyNoRequestBody": sent.why_not,
        "responseBody": body_text(response, shows_people=shows_people, is_cut=attempt.is_cut),
    }
