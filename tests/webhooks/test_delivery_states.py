"""Claims, results, pauses, lost leases and deaths in any order, without a receiver.

Whatever happens: nothing is lost, no delivery is held twice, none is tried more often than its
schedule says, and in strict order none overtakes another of its key.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.http import FailureKind, HttpAnswer, HttpFailure
from sites.models import Site
from tests.webhooks.delivering import publish, subscription
from webhooks.outbound.building import build, prepare
from webhooks.outbound.delivering.attempt import Sent, Tried
from webhooks.outbound.delivering.claiming import claim
from webhooks.outbound.delivering.leases import (
    hold_waiting,
    reap_expired_leases,
    release,
    release_all,
)
from webhooks.outbound.delivering.loading import load
from webhooks.outbound.delivering.recording import bodies_keep, record
from webhooks.outbound.delivering.sending import judged
from webhooks.outbound.delivering.sharing import Claimed, Wanted
from webhooks.outbound.delivering.unit import Unit
from webhooks.outbound.formats.base import CannotBuild
from webhooks.outbound.models import (
    Attempt,
    Delivery,
    Event,
    Incident,
    KeptBody,
    Subscription,
    SubscriptionHour,
)
from webhooks.outbound.subscriptions.directory import snapshot_of
from webhooks.outbound.upkeep.erasure import EMPTIED

pytestmark = pytest.mark.django_db

SCHEDULE = [0, 1, 1]
WAITING = ("pending", "retrying", "sending", "held")


def take(to: Subscription, owner: str, limit: int = 100, *, is_shared: bool = False) -> Claimed:
    to.refresh_from_db()
    wanted = [Wanted(snapshot_of(to), limit)]
    claimed = claim(owner, wanted, limit=limit, is_shared=is_shared)
    load(claimed.units)
    return claimed


def end(
    to: Subscription, unit: Unit, owner: str, status: int | FailureKind, body: bytes = b""
) -> Tried:
    """Record an attempt that ended so, without having sent anything; return it."""
    result = result_of(to, unit, status, body)
    record([result], owner=owner)
    return result


def result_of(to: Subscription, unit: Unit, status: int | FailureKind, body: bytes = b"") -> Tried:
    snapshot = snapshot_of(to)
    built = unit.kept or build(snapshot, unit.events, unit.message_id)
    now = datetime.now(UTC)
    prepared = prepare(snapshot, built, unit.message_id, now)
    came: HttpAnswer | HttpFailure
    if isinstance(status, FailureKind):
        came = HttpFailure(status, "It failed.", 5)
    else:
        came = HttpAnswer(status=status, headers={}, body=body, is_cut=False, duration_ms=5)
    result = judged(unit, snapshot, Sent(now, prepared, came))
    result.keeps = None if unit.kept else built
    return result


def make_due() -> None:
    Delivery.objects.filter(status__in=("pending", "retrying")).update(due_at=timezone.now())
    Subscription.objects.update(slowed_until=None)


def check(to: Subscription, total: int) -> None:
    deliveries = list(Delivery.objects.filter(subscription=to))
    assert len(deliveries) == total
    attempts = Attempt.objects.filter(subscription=to)
    for each in deliveries:
        assert each.attempts <= len(SCHEDULE)
        assert (each.status == "sending") == bool(each.lease_owner)
        assert (each.status == "sending") == (each.lease_expires_at is not None)
        assert (each.finished_at is not None) == (each.status in ("succeeded", "failed"))
        if each.status == "failed":
            assert each.reason
        logged = attempts.filter(unit=each.unit).values_list("number", flat=True)
        if each.status != "sending":
            # The log is complete: every attempt that counts has a line.
            assert set(range(1, each.attempts + 1)) <= set(logged)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), st.integers(0, 1), st.integers(1, 4)),
        st.tuples(
            st.just("end"),
            st.integers(0, 9),
            st.sampled_from(
                [200, 200, 204, 400, 429, 500, 302, FailureKind.TIMEOUT, FailureKind.REFUSED]
            ),
        ),
        st.tuples(st.just("release"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("expire"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("stop"), st.integers(0, 1), st.just(0)),
        st.tuples(st.just("pause"), st.just(0), st.just(0)),
        st.tuples(st.just("resume"), st.just(0), st.just(0)),
        st.tuples(st.just("due"), st.just(0), st.just(0)),
        st.tuples(st.just("publish"), st.integers(0, 1), st.integers(1, 3)),
    ),
    max_size=25,
)


class Play:
    """Two workers with what they have in hand, and one subscription."""

    def __init__(self, site: Site, *, strict_order: bool) -> None:
        self.to = subscription(
            "http://127.0.0.1:9/", site=site, strict_order=strict_order, retry_schedule=SCHEDULE
        )
        self.total = 0
        self.hands: list[tuple[str, Unit]] = []
        self.publish(0, 3)

    def publish(self, key: int, count: int) -> None:
        self.total += len(publish(self.to, count, order_key=f"key {key}"))

    def claim(self, worker: int, limit: int) -> None:
        owner = f"worker {worker}"
        under_way = set(Delivery.objects.filter(status="sending").values_list("pk", flat=True))
        units = take(self.to, owner, limit).units
        claimed = {UUID(str(each)) for unit in units for each in unit.delivery_ids}
        assert not under_way & claimed
        assert len(units) <= limit
        if self.to.strict_order:
            keys = Delivery.objects.filter(status="sending").values_list("order_key", flat=True)
            assert len(keys) == len(set(keys))
        if self.to.state != "active":
            assert not units
        self.hands += [(owner, unit) for unit in units]

    def end(self, number: int, status: int | FailureKind) -> None:
        if self.hands:
            owner, unit = self.hands.pop(number % len(self.hands))
            end(self.to, unit, owner, status)

    def release(self, number: int, _: Any) -> None:
        if self.hands:
            owner, unit = self.hands.pop(number % len(self.hands))
            release(owner, unit.delivery_ids, unit.attempts)

    def expire(self, worker: int, _: Any) -> None:
        """The worker hangs, its leases run out; its results may still come, late."""
        held = Delivery.objects.filter(status="sending", lease_owner=f"worker {worker}")
        held.update(lease_expires_at=timezone.now())
        reap_expired_leases()

    def stop(self, worker: int, _: Any) -> None:
        release_all(f"worker {worker}")
        self.hands = [hand for hand in self.hands if hand[0] != f"worker {worker}"]

    def pause(self, *_: Any) -> None:
        Subscription.objects.update(state="paused", updated_at=timezone.now())
        hold_waiting()

    def resume(self, *_: Any) -> None:
        Delivery.objects.filter(status="held").update(status="pending", reason="")
        Delivery.objects.filter(status="pending", attempts__gt=0).update(status="retrying")
        Subscription.objects.update(state="active", updated_at=timezone.now())

    def due(self, *_: Any) -> None:
        make_due()


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS, strict_order=st.booleans())
def test_no_order_of_things_loses_or_doubles_a_delivery(
    site: Site, steps: list[tuple[str, int, Any]], strict_order: bool
) -> None:
    with transaction.atomic():
        play = Play(site, strict_order=strict_order)
        for name, first, second in steps:
            getattr(play, name)(first, second)
            check(play.to, play.total)
        # And all of it comes to an end once the receiver works.
        play.resume()
        for _ in range(200):
            play.expire(0, 0)
            play.expire(1, 0)
            make_due()
            play.hands.clear()
            play.claim(0, 4)
            for owner, unit in play.hands:
                end(play.to, unit, owner, 200)
            if not Delivery.objects.filter(status__in=WAITING).exists():
                break
        check(play.to, play.total)
        assert not Delivery.objects.filter(status__in=WAITING).exists()
        transaction.set_rollback(True)


def test_a_reaped_lease_counts_and_is_in_the_log(site: Site) -> None:
    to = subscription("http://127.0.0.1:9/x?secret=1", site=site, retry_schedule=[0, 1])
    publish(to)
    for attempt in (1, 2):
        (unit,) = take(to, "dies").units
        assert unit.attempts == attempt
        Delivery.objects.update(lease_expires_at=timezone.now())
        assert reap_expired_leases() == 1
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.last_error) == ("failed", "lost")
    lost = Attempt.objects.order_by("pk")
    assert [(each.number, each.trigger, each.error) for each in lost] == [
        (1, "event", "lost"),
        (2, "retry", "lost"),
    ]
    assert "secret=1" not in lost[0].url


def test_the_end_of_an_earlier_attempt_does_not_count_for_a_later_one(site: Site) -> None:
    to = subscription("http://127.0.0.1:9/", site=site)
    publish(to)
    (first,) = take(to, "hangs").units
    Delivery.objects.update(lease_expires_at=timezone.now())
    reap_expired_leases()
    (second,) = take(to, "hangs").units
    end(to, first, "hangs", 500)
    assert Delivery.objects.get().status == "sending"
    end(to, second, "hangs", 200)
    assert Delivery.objects.get().status == "succeeded"


def test_what_is_handed_back_late_leaves_a_later_claim_alone(site: Site) -> None:
    to = subscription("http://127.0.0.1:9/", site=site)
    publish(to)
    (first,) = take(to, "slow").units
    Delivery.objects.update(lease_expires_at=timezone.now())
    reap_expired_leases()
    (second,) = take(to, "slow").units
    assert release("slow", first.delivery_ids, first.attempts) == 0
    end(to, second, "slow", 200)
    assert Delivery.objects.get().status == "succeeded"


def test_a_batch_of_which_a_part_is_gone_ends_as_it_ended(site: Site) -> None:
    to = subscription("http://127.0.0.1:9/", site=site, batch_size=3)
    publish(to, 3)
    (unit,) = take(to, "one").units
    Delivery.objects.filter(pk=unit.parts[0].delivery_id).delete()
    result = end(to, unit, "one", 500)
    attempt = Attempt.objects.get()
    assert attempt.sentence == result.decision.sentence
    assert set(Delivery.objects.values_list("status", flat=True)) == {"retrying"}
    assert SubscriptionHour.objects.get().failed == 1


def test_a_failure_brings_nothing_back_of_what_was_erased_meanwhile(site: Site) -> None:
    to = subscription("http://127.0.0.1:9/", site=site)
    publish(to, 2)
    erased, other = take(to, "one").units
    Event.objects.filter(pk=erased.parts[0].event_id).update(**EMPTIED)
    end(to, erased, "one", 500, body=b"No place for jane@example.com")
    end(to, other, "one", 500, body=b"No place")
    assert {str(kept.unit) for kept in KeptBody.objects.all()} == {str(UUID(str(other.id)))}
    assert set(Attempt.objects.values_list("response_body", flat=True)) == {"", "No place"}
    make_due()
    again = take(to, "one").units[0]
    with pytest.raises(CannotBuild, match="erased"):
        build(snapshot_of(to), again.events, again.message_id)


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("is_late", [False, True])
def test_no_answer_about_a_person_who_was_erased_meanwhile_is_logged(
    site: Site, status: int, is_late: bool
) -> None:
    """However the request ended, and for everybody to whom the same event was sent."""
    first, second = (subscription("http://127.0.0.1:9/", site=site) for _ in range(2))
    publish(first)
    units = [take(to, "one").units[0] for to in (first, second)]
    Event.objects.update(**EMPTIED)
    if is_late:
        Delivery.objects.update(lease_owner="another")
    results = [
        result_of(to, unit, status, body=b"Saved jane@example.com")
        for to, unit in zip((first, second), units, strict=True)
    ]
    record(results, owner="one")
    logged = Attempt.objects.values_list("status_code", "response_body")
    assert list(logged) == [(status, ""), (status, "")]
    assert not KeptBody.objects.exists()


def test_a_batch_of_what_was_erased_meanwhile_is_not_kept(site: Site) -> None:
    to = subscription("http://127.0.0.1:9/", site=site, batch_size=2)
    publish(to, 2)
    (unit,) = take(to, "one").units
    built = build(snapshot_of(to), unit.events, unit.message_id)
    Event.objects.filter(pk=unit.parts[1].event_id).update(**EMPTIED)
    bodies_keep([(unit, built)])
    assert not KeptBody.objects.exists()


@pytest.mark.parametrize("status", [200, 500])
def test_a_result_recorded_twice_is_in_the_log_once(site: Site, status: int) -> None:
    """As it happens when the database hangs up between its commit and its answer."""
    to = subscription("http://127.0.0.1:9/", site=site)
    publish(to)
    (unit,) = take(to, "worker").units
    result = end(to, unit, "worker", status)
    recorded = record([result], owner="worker")
    assert (recorded.applied, recorded.late) == (0, 0)
    assert Attempt.objects.get().sentence == result.decision.sentence
    hour = SubscriptionHour.objects.get()
    assert hour.succeeded + hour.failed == 1


def test_a_lease_outlasts_the_call(site: Site) -> None:
    to = subscription("http://127.0.0.1:9/", site=site, timeout_seconds=300)
    publish(to)
    take(to, "one")
    expires_at = Delivery.objects.get().lease_expires_at
    assert expires_at is not None
    assert expires_at - timezone.now() > timedelta(seconds=300)


def test_each_subscription_gets_its_share_of_a_claim(site: Site) -> None:
    many = [subscription("http://127.0.0.1:9/", site=site) for _ in range(4)]
    publish(many[0], 20)
    wanted = [Wanted(snapshot_of(each), 32) for each in many]
    units = claim("one", wanted, limit=20, is_shared=False).units
    counts = sorted(sum(unit.subscription_id == each.pk for unit in units) for each in many)
    assert counts == [5, 5, 5, 5]


def test_workers_together_keep_to_the_concurrency(site: Site) -> None:
    to = subscription("http://127.0.0.1:9/", site=site, concurrency=3)
    publish(to, 10)
    assert len(take(to, "one", is_shared=True).units) == 3
    assert len(take(to, "two", is_shared=True).units) == 0


def test_an_inactive_or_slowed_subscription_is_not_claimed(site: Site) -> None:
    to = subscription("http://127.0.0.1:9/", site=site)
    publish(to)
    Subscription.objects.update(slowed_until=timezone.now() + timedelta(minutes=1))
    assert not take(to, "one").units
    Subscription.objects.update(slowed_until=timezone.now(), state="paused")
    assert not take(to, "one").units


def test_failures_open_an_incident_and_a_success_ends_it(site: Site) -> None:
    to = subscription("http://127.0.0.1:9/", site=site)
    publish(to, 4)
    units = take(to, "one").units
    for unit in units[:3]:
        end(to, unit, "one", 500)
    to.refresh_from_db()
    assert to.failures_in_row == 3
    assert to.failing_since is not None
    incident = Incident.objects.get()
    assert (incident.failures, incident.last_status_code) == (3, 500)
    assert incident.ended_at is None
    end(to, units[3], "one", 200)
    recovered = Subscription.objects.get()
    assert recovered.failures_in_row == 0
    assert recovered.failing_since is None
    assert Incident.objects.get().ended_at is not None
    hour = SubscriptionHour.objects.get()
    assert (hour.succeeded, hour.failed, hour.within_50) == (1, 3, 4)


@pytest.mark.parametrize(
    ("days", "hours_of_failures", "is_disabled"),
    [
        (6, [0, 1, 13], True),
        (6, [0, 1, 2], False),  # the clock never started: all within an hour or two
        (6, [0, 13], False),  # two are not several
        (4, [0, 1, 13], False),
    ],
)
def test_the_policy_disables_after_five_days_of_nothing_but_failures(
    site: Site, days: int, hours_of_failures: list[int], is_disabled: bool
) -> None:
    to = subscription("http://127.0.0.1:9/", site=site)
    since = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=days)
    for hour in hours_of_failures:
        SubscriptionHour.objects.create(
            subscription=to, hour=since + timedelta(hours=hour), failed=1
        )
    Subscription.objects.update(failing_since=since, failures_in_row=len(hours_of_failures))
    publish(to, 2)
    (unit,) = take(to, "one", 1).units
    end(to, unit, "one", 500)
    to.refresh_from_db()
    assert (to.state == "disabled") is is_disabled
    statuses = set(Delivery.objects.values_list("status", flat=True))
    assert statuses == ({"held"} if is_disabled else {"retrying", "pending"})
