"""Recovering: which deliveries are sent again and which events are missing, plan and job."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.identifiers import row_id_floor
from sites.audit import Actor
from sites.jobs import run_job_slice
from sites.models import AuditEntry, Job, JobState, Site, User
from tests.factories import SiteFactory
from tests.webhooks.delivery_log import delivery, event
from tests.webhooks.publishing import subscribe
from webhooks.models import Delivery, DeliveryStatus, Event, SubscriptionState, Trigger
from webhooks.outbound.recovering import again, missing
from webhooks.outbound.recovering.job import recover_start, run_recovery
from webhooks.outbound.recovering.plan import recover_plan
from webhooks.outbound.recovering.recover_filter import Mode, RecoverFilter
from webhooks.outbound.recovering.resend import delivery_cancel, delivery_resend

pytestmark = pytest.mark.django_db
ACTOR = Actor.system("tests")
FAILED, SUCCEEDED = DeliveryStatus.FAILED, DeliveryStatus.SUCCEEDED


def filters(site: Site, **values: Any) -> RecoverFilter:
    return RecoverFilter(site_ids=(site.pk,), **values)


def recovered(chosen: RecoverFilter, site: Site) -> Job:
    job = recover_start(filters=chosen, site=site, actor=ACTOR)
    run_job_slice(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE, job.error
    return job


def again_of(first: Delivery) -> list[Delivery]:
    return list(Delivery.objects.filter(repeats=first))


def test_what_failed_goes_out_again_under_the_same_message(site: Site) -> None:
    subscription = subscribe(site)
    failed = delivery(subscription)
    others = [delivery(subscription, each) for each in DeliveryStatus if each != FAILED]
    job = recovered(filters(site), site)
    (repeat,) = again_of(failed)
    assert (repeat.event, repeat.trigger, repeat.triggered_by) == (
        failed.event, Trigger.REPLAY, "tests",
    )  # fmt: skip
    assert repeat.status == DeliveryStatus.PENDING
    assert (job.total, job.done, job.counts) == (1, 1, {"sent again": 1})
    assert not Delivery.objects.filter(repeats__in=others).exists()
    failed.refresh_from_db()
    assert failed.status == FAILED


def test_plan_counts_by_subscription_and_says_what_is_skipped(site: Site) -> None:
    slow = subscribe(site, rate_per_second=2)
    off = subscribe(site, state=SubscriptionState.PAUSED)
    for _ in range(5):
        delivery(slow)
    delivery(off)
    emptied = delivery(off)
    Event.objects.filter(pk=emptied.event_id).update(payload="")
    delivery(slow, trigger=Trigger.TEST)
    delivery(slow, SUCCEEDED)
    for status in (DeliveryStatus.PENDING, DeliveryStatus.RETRYING, DeliveryStatus.SENDING):
        delivery(slow, status)
    delivery(off, DeliveryStatus.HELD)
    plan = recover_plan(filters=filters(site))
    told = [(each.subscription.id, each.count, each.takes, each.is_held) for each in plan.endpoints]
    assert told == [(slow.pk, 5, timedelta(seconds=3), False), (off.pk, 1, None, True)]
    assert (plan.total, plan.takes, plan.is_at_most) == (6, timedelta(seconds=3), False)
    skipped = {each.reason.split()[0]: each.count for each in plan.skipped}
    assert skipped == {"made": 1, "with": 1, "that": 1, "on": 3, "held": 1}


def test_a_batch_counts_as_one_request(site: Site) -> None:
    subscription = subscribe(site, rate_per_second=1, batch_size=10)
    for _ in range(11):
        delivery(subscription)
    (endpoint,) = recover_plan(filters=filters(site)).endpoints
    assert endpoint.takes == timedelta(seconds=2)


def test_time_and_filter_narrow(site: Site) -> None:
    subscription, other = subscribe(site), subscribe(site)
    now = timezone.now()
    old = now - timedelta(days=3)
    delivery(subscription, id=row_id_floor(old), created_at=old)
    timed_out = delivery(subscription, last_error="timeout")
    delivery(other, last_error="status", last_status_code=404, attempts=5)
    cases: list[tuple[dict[str, Any], int]] = [
        ({}, 3),
        ({"since": now - timedelta(days=1)}, 2),
        ({"until": now - timedelta(days=1)}, 1),
        ({"subscription_id": other.pk}, 1),
        ({"error": "timeout"}, 1),
        ({"code": "4xx"}, 1),
        ({"code": "none"}, 2),
        ({"tries": "5"}, 1),
        ({"state": "held"}, 0),
        ({"event_type": "nothing.like.it"}, 0),
        ({"ids": (timed_out.pk,)}, 1),
    ]
    found = [(each, recover_plan(filters=filters(site, **each)).total) for each, _ in cases]
    assert found == cases


def test_what_succeeded_goes_again_only_where_asked(site: Site) -> None:
    done = delivery(subscribe(site), SUCCEEDED)
    with pytest.raises(ValidationError, match="Nothing"):
        recover_start(filters=filters(site), site=site, actor=ACTOR)
    recovered(filters(site, include_succeeded=True), site)
    assert len(again_of(done)) == 1


def test_what_was_sent_again_is_left_to_its_repeat(site: Site) -> None:
    failed = delivery(subscribe(site))
    recovered(filters(site), site)
    assert recover_plan(filters=filters(site)).total == 0
    (repeat,) = again_of(failed)
    Delivery.objects.filter(pk=repeat.pk).update(status=FAILED)
    recovered(filters(site), site)
    assert (len(again_of(failed)), len(again_of(repeat))) == (1, 1)


def test_a_slice_that_comes_twice_adds_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(again, "SLICE", 2)
    monkeypatch.setattr("webhooks.outbound.recovering.job.SLICE", 2)
    subscription = subscribe(site)
    for _ in range(5):
        delivery(subscription)
    job = recover_start(filters=filters(site), site=site, actor=ACTOR)
    while not run_recovery(job):
        job.cursor, was = "", job.cursor  # as if the slice had been forgotten
        assert not run_recovery(job)
        job.cursor = was
    assert Delivery.objects.filter(trigger=Trigger.REPLAY).count() == 5


def test_what_fails_after_the_plan_is_left_out(site: Site) -> None:
    subscription = subscribe(site)
    delivery(subscription)
    plan = recover_plan(filters=filters(site))
    later = delivery(subscription)
    recovered(plan.filters, site)
    assert not again_of(later)


def test_many_cost_few_statements(site: Site) -> None:
    subscription = subscribe(site)
    of = [event(site) for _ in range(60)]
    for each in of:
        delivery(subscription, of=each)
    job = recover_start(filters=filters(site), site=site, actor=ACTOR)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        run_recovery(job)
    assert Delivery.objects.filter(trigger=Trigger.REPLAY).count() == 60
    assert len(seen) < 15


def test_a_paused_subscription_holds_what_is_recovered(site: Site) -> None:
    failed = delivery(subscribe(site, state=SubscriptionState.PAUSED))
    recovered(filters(site), site)
    assert again_of(failed)[0].status == DeliveryStatus.HELD


def test_missing_events_are_delivered_once(site: Site) -> None:
    had = subscribe(site)
    before = [event(site), event(site), event(site, "contact.created")]
    delivery(had, SUCCEEDED, of=before[0])
    event(site, is_test=True)
    event(site, payload="")
    late = subscribe(site, "contact.deleted")
    chosen = filters(site, mode=Mode.MISSING, subscription_id=late.pk)
    plan = recover_plan(filters=chosen)
    assert (plan.total, plan.is_at_most) == (2, False)
    job = recovered(chosen, site)
    assert job.counts == {"delivered": 2, "not wanted": 0}
    made = Delivery.objects.filter(subscription=late).order_by("pk")
    assert [each.event for each in made] == before[:2]
    assert {(each.trigger, each.status) for each in made} == {
        (Trigger.EVENT, DeliveryStatus.PENDING)
    }
    with pytest.raises(ValidationError, match="No event is missing"):
        recover_start(filters=chosen, site=site, actor=ACTOR)


def test_missing_looks_at_the_payload_where_that_decides(site: Site) -> None:
    condition = {"pointer": "/number", "operator": "gt", "value": 1}
    picky = subscribe(site, conditions=[condition])
    for number in range(4):
        event(site, payload={"number": number})
    chosen = filters(site, mode=Mode.MISSING)
    plan = recover_plan(filters=chosen)
    assert (plan.total, plan.is_at_most) == (4, True)
    job = recovered(chosen, site)
    assert job.counts == {"delivered": 2, "not wanted": 2}
    numbers = Delivery.objects.filter(subscription=picky).values_list("event__payload", flat=True)
    assert sorted(numbers) == ['{"number":2}', '{"number":3}']


def test_missing_tells_no_system_of_what_it_said(site: Site) -> None:
    subscribe(site, source_key="src_own")
    event(site, source_key="src_own")
    assert recover_plan(filters=filters(site, mode=Mode.MISSING)).total == 0


def test_missing_goes_on_where_a_slice_ended(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(missing, "SLICE", 2)
    subscriptions = [subscribe(site), subscribe(site)]
    for _ in range(5):
        event(site)
    job = recovered(filters(site, mode=Mode.MISSING), site)
    assert job.counts == {"delivered": 10, "not wanted": 0}
    assert job.done == job.total == 10
    for each in subscriptions:
        assert Delivery.objects.filter(subscription=each).count() == 5


def test_no_site_reaches_another(site: Site) -> None:
    foreign = SiteFactory.create()
    failed = delivery(subscribe(foreign))
    assert recover_plan(filters=filters(site)).total == 0
    both = RecoverFilter(site_ids=(site.pk, foreign.pk))
    with pytest.raises(ValidationError):
        recover_start(filters=both, site=site, actor=ACTOR)
    assert recover_plan(filters=filters(site, mode=Mode.MISSING)).total == 0
    assert not again_of(failed)


def test_filter_survives_in_a_job(site: Site) -> None:
    chosen = filters(
        site, mode=Mode.MISSING, subscription_id=3, event_type="a", error="dns", code="5xx",
        since=timezone.now(), upper_id=row_id_floor(timezone.now()), include_succeeded=True,
        ids=(row_id_floor(timezone.now()),),
    )  # fmt: skip
    assert RecoverFilter.from_json(chosen.as_json()) == chosen


# -- one -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (DeliveryStatus.PENDING, "on its way"),
        (DeliveryStatus.SENDING, "on its way"),
        (DeliveryStatus.RETRYING, "on its way"),
        (DeliveryStatus.HELD, "Switch the subscription on"),
        (DeliveryStatus.SUCCEEDED, "once more"),
    ],
)
def test_one_is_not_sent_again_lightly(site: Site, status: DeliveryStatus, told: str) -> None:
    row = delivery(subscribe(site), status)
    with pytest.raises(ValidationError, match=told):
        delivery_resend(delivery=row, actor=ACTOR)
    assert not again_of(row)


def test_one_is_sent_again_and_not_twice_at_once(site: Site) -> None:
    row = delivery(subscribe(site), SUCCEEDED)
    again_ = delivery_resend(delivery=row, actor=ACTOR, confirmed=True)
    assert (again_.repeats, again_.event, again_.triggered_by) == (row, row.event, "tests")
    assert AuditEntry.objects.filter(action="delivery.resent", object_id=str(row.pk)).exists()
    with pytest.raises(ValidationError, match="at this moment"):
        delivery_resend(delivery=row, actor=ACTOR, confirmed=True)
    Delivery.objects.filter(pk=again_.pk).update(status=FAILED)
    delivery_resend(delivery=row, actor=ACTOR, confirmed=True)
    assert len(again_of(row)) == 2


def test_nothing_is_sent_of_what_was_erased(site: Site) -> None:
    row = delivery(subscribe(site))
    Event.objects.filter(pk=row.event_id).update(payload="")
    with pytest.raises(ValidationError, match="nothing to send"):
        delivery_resend(delivery=row, actor=ACTOR)


def test_cancelling_takes_the_whole_request_back(site: Site, superuser: User) -> None:
    subscription = subscribe(site)
    first = delivery(subscription, DeliveryStatus.RETRYING)
    second = delivery(subscription, DeliveryStatus.RETRYING, unit=first.unit)
    alone = delivery(subscription, DeliveryStatus.PENDING)
    assert delivery_cancel(delivery=first, actor=Actor(user=superuser, label="kim")) == 2
    for each in (first, second):
        each.refresh_from_db()
        assert (each.status, each.reason) == (DeliveryStatus.CANCELLED, "Cancelled by kim.")
        assert each.finished_at is not None
    alone.refresh_from_db()
    assert alone.status == DeliveryStatus.PENDING
    with pytest.raises(ValidationError, match="ended"):
        delivery_cancel(delivery=first, actor=ACTOR)


def test_what_a_worker_holds_is_not_cancelled(site: Site) -> None:
    row = delivery(subscribe(site), DeliveryStatus.SENDING)
    with pytest.raises(ValidationError, match="being sent"):
        delivery_cancel(delivery=row, actor=ACTOR)
