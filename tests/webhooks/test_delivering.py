"""The engine against a real receiver, from the published event to the recorded attempt."""

from __future__ import annotations

import json
import threading
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from common.http.async_client import AsyncClient
from tests.hostile.api import closed_port
from tests.webhooks.delivering import (
    TYPE,
    Answer,
    Got,
    deliver,
    publish,
    receiver,
    statuses,
    stop_when,
    subscription,
)
from webhooks.outbound.delivering import database_work, recording
from webhooks.outbound.delivering.claim_statements import MOST_BATCH_BYTES
from webhooks.outbound.delivering.delivery_loop import Until
from webhooks.outbound.delivering.engine import DeliveryEngine
from webhooks.outbound.formats import registry
from webhooks.outbound.formats.base import BuiltRequest, Format
from webhooks.outbound.models import (
    Attempt,
    Delivery,
    Event,
    Incident,
    KeptBody,
    Subscription,
    SubscriptionHour,
)
from webhooks.outbound.publishing import NewEvent, events_publish

pytestmark = [pytest.mark.django_db, pytest.mark.network]


class BatchFormat(Format):
    """An array of message ids; whatever goes into the bytes shows in them."""

    key = "test_batch"
    label = "Test"
    summary = "For tests."
    signings = ("none",)
    is_batchable = True

    def carries(self, event_type: str, settings: Any) -> bool:
        return True

    def build(self, events: Any, *, message_id: str, **_: Any) -> BuiltRequest:
        ids = ",".join(event.message_id for event in events)
        return BuiltRequest(body=f"{message_id}:{ids}".encode(), content_type="text/plain")


@pytest.fixture
def batch_format(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {**registry._by_key(), "test_batch": BatchFormat()}
    monkeypatch.setattr(registry, "_by_key", lambda: known)


def make_due() -> None:
    """Let the time of every retry come."""
    Delivery.objects.filter(status="retrying").update(due_at=timezone.now())
    Subscription.objects.update(slowed_until=None)


def test_what_is_published_is_delivered_once_and_logged() -> None:
    with receiver() as there:
        to = subscription(there.url)
        made = publish(to, 5)
        assert deliver() == 5
    assert statuses(to) == ["succeeded"] * 5
    assert sorted(there.message_ids) == sorted(each.event.message_id for each in made)
    assert Attempt.objects.filter(error="", status_code=200, number=1).count() == 5
    hour = SubscriptionHour.objects.get()
    assert (hour.succeeded, hour.failed) == (5, 0)
    to.refresh_from_db()
    assert to.last_success_at is not None


def test_an_attempt_says_what_was_sent_and_hides_secrets() -> None:
    with receiver(lambda _: (200, {}, b"ok")) as there:
        to = subscription(f"{there.url}?token=hidden", headers={"X-Api-Key": "hidden", "X-On": "1"})
        publish(to)
        deliver()
        (got,) = there.got
    assert got.headers["x-api-key"] == "hidden"
    assert got.path == "/hooks?token=hidden"
    attempt = Attempt.objects.get()
    assert "hidden" not in attempt.url
    assert "hidden" not in str(attempt.request_headers)
    assert attempt.body_bytes == len(got.body)
    assert attempt.response_body == "ok"


def test_a_failure_is_tried_again_with_the_same_id_and_bytes_until_it_works() -> None:
    def second_time(got: Got) -> Answer:
        return (500 if got.number == 0 else 200), {}, b"no\0\xff" if got.number == 0 else b""

    with receiver(second_time) as there:
        to = subscription(there.url, retry_schedule=[0, 5000])
        publish(to)
        deliver()
        delivery = Delivery.objects.get()
        assert (delivery.status, delivery.attempts) == ("retrying", 1)
        assert delivery.last_status_code == 500
        wait = (delivery.due_at - timezone.now()).total_seconds()
        assert 4000 < wait < 6000
        assert deliver() == 0
        # What an operator changes meanwhile does not change a message that was sent before.
        Subscription.objects.update(format_key="cloudevents", updated_at=timezone.now())
        make_due()
        assert deliver() == 1
    assert statuses(to) == ["succeeded"]
    first, second = there.got
    assert (first.message_id, first.body) == (second.message_id, second.body)
    assert first.headers["content-type"] == second.headers["content-type"]
    numbers = list(Attempt.objects.order_by("pk").values_list("number", "trigger", "error"))
    assert numbers == [(1, "event", "status"), (2, "retry", "")]
    assert "\ufffd" in Attempt.objects.order_by("pk")[0].response_body


def test_all_attempts_of_the_schedule_and_no_more() -> None:
    with receiver(500) as there:
        to = subscription(there.url, retry_schedule=[0, 1, 1])
        publish(to)
        for _ in range(6):
            deliver()
            make_due()
    assert len(there.got) == 3
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == ("failed", 3)
    assert "last attempt" in delivery.reason
    assert delivery.finished_at is not None


def test_a_refused_connection_is_tried_again_at_once_and_then_by_the_schedule() -> None:
    with closed_port() as port:
        to = subscription(f"http://127.0.0.1:{port}/hooks")
        publish(to)
        assert deliver() == 2
    assert statuses(to) == ["retrying"]
    assert list(Attempt.objects.values_list("error", flat=True)) == ["refused", "refused"]


def test_a_receiver_that_is_gone_disables_its_subscription_and_everything_is_held() -> None:
    with receiver(410) as there:
        to = subscription(there.url, concurrency=1)
        publish(to, 20)
        deliver()
        assert len(there.got) <= 4
    assert set(statuses(to)) == {"held"}
    to.refresh_from_db()
    assert to.state == "disabled"
    assert "410" in to.state_reason
    assert Incident.objects.get().has_disabled


def test_a_receiver_that_is_busy_gets_a_rest() -> None:
    def busy(_: Got) -> Answer:
        return 503, {"Retry-After": "120"}, b""

    with receiver(busy) as there:
        to = subscription(there.url, concurrency=1)
        publish(to, 20)
        deliver()
        assert 1 <= len(there.got) <= 4
    to.refresh_from_db()
    assert to.slowed_until is not None
    assert to.slowed_until > timezone.now() + timedelta(seconds=60)
    assert statuses(to).count("pending") >= 16


def test_a_paused_subscription_gets_nothing_and_its_deliveries_are_held() -> None:
    with receiver() as there:
        to = subscription(there.url)
        publish(to, 3)
        Subscription.objects.update(state="paused", updated_at=timezone.now())
        assert deliver() == 0
        assert there.got == []
    assert statuses(to) == ["held"] * 3


def test_a_pause_while_it_is_under_way_holds_what_failed() -> None:
    with receiver() as there:
        to = subscription(there.url)

        def pauses(_: Got) -> Answer:
            return 500, {}, b""

        there.answers = pauses
        publish(to)
        pausing = _PausesBeforeRecording()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(database_work, "record", pausing)
            deliver()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.attempts) == ("held", 1)


class _PausesBeforeRecording:
    def __call__(self, results: Any, *, owner: str) -> Any:
        Subscription.objects.update(state="paused", updated_at=timezone.now())
        return recording.record(results, owner=owner)


def test_a_result_that_comes_late_is_in_the_log_and_moves_nothing() -> None:
    with receiver() as there:
        to = subscription(there.url)
        publish(to)

        def taken_over(results: Any, *, owner: str) -> Any:
            Delivery.objects.update(lease_owner="another")
            return recording.record(results, owner=owner)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(database_work, "record", taken_over)
            deliver()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.lease_owner) == ("sending", "another")
    assert recording.LATE in Attempt.objects.get().sentence
    assert not SubscriptionHour.objects.exists()


def test_a_subscription_that_was_deleted_meanwhile_leaves_nothing_behind() -> None:
    with receiver() as there:
        to = subscription(there.url)
        publish(to, 2)

        def deletes(results: Any, *, owner: str) -> Any:
            to.delete()
            return recording.record(results, owner=owner)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(database_work, "record", deletes)
            deliver()
    assert not Delivery.objects.exists()
    assert not Attempt.objects.exists()


def test_what_cannot_be_built_fails_with_a_sentence() -> None:
    with receiver() as there:
        to = subscription(there.url, format_key="gone")
        publish(to)
        deliver()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.last_error) == ("failed", "unsendable")
    assert "not installed" in delivery.reason


def test_a_mistake_of_ours_is_one_failed_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    async def breaks(*_: Any) -> Any:
        raise LookupError

    monkeypatch.setattr(AsyncClient, "send", breaks)
    to = subscription("http://127.0.0.1:9/")
    publish(to)
    deliver()
    assert "LookupError" in Attempt.objects.get().sentence
    assert statuses(to) == ["retrying"]


def test_an_attempt_that_the_database_refuses_is_recorded_bare_and_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def odd(got: Got) -> Answer:
        return 200, {}, b"odd" if got.number == 1 else b"even"

    row = recording._attempt_row

    def refused(each: Any, *, is_late: bool) -> Any:
        values = row(each, is_late=is_late)
        if values["response_body"] == "odd":
            values["number"] = None  # no column takes that
        return values

    monkeypatch.setattr(recording, "_attempt_row", refused)
    with receiver(odd) as there:
        to = subscription(there.url)
        publish(to, 3)
        deliver()
    assert statuses(to) == ["succeeded"] * 3
    assert sorted(Attempt.objects.values_list("response_body", flat=True)) == ["", "even", "even"]


def test_short_runs_raise_what_the_database_says(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise OperationalError

    to = subscription("http://127.0.0.1:9/")
    publish(to)
    monkeypatch.setattr(database_work, "claim", fail)
    with pytest.raises(OperationalError):
        deliver()


def test_once_makes_one_claim() -> None:
    with receiver() as there:
        to = subscription(there.url)
        publish(to, 40)
        done = deliver(Until.ONE_BATCH)
    assert 0 < done < 40
    assert statuses(to).count("succeeded") == done
    assert not Delivery.objects.exclude(lease_owner="").exists()


def test_once_ends_with_fewer_slots_than_units(settings: Any) -> None:
    settings.WORKER_DELIVERIES = 2
    with receiver() as there:
        to = subscription(there.url)
        for _ in range(2):
            subscription(there.url, site=to.site)
        publish(to, 3)
        assert deliver(Until.ONE_BATCH) == len(there.got) >= 3
    assert not Delivery.objects.exclude(lease_owner="").exists()


def test_large_payloads_are_read_when_their_turn_comes() -> None:
    with receiver() as there:
        to = subscription(there.url)
        publish(to, 3, subject={"email": "x"})
        Event.objects.update(payload='{"text":"' + "x" * 100_000 + '"}')
        assert deliver() == 3
    assert all(len(got.body) > 100_000 for got in there.got)


def test_a_dead_receiver_does_not_keep_others_waiting(settings: Any) -> None:
    settings.WORKER_GRACE_SECONDS = 0.1
    never = threading.Event()

    def hangs(_: Got) -> Answer:
        never.wait(20)
        return 200, {}, b""

    with receiver(hangs) as dead, receiver() as there:
        slow = subscription(dead.url)
        publish(slow, 40)
        to = subscription(there.url)
        publish(to, 100)
        engine = DeliveryEngine()
        runs = threading.Thread(target=stop_when, args=(engine, lambda: len(there.got) == 100))
        runs.start()
        engine.run(Until.NOTHING_DUE)
        runs.join()
        in_flight = len(dead.got)
        never.set()
    assert len(there.got) == 100
    assert in_flight <= 4


def test_a_stop_lets_what_is_under_way_end_and_hands_the_rest_back() -> None:
    begun, go_on = threading.Event(), threading.Event()

    def waits(_: Got) -> Answer:
        begun.set()
        go_on.wait(10)
        return 200, {}, b""

    with receiver(waits) as there:
        to = subscription(there.url, concurrency=2)
        publish(to, 10)
        engine = DeliveryEngine()

        def stop() -> None:
            begun.wait(10)
            engine.stop()
            go_on.set()

        stopping = threading.Thread(target=stop)
        stopping.start()
        done = engine.run(Until.NOTHING_DUE)
        stopping.join()
    assert done == len(there.got) < 10
    assert statuses(to).count("succeeded") == done
    rest = Delivery.objects.filter(status="pending")
    assert rest.count() == 10 - done
    assert set(rest.values_list("attempts", "lease_owner")) == {(0, "")}


def test_a_call_that_outlasts_the_grace_period_is_an_attempt(settings: Any) -> None:
    settings.WORKER_GRACE_SECONDS = 0.1
    begun, go_on = threading.Event(), threading.Event()

    def waits(_: Got) -> Answer:
        begun.set()
        go_on.wait(10)
        return 200, {}, b""

    with receiver(waits) as there:
        to = subscription(there.url)
        publish(to)
        engine = DeliveryEngine()
        stopping = threading.Thread(target=stop_when, args=(engine, begun.is_set))
        stopping.start()
        engine.run(Until.NOTHING_DUE)
        stopping.join()
        go_on.set()
    assert statuses(to) == ["retrying"]
    assert "stopped before the answer" in Attempt.objects.get().sentence


def test_strict_order_sends_one_at_a_time_of_a_key_and_in_order() -> None:
    with receiver() as there:
        to = subscription(there.url, strict_order=True)
        for _ in range(5):
            publish(to, order_key="kim")
            publish(to, order_key="robin")
        assert deliver() == 10
    sent = {each.event.message_id: each.order_key for each in Delivery.objects.all()}
    wanted = [each.event.message_id for each in Delivery.objects.order_by("pk")]
    for key in ("kim", "robin"):
        got = [each for each in there.message_ids if sent[each] == key]
        assert got == [each for each in wanted if sent[each] == key]


def test_in_strict_order_a_failed_one_holds_its_followers_up_and_no_others() -> None:
    with receiver(lambda got: (500 if got.number == 0 else 200, {}, b"")) as there:
        to = subscription(there.url, strict_order=True)
        publish(to, order_key="kim")
        deliver()
        publish(to, 2, order_key="kim")
        publish(to, order_key="robin")
        assert deliver() == 1
        assert statuses(to) == ["retrying", "pending", "pending", "succeeded"]
        make_due()
        assert deliver() == 3
    assert statuses(to) == ["succeeded"] * 4


@pytest.mark.usefixtures("batch_format")
def test_full_batches_go_at_once_and_the_rest_with_their_window() -> None:
    with receiver() as there:
        to = subscription(
            there.url, format_key="test_batch", batch_size=4, batch_seconds=600, signing="none"
        )
        publish(to, 10)
        assert deliver() == 2
        assert statuses(to) == ["succeeded"] * 8 + ["pending"] * 2
        Delivery.objects.filter(status="pending").update(due_at=timezone.now())
        assert deliver() == 1
    assert Attempt.objects.filter(deliveries=4).count() == 2
    assert KeptBody.objects.count() == 3
    assert len(set(Delivery.objects.values_list("unit", flat=True))) == 3


@pytest.mark.usefixtures("batch_format")
def test_a_failed_batch_is_kept_whole_and_newer_ones_do_not_wait() -> None:
    with receiver(lambda got: (500 if got.number == 0 else 200, {}, b"")) as there:
        to = subscription(
            there.url, format_key="test_batch", batch_size=3, batch_seconds=600, signing="none"
        )
        publish(to, 3)
        deliver()
        publish(to, 3)
        deliver()
        assert statuses(to) == ["retrying"] * 3 + ["succeeded"] * 3
        make_due()
        assert deliver() == 1
    first, second, third = there.got
    assert first.body == third.body != second.body
    assert statuses(to) == ["succeeded"] * 6
    assert Delivery.objects.order_by("pk")[0].attempts == 2


def test_a_batch_too_heavy_for_one_request_is_split() -> None:
    with receiver() as there:
        to = subscription(there.url, batch_size=100)
        heavy = {"text": "å" * 700_000}  # two bytes each
        events_publish(
            [
                NewEvent(site_id=to.site_id, type=TYPE, payload=each, occurred_at=timezone.now())
                for each in ({}, *[heavy] * 6, {})
            ]
        )
        assert deliver() == 3
    assert statuses(to) == ["succeeded"] * 8
    assert sorted(len(json.loads(got.body)) for got in there.got) == [2, 3, 3]
    assert all(len(got.body) < MOST_BATCH_BYTES for got in there.got)


def test_an_event_heavier_than_a_batch_may_be_goes_alone() -> None:
    with receiver() as there:
        to = subscription(there.url, batch_size=100)
        events_publish(
            [
                NewEvent(site_id=to.site_id, type=TYPE, payload=each, occurred_at=timezone.now())
                for each in ({"text": "a" * (MOST_BATCH_BYTES + 1)}, {})
            ]
        )
        assert deliver() == 2
    assert statuses(to) == ["succeeded"] * 2


def test_a_rate_limit_is_kept() -> None:
    times: list[datetime] = []

    def notes(_: Got) -> Answer:
        times.append(timezone.now())
        return 200, {}, b""

    with receiver(notes) as there:
        to = subscription(there.url, rate_per_second=20)
        publish(to, 12)
        began_at = timezone.now()
        assert deliver() == 12
    to.refresh_from_db()
    assert to.paced_until is not None
    just, burst = timedelta(milliseconds=2), timedelta(seconds=0.1)
    assert to.paced_until - began_at >= 12 * timedelta(seconds=1 / 20) - just
    # A tenth of a second's worth may go at once; the others take their time.
    assert times[-1] >= to.paced_until - burst - just


def test_the_rate_of_all_workers_is_one() -> None:
    to = subscription("http://127.0.0.1:9/", rate_per_second=1)
    publish(to, 2)
    Subscription.objects.update(paced_until=timezone.now() + timedelta(seconds=30))
    assert deliver(Until.ONE_BATCH) == 0
