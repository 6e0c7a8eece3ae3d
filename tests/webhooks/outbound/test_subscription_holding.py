"""What happens to held deliveries when their subscription goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from common.identifiers import new_row_id
from sites.jobs import run_job_slice
from sites.models import AuditEntry, Job, JobState, Site
from tests.webhooks.outbound.subscribing import ACTOR, contact, delivery, saved
from webhooks.outbound.delivering.leases import hold_waiting
from webhooks.outbound.holding import slices
from webhooks.outbound.holding.plan import Choice, held_plan
from webhooks.outbound.holding.resuming import resuming_job, subscription_resume
from webhooks.outbound.holding.stragglers import release_stragglers
from webhooks.outbound.models import (
    Delivery,
    DeliveryStatus,
    Subscription,
    SubscriptionState,
    Trigger,
)
from webhooks.outbound.subscriptions.services import subscription_pause
from webhooks.outbound.subscriptions.state import subscription_disable_by_policy

pytestmark = pytest.mark.django_db

HELD, PENDING = DeliveryStatus.HELD, DeliveryStatus.PENDING
CANCELLED, RETRYING = DeliveryStatus.CANCELLED, DeliveryStatus.RETRYING


@pytest.fixture
def paused(site: Site) -> Subscription:
    subscription = saved(site)
    subscription_pause(subscription=subscription, actor=ACTOR)
    return subscription


def statuses(subscription: Subscription) -> list[str]:
    rows = Delivery.objects.filter(subscription=subscription).order_by("pk")
    return list(rows.values_list("status", flat=True))


def state_of(subscription: Subscription) -> str:
    return Subscription.objects.values_list("state", flat=True).get(pk=subscription.pk)


@pytest.fixture
def tiny_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SLICE", 2)
    monkeypatch.setattr("webhooks.outbound.holding.resuming.SLICE", 2)
    monkeypatch.setattr("webhooks.outbound.holding.stragglers.SLICE", 2)


def test_plan_counts_and_dates_what_is_held(paused: Subscription) -> None:
    old = timezone.now() - timedelta(days=2)
    kim = contact(paused.site, "kim@example.com")
    delivery(paused, contact=kim, created_at=old)
    delivery(paused, contact=kim)
    delivery(paused, event_type="account.source.created")
    delivery(paused, PENDING)
    delivery(paused, DeliveryStatus.FAILED)
    plan = held_plan(paused)
    assert (plan.total, plan.first_at, plan.left_by_thinning) == (3, old, 2)
    assert plan.types == (("contact.updated", 2), ("account.source.created", 1))
    assert plan.backlog.pending == 1


def test_released_ones_wait_for_their_next_attempt(paused: Subscription) -> None:
    fresh, tried = delivery(paused), delivery(paused, attempts=3)
    assert subscription_resume(subscription=paused, actor=ACTOR) is None
    assert statuses(paused) == [PENDING, RETRYING]
    assert Delivery.objects.get(pk=tried.pk).attempts == 3
    assert Delivery.objects.get(pk=fresh.pk).due_at <= timezone.now()
    assert (state_of(paused), paused.state) == (SubscriptionState.ACTIVE,) * 2


def test_thinned_to_the_latest_of_each_contact_and_type(paused: Subscription) -> None:
    kim, ali = (contact(paused.site, f"{name}@example.com") for name in ("kim", "ali"))
    wanted = [
        (kim, "contact.updated", CANCELLED),
        (ali, "contact.updated", PENDING),
        (kim, "contact.consent.changed", PENDING),
        (None, "account.source.created", PENDING),
        (None, "account.source.created", PENDING),
        (kim, "contact.updated", CANCELLED),
        (kim, "contact.updated", PENDING),
    ]
    for who, event_type, _ in wanted:
        delivery(paused, contact=who, event_type=event_type)
    subscription_resume(subscription=paused, actor=ACTOR, choice=Choice.THIN)
    assert statuses(paused) == [status for _, _, status in wanted]
    gone = Delivery.objects.filter(status=CANCELLED)
    assert all("later event" in each.reason and each.finished_at for each in gone)


def test_what_was_asked_for_or_tried_is_never_thinned(paused: Subscription) -> None:
    kim = contact(paused.site, "kim@example.com")
    delivery(paused, contact=kim, trigger=Trigger.REPLAY)
    delivery(paused, contact=kim, attempts=1)
    delivery(paused, contact=kim)
    subscription_resume(subscription=paused, actor=ACTOR, choice=Choice.THIN)
    assert statuses(paused) == [PENDING, RETRYING, PENDING]


def test_dropped_ones_stay_in_the_log(paused: Subscription) -> None:
    delivery(paused)
    subscription_resume(subscription=paused, actor=ACTOR, choice=Choice.DROP)
    dropped = Delivery.objects.get()
    assert dropped.status == CANCELLED
    assert dropped.reason == "Dropped by tests when the subscription went on."


def test_what_came_after_the_plan_is_sent_in_any_case(paused: Subscription) -> None:
    delivery(paused)
    plan = held_plan(paused)
    delivery(paused)
    subscription_resume(
        subscription=paused, actor=ACTOR, choice=Choice.DROP, upper_id=plan.upper_id
    )
    assert statuses(paused) == [CANCELLED, PENDING]


def test_other_subscriptions_keep_theirs(paused: Subscription) -> None:
    other = saved(paused.site, name="Other")
    subscription_pause(subscription=other, actor=ACTOR)
    delivery(other)
    delivery(paused)
    subscription_resume(subscription=paused, actor=ACTOR)
    assert (statuses(paused), statuses(other)) == ([PENDING], [HELD])


def test_enabling_begins_anew(site: Site) -> None:
    subscription = saved(site)
    subscription_disable_by_policy(subscription=subscription, reason="It answered 410.")
    Subscription.objects.update(
        failing_since=timezone.now(), failures_in_row=9, slowed_until=timezone.now()
    )
    subscription_resume(subscription=subscription, actor=ACTOR)
    after = Subscription.objects.get()
    assert (after.state, after.state_reason) == (SubscriptionState.ACTIVE, "")
    assert (after.failing_since, after.failures_in_row, after.slowed_until) == (None, 0, None)
    assert AuditEntry.objects.filter(action="subscription.enabled").count() == 1


def test_active_one_is_left_alone(site: Site) -> None:
    subscription = saved(site)
    entries = AuditEntry.objects.count()
    assert subscription_resume(subscription=subscription, actor=ACTOR) is None
    assert AuditEntry.objects.count() == entries


# -- many of them ----------------------------------------------------------------------------------


@pytest.mark.usefixtures("tiny_slices")
@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice.RELEASE, [PENDING] * 5),
        (Choice.THIN, [CANCELLED] * 4 + [PENDING]),
        (Choice.DROP, [CANCELLED] * 5),
    ],
)
def test_job_deals_with_many_and_then_sets_it_going(
    paused: Subscription, choice: Choice, expected: list[str]
) -> None:
    kim = contact(paused.site, "kim@example.com")
    for _ in range(5):
        delivery(paused, contact=kim)
    job = subscription_resume(subscription=paused, actor=ACTOR, choice=choice)
    assert job is not None
    assert (job.total, state_of(paused)) == (5, SubscriptionState.PAUSED)
    delivery(paused)
    run_job_slice(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.DONE, 6)
    assert statuses(paused) == [*expected, PENDING]
    assert state_of(paused) == SubscriptionState.ACTIVE


@pytest.mark.usefixtures("tiny_slices")
def test_second_resume_gets_the_job_that_is_under_way(paused: Subscription) -> None:
    for _ in range(3):
        delivery(paused)
    job = subscription_resume(subscription=paused, actor=ACTOR)
    assert subscription_resume(subscription=paused, actor=ACTOR) == job
    assert resuming_job(paused) == job
    assert Job.objects.count() == 1


@pytest.mark.usefixtures("tiny_slices")
def test_worker_does_not_hold_again_what_a_job_releases(paused: Subscription) -> None:
    for _ in range(3):
        delivery(paused)
    job = subscription_resume(subscription=paused, actor=ACTOR)
    assert job is not None
    released = Delivery.objects.order_by("pk")[0]
    Delivery.objects.filter(pk=released.pk).update(status=PENDING)
    assert hold_waiting() == 0
    Job.objects.filter(pk=job.pk).update(state=JobState.DONE)
    assert hold_waiting() == 1


@pytest.mark.usefixtures("tiny_slices")
def test_job_of_a_deleted_subscription_ends(paused: Subscription) -> None:
    for _ in range(3):
        delivery(paused)
    job = subscription_resume(subscription=paused, actor=ACTOR)
    assert job is not None
    Delivery.objects.all().delete()
    Subscription.objects.all().delete()
    run_job_slice(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE


# -- stragglers ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("tiny_slices")
def test_held_ones_of_active_subscriptions_are_released(site: Site) -> None:
    active, still_paused = saved(site), saved(site, name="Paused")
    subscription_pause(subscription=still_paused, actor=ACTOR)
    for _ in range(3):
        delivery(active)
    delivery(still_paused)
    assert release_stragglers() == 3
    assert statuses(active) == [PENDING] * 3
    assert statuses(still_paused) == [HELD]
    assert release_stragglers() == 0


def test_held_ones_of_a_site_that_is_off_stay(site: Site) -> None:
    subscription = saved(site)
    delivery(subscription)
    Site.objects.update(is_active=False)
    assert release_stragglers() == 0
    Site.objects.update(is_active=True)
    assert release_stragglers() == 1


def test_upper_key_of_another_plan_drops_nothing_newer(paused: Subscription) -> None:
    upper = new_row_id()
    delivery(paused)
    subscription_resume(subscription=paused, actor=ACTOR, choice=Choice.DROP, upper_id=upper)
    assert statuses(paused) == [PENDING]
