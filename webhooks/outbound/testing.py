"""One delivery made to try a subscription, at once and whatever its state."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from common.http import HttpAnswer, HttpFailure, send
from common.identifiers import new_row_id
from common.json_text import json_text
from sites.audit import Actor, audit_record
from webhooks.outbound.building import build, prepare
from webhooks.outbound.delivering.attempt import Sent, Tried, tried
from webhooks.outbound.delivering.database_values import id_value
from webhooks.outbound.delivering.recording import bodies_keep, record
from webhooks.outbound.delivering.retry_policy import Decision, Outcome, decide, unbuildable
from webhooks.outbound.delivering.unit import Part, Unit
from webhooks.outbound.event_types import event_type_named
from webhooks.outbound.event_view import sent_event
from webhooks.outbound.formats.base import CannotBuild
from webhooks.outbound.formats.registry import format_for
from webhooks.outbound.models import (
    Attempt,
    Delivery,
    DeliveryStatus,
    Event,
    Subscription,
    Trigger,
)
from webhooks.outbound.publishing.message_ids import new_message_ids
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot, snapshot_of
from webhooks.outbound.upkeep.erasure import EMPTIED

_UNKNOWN_TYPE = "This event type is not in the catalogue of the site. Choose another one."
_NOT_CARRIED = "The format of this subscription does not carry events of this type."
_EXAMPLE_SUBJECT = {"email": "kim@example.com", "external_id": "customer-1"}


@sensitive_variables()
def subscription_test(*, subscription: Subscription, event: str | Event, actor: Actor) -> Attempt:
    """Send one event now, as the subscription is saved, and return the stored attempt.

    `event` is a type, whose example is sent, or something that happened, which is sent again under
    a message id of its own: a receiver that remembers ids shall not take it for a repeat. It is
    tried once and changes nothing of the subscription. Raises ValidationError for an event that
    cannot be sent. Call it outside of a transaction.
    """
    test = _copy_of(event) if isinstance(event, Event) else _example(subscription, event)
    test.site, test.is_test = subscription.site, True
    now = timezone.now()
    (test.message_id,) = new_message_ids(now, [""])
    test.created_at = now
    dialect = format_for(subscription.format_key)
    if dialect is not None and not dialect.carries(test.type, subscription.format_settings):
        raise ValidationError(_NOT_CARRIED)
    snapshot = snapshot_of(subscription)
    delivery_id = new_row_id()
    unit = Unit(
        id=id_value(delivery_id),
        subscription_id=subscription.pk,
        parts=[Part(id_value(delivery_id), id_value(test.pk))],
        attempts=1,
        trigger=Trigger.TEST,
        message_id=test.message_id,
        events=[sent_event(test)],
    )
    attempt = _tried(unit, snapshot, now)
    attempt.is_test = True
    with transaction.atomic():
        if isinstance(event, Event) and _is_emptied(event):
            # The copy would bring back a person who was erased meanwhile.
            for name, value in EMPTIED.items():
                setattr(test, name, value)
        return _record(attempt, subscription, test, delivery_id, actor)


def _is_emptied(event: Event) -> bool:
    """Say so of one that is gone, too; locked, so that an erasure comes before or after."""
    found = Event.objects.select_for_update().filter(pk=event.pk)
    return not found.values_list("payload", flat=True).first()


def _example(subscription: Subscription, key: str) -> Event:
    event_type = event_type_named(subscription.site, key)
    if event_type is None:
        raise ValidationError(_UNKNOWN_TYPE)
    return Event(
        type=event_type.key,
        occurred_at=timezone.now(),
        subject=dict(_EXAMPLE_SUBJECT),
        payload=json_text(event_type.example),
    )


def _copy_of(event: Event) -> Event:
    return Event(
        type=event.type,
        occurred_at=event.occurred_at,
        contact_id=event.contact_id,
        subject=event.subject,
        payload=event.payload,
        received_event_id=event.received_event_id,
        raw_content_type=event.raw_content_type,
        raw_headers=event.raw_headers,
        raw_body=event.raw_body,
    )


@sensitive_variables()
def _tried(unit: Unit, snapshot: SubscriptionSnapshot, now: datetime) -> Tried:
    try:
        built = build(snapshot, unit.events, unit.message_id)
        prepared = prepare(snapshot, built, unit.message_id, now)
    except CannotBuild as error:
        return tried(unit, snapshot, unbuildable(str(error)), Sent(now))
    end: HttpAnswer | HttpFailure
    try:
        end = send(prepared.request)
    except HttpFailure as failure:
        end = failure
    attempt = tried(unit, snapshot, _decision(snapshot, end), Sent(now, prepared, end))
    attempt.keeps = built
    return attempt


def _decision(snapshot: SubscriptionSnapshot, end: HttpAnswer | HttpFailure) -> Decision:
    if isinstance(end, HttpFailure):
        outcome = Outcome(attempts=1, failure=end, is_last=True)
    else:
        dialect = format_for(snapshot.format_key)
        is_success = dialect is not None and dialect.is_success(end.status)
        outcome = Outcome(attempts=1, answer=end, is_success=is_success, is_last=True)
    return decide(snapshot, outcome, now=timezone.now(), jitter=0)


def _record(
    attempt: Tried, subscription: Subscription, event: Event, delivery_id: UUID, actor: Actor
) -> Attempt:
    """Store event, delivery and attempt together: a test that dies on its way leaves nothing."""
    owner = f"test {delivery_id}"
    event.save(force_insert=True)
    Delivery.objects.create(
        pk=delivery_id,
        site=subscription.site,
        subscription=subscription,
        event=event,
        event_type=event.type,
        unit=delivery_id,
        trigger=Trigger.TEST,
        triggered_by=actor.label[:150],
        created_at=attempt.started_at,
        status=DeliveryStatus.SENDING,
        due_at=attempt.started_at,
        attempts=1,
        lease_owner=owner,
        lease_expires_at=timezone.now(),
    )
    if attempt.keeps is not None:
        # So that the log can show what was sent, whatever becomes of the settings.
        bodies_keep([(attempt.unit, attempt.keeps)])
    record([attempt], owner=owner)
    error = attempt.decision.error or "none"
    audit_record(
        actor=actor,
        action="subscription.tested",
        site=subscription.site,
        target=subscription,
        changes={"event_type": (None, event.type), "error": (None, error)},
    )
    return Attempt.objects.get(unit=delivery_id)
