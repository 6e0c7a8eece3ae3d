"""Attempts and incidents as tests of health and notices need them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from common.identifiers import new_row_id
from sites.models import Membership, Role, Site
from tests.factories import MembershipFactory
from webhooks.models import DeliveryStatus, Incident, Subscription
from webhooks.outbound.delivering.attempt import Tried
from webhooks.outbound.delivering.health import health_record
from webhooks.outbound.delivering.retry_policy import SUCCEEDED, Decision
from webhooks.outbound.delivering.unit import Part, Unit

REFUSED = "Nobody listens on that port."


def record(subscription: Subscription, *decisions: Decision, at: datetime | None = None) -> None:
    """Record attempts that ended so, one after the other, as the engine does."""
    now = at or timezone.now()
    with transaction.atomic():
        health_record([_tried(subscription, each, now) for each in decisions], now)


def failure(**fields: Any) -> Decision:
    values = {"status": DeliveryStatus.RETRYING, "error": "refused", "sentence": REFUSED}
    return Decision(**(values | fields))


def fails(subscription: Subscription, *, at: datetime | None = None) -> Incident:
    """Let three requests fail and return the incident that is open then."""
    record(subscription, failure(), failure(), failure(), at=at)
    return Incident.objects.get(subscription=subscription, ended_at=None)


def works(subscription: Subscription, *, at: datetime | None = None) -> None:
    record(subscription, SUCCEEDED, at=at)


def reader(site: Site, **user: Any) -> Membership:
    """Return a member who asked to be told."""
    fields = {f"user__{name}": value for name, value in user.items()}
    return MembershipFactory.create(
        site=site, role=Role.OPERATOR, wants_trouble_mail=True, **fields
    )


def ago(**span: float) -> datetime:
    return timezone.now() - timedelta(**span)


def _tried(subscription: Subscription, decision: Decision, at: datetime) -> Tried:
    unit = Unit(
        id=new_row_id(),
        subscription_id=subscription.pk,
        parts=[Part(new_row_id(), new_row_id())],
        attempts=1,
        trigger="event",
    )
    return Tried(
        unit=unit, decision=decision, started_at=at, duration_ms=20, revision=1, url="",
    )  # fmt: skip
