from __future__ import annotations

from uuid import UUID

import pytest
from django.utils import timezone

from sites.deleting import Deletion
from sites.jobs import run_job_slice
from sites.models import AuditEntry, JobState, Site
from tests.webhooks.outbound.subscribing import ACTOR, delivery, saved
from webhooks.outbound.models import (
    Attempt,
    Delivery,
    DeliveryStatus,
    Event,
    KeptBody,
    Subscription,
    SubscriptionHour,
    SubscriptionState,
    Trigger,
)
from webhooks.outbound.subscriptions.deletion import subscription_delete

pytestmark = pytest.mark.django_db


def fill(subscription: Subscription, count: int) -> None:
    now = timezone.now()
    previous: Delivery | None = None
    for number in range(count):
        row = delivery(
            subscription, DeliveryStatus.SUCCEEDED, repeats=previous,
            trigger=Trigger.REPLAY if previous else Trigger.EVENT,
        )  # fmt: skip
        previous = row
        Attempt.objects.create(
            subscription=subscription, unit=row.unit, number=1, trigger=Trigger.EVENT,
            started_at=now, revision=1, url="https://x.example.com/",
        )  # fmt: skip
        KeptBody.objects.create(
            unit=row.unit, subscription=subscription, message_id=f"msg_{number}", created_at=now,
            content_type="application/json", body=b"{}",
        )  # fmt: skip
    SubscriptionHour.objects.create(subscription=subscription, hour=now, succeeded=count)


def test_small_log_goes_at_once_and_events_stay(site: Site) -> None:
    subscription, other = saved(site), saved(site, name="Other")
    fill(subscription, 3)
    fill(other, 1)
    Attempt.objects.create(
        subscription=subscription, unit=UUID(int=1), number=1, trigger=Trigger.EVENT,
        started_at=timezone.now(), revision=1, url="https://x.example.com/",
    )  # fmt: skip
    assert subscription_delete(subscription=subscription, actor=ACTOR) is None
    assert Subscription.objects.get() == other
    for model in (Delivery, Attempt, KeptBody, SubscriptionHour):
        assert model._default_manager.count() == 1
    assert Event.objects.filter(type="contact.updated").count() == 4
    entry = AuditEntry.objects.order_by("-pk")[0]
    assert entry.action == "subscription.deleted"
    assert entry.changes["name"] == ["Receiver", None]


def test_large_log_is_deleted_by_a_job(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Deletion, "slice_size", 2)
    subscription = saved(site)
    fill(subscription, 5)
    job = subscription_delete(subscription=subscription, actor=ACTOR)
    assert job is not None
    subscription.refresh_from_db()
    assert subscription.state == SubscriptionState.PAUSED
    assert subscription_delete(subscription=subscription, actor=ACTOR) == job
    run_job_slice(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.DONE, 5)
    assert not Subscription.objects.exists()
    assert not Attempt.objects.exists()
