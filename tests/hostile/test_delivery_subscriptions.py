"""Hostile receivers beside good ones, through the engine: each its state, and no good one waits."""

from __future__ import annotations

import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

import pytest
from django.utils import timezone

from common.http import names
from sites.models import Site
from tests.hostile import behaviours as api_that
from tests.hostile.api import Behaviour, HostileApi, closed_port
from tests.hostile.certificates import self_signed
from tests.webhooks.delivering import (
    TYPE,
    Receiver,
    deliver,
    publish,
    receiver,
    statuses,
    subscription,
)
from webhooks.outbound.delivering.delivery_loop import Until
from webhooks.outbound.delivering.engine import DeliveryEngine
from webhooks.outbound.delivering.lanes import FIRST_LIMIT
from webhooks.outbound.models import Attempt, Delivery, Subscription

pytestmark = [pytest.mark.django_db, pytest.mark.network]

Apis: TypeAlias = dict[str, HostileApi]

EVENTS = 3
# No second attempt comes by itself, however long the first ones of all take.
_SCHEDULE = [0, 3600]


@dataclass(frozen=True, slots=True)
class Expected:
    """What each delivery of a hostile receiver comes to at its first attempt."""

    status: str
    error: str
    words: str
    code: int | None = None


# Two attempts at most; what is retrying after the first has failed after the second.
_HOSTILE: dict[str, tuple[Behaviour, Expected]] = {
    "late": (api_that.is_late, Expected("retrying", "timeout", "within 3 seconds")),
    "drip": (api_that.drips_body, Expected("retrying", "timeout", "within 3 seconds")),
    "interim": (api_that.floods_interim(), Expected("retrying", "timeout", "within 3 seconds")),
    "endless": (
        api_that.sends_endless_body(500),
        Expected("retrying", "status", "answered 500", 500),
    ),
    "endless and content": (api_that.sends_endless_chunks(), Expected("succeeded", "", "", 200)),
    "bomb": (api_that.sends_gzip_bomb, Expected("succeeded", "", "", 200)),
    "metadata": (api_that.redirects(), Expected("retrying", "status", "not followed", 307)),
    "reset": (api_that.resets, Expected("retrying", "reset", "closed the connection")),
    "headers": (api_that.has_huge_headers(), Expected("retrying", "protocol", "longer headers")),
    "garbage": (api_that.is_garbage, Expected("retrying", "protocol", "no HTTP answer")),
    "certificate": (api_that.answers(200), Expected("retrying", "tls", "does not trust")),
    "for ever busy": (
        api_that.answers(503, b"", [("Retry-After", "9999999999999999999999")]),
        Expected("retrying", "status", "answered 503", 503),
    ),
    "gone": (api_that.sends_endless_body(410), Expected("held", "status", "answered 410", 410)),
}


_ENDLESS: dict[str, Behaviour] = {
    "late": api_that.is_late,
    "drips its status": api_that.drips_status,
    "drips headers": api_that.drips_headers,
    "drips a body": api_that.drips_body,
    "floods with 100": api_that.floods_interim(100),
    "floods with 103": api_that.floods_interim(103),
}
_FAILING: dict[str, Behaviour] = {
    "resets": api_that.resets,
    "garbage": api_that.is_garbage,
    "endless": api_that.sends_endless_body(500),
    "headers": api_that.has_huge_headers(),
    "bomb": api_that.sends_gzip_bomb,
}


class MovingName:
    """The only name there is; its address is what the test says."""

    host = "moving.example"

    def __init__(self) -> None:
        self.address = "127.0.0.1"

    def addresses(self, host: str, port: int) -> list[names.Found]:
        return [(socket.AF_INET, (self.address if host == self.host else host, port))]


@pytest.fixture
def moving_name(monkeypatch: pytest.MonkeyPatch) -> MovingName:
    name = MovingName()
    monkeypatch.setattr(names, "system_addresses", name.addresses)
    return name


@contextmanager
def _apis(behaviours: Mapping[str, Behaviour], tls: Collection[str] = ()) -> Iterator[Apis]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(
                HostileApi(behaviour, tls=self_signed("127.0.0.1") if name in tls else None)
            )
            for name, behaviour in behaviours.items()
        }


@contextmanager
def _good(site: Site, count: int) -> Iterator[dict[Subscription, Receiver]]:
    with ExitStack() as stack:
        found = {}
        for number in range(count):
            there = stack.enter_context(receiver())
            found[_subscribe(site, f"good {number}", there.url)] = there
        yield found


def _subscribe(site: Site, name: str, url: str, **fields: Any) -> Subscription:
    values = {"event_types": [TYPE], "retry_schedule": _SCHEDULE}
    return subscription(url, site=site, name=name, **(values | fields))


def _seconds(expected: Expected) -> int:
    """Return a short time-out only where it is to run out: this machine may be busy."""
    return 3 if expected.error == "timeout" else 60


def _let_retries_come() -> None:
    Delivery.objects.filter(status="retrying").update(due_at=timezone.now())
    Subscription.objects.update(slowed_until=None)


def _states(to: Subscription) -> set[tuple[str, int, str]]:
    rows = Delivery.objects.filter(subscription=to)
    return set(rows.values_list("status", "attempts", "last_error"))


def _assert_log(to: Subscription, expected: Expected, numbers: list[int]) -> None:
    attempts = list(Attempt.objects.filter(subscription=to).order_by("number"))
    assert [each.number for each in attempts] == numbers
    for each in attempts:
        assert (each.error, each.status_code) == (expected.error, expected.code)
        assert expected.words in each.sentence
        assert len(each.response_body) <= 16_384
        assert "\0" not in each.response_body


def _assert_served_once(good: dict[Subscription, Receiver], count: int) -> None:
    for to, there in good.items():
        assert _states(to) == {("succeeded", 1, "")}
        assert statuses(to) == ["succeeded"] * count
        sent = Delivery.objects.filter(subscription=to).values_list("event__message_id", flat=True)
        assert sorted(there.message_ids) == sorted(sent)


def test_each_hostile_receiver_has_its_attempts_and_its_state(
    site: Site, moving_name: MovingName
) -> None:
    behaviours = {name: behaviour for name, (behaviour, _) in _HOSTILE.items()}
    with (
        _apis(behaviours, tls={"certificate"}) as apis,
        HostileApi(api_that.answers(500)) as moving,
        _good(site, 5) as good,
        closed_port() as port,
    ):
        hostile = {
            name: _subscribe(site, name, apis[name].url(), timeout_seconds=_seconds(expected))
            for name, (_, expected) in _HOSTILE.items()
        }
        refusing = _subscribe(site, "refused", f"http://127.0.0.1:{port}/")
        rebinding = _subscribe(site, "rebinding", moving.url(host=moving_name.host))
        publish(rebinding, EVENTS)

        deliver()
        for name, (_, expected) in _HOSTILE.items():
            assert _states(hostile[name]) == {(expected.status, 1, expected.error)}, name
            _assert_log(hostile[name], expected, [1] * EVENTS)
        assert _states(rebinding) == {("retrying", 1, "status")}
        # Refused at once, and so tried again at once: its two attempts are over.
        assert _states(refusing) == {("failed", 2, "refused")}
        before = moving.connections

        moving_name.address = "169.254.169.254"
        _let_retries_come()
        deliver()
        for name, (_, expected) in _HOSTILE.items():
            retried = expected.status == "retrying"
            status, count = ("failed", 2) if retried else (expected.status, 1)
            assert _states(hostile[name]) == {(status, count, expected.error)}, name
            numbers = [1] * EVENTS + [2] * EVENTS * retried
            _assert_log(hostile[name], expected, numbers)
            assert apis[name].connections == len(numbers), name
            ids = Counter(each.header("webhook-id") for each in apis[name].requests)
            assert set(ids.values()) <= {count}, name
        assert _states(rebinding) == {("failed", 2, "blocked_address")}
        assert moving.connections == before
        _assert_served_once(good, EVENTS)
    disabled = Subscription.objects.exclude(state="active")
    assert [each.name for each in disabled] == ["gone"]


def test_good_ones_get_everything_while_hostile_ones_are_being_tried(
    site: Site, settings: Any
) -> None:
    settings.WORKER_GRACE_SECONDS = 0.1
    with (
        _apis(_ENDLESS) as endless,
        _apis(_FAILING) as failing,
        _good(site, 5) as good,
    ):
        for name, api in (endless | failing).items():
            _subscribe(site, name, api.url(), timeout_seconds=60)
        publish(next(iter(good)), 40)
        engine = DeliveryEngine()

        def all_arrived() -> bool:
            return all(len(there.got) >= 40 for there in good.values())

        stopping = threading.Thread(target=_stop_when, args=(engine, all_arrived))
        stopping.start()
        engine.run(Until.STOPPED)
        stopping.join()
    _assert_served_once(good, 40)
    for name in endless:
        deliveries = Delivery.objects.filter(subscription__name=name)
        # They were under way when the good ones had it all: nobody had waited for their end.
        under_way = deliveries.filter(status="retrying", attempts=1, last_error="reset")
        stopped = Attempt.objects.filter(
            subscription__name=name, sentence__contains="stopped before the answer"
        )
        assert 1 <= under_way.count() == stopped.count() <= FIRST_LIMIT, name
        assert deliveries.filter(status="pending", attempts=0).count() == 40 - under_way.count()


def _stop_when(engine: DeliveryEngine, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 240
    while not done() and time.monotonic() < deadline:
        time.sleep(0.01)
    engine.stop()
