"""Workers that die while they deliver: nothing is lost or stuck, and the log is complete."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Final, TypeAlias

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection
from django.db.models import Max
from django.utils import timezone

from sites.models import Site
from tests.factories import SiteFactory
from tests.processes.waiting import eventually
from tests.processes.workers import (
    LEASE_SECONDS,
    running_worker,
    start_worker,
    wait_for_heartbeats,
)
from tests.webhooks.delivering import TYPE, Answer, Got, Receiver, publish, receiver, subscription
from webhooks.outbound.delivering.database_work import UPKEEP_SECONDS
from webhooks.outbound.delivering.lanes import FIRST_LIMIT
from webhooks.outbound.models import Attempt, Delivery, KeptBody, Subscription
from webhooks.outbound.publishing import NewEvent, events_publish

pytestmark = [
    pytest.mark.processes,
    pytest.mark.network,
    pytest.mark.django_db(transaction=True),
]

# What a process may need to start on a busy machine, besides the lease.
START_SECONDS: Final = 120
TIMEOUT_SECONDS: Final = 4
# A lease covers the waiting for a turn and the call, and is looked at every few seconds.
STUCK_SECONDS: Final = LEASE_SECONDS + 2 * TIMEOUT_SECONDS + UPKEEP_SECONDS
Start: TypeAlias = Callable[[], "subprocess.Popen[bytes]"]

OPT_OUT: Final = "contact.acceptsEmail.changed"


@pytest.fixture
def start() -> Iterator[Start]:
    """Start workers that the test ends in a way of its own; a failed test leaves none behind."""
    workers: list[subprocess.Popen[bytes]] = []

    def start_one() -> subprocess.Popen[bytes]:
        workers.append(start_worker())
        return workers[-1]

    yield start_one
    for worker in workers:
        worker.kill()
        worker.wait()


class Gate:
    """A receiver's answers: at once, slowly, or not before the gate is opened."""

    def __init__(self, seconds: float = 0.0) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._left: int | None = None
        self.is_open = threading.Event()
        self.is_open.set()

    def shut_after(self, count: int) -> None:
        """Let so many through and nobody after them, until it is opened."""
        with self._lock:
            self._left = count

    def open(self) -> None:
        with self._lock:
            self._left = None
            self.is_open.set()

    def __call__(self, _: Got) -> Answer:
        time.sleep(self._seconds)
        with self._lock:
            if self._left is not None:
                self._left -= 1
                if self._left < 0:
                    self._left = None
                    self.is_open.clear()
        self.is_open.wait(60)
        return 200, {}, b"ok"


def subscribe(site: Site, there: Receiver, **fields: object) -> Subscription:
    values: dict[str, object] = {"event_types": [TYPE], "timeout_seconds": TIMEOUT_SECONDS}
    return subscription(there.url, site=site, **(values | fields))


def subscribe_encrypted(site: Site, there: Receiver) -> Subscription:
    """Subscribe with an encryption that gives other bytes each time, so that they are kept."""
    public = rsa.generate_private_key(public_exponent=65_537, key_size=2048).public_key()
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    to = subscribe(site, there, encryption="jwe")
    to.secrets = {**to.secrets, "encryption": pem}
    to.save()
    return to


def subscribe_in_batches(site: Site, there: Receiver) -> Subscription:
    return subscribe(
        site,
        there,
        event_types=[OPT_OUT],
        format_key="ongage_batch",
        format_settings={"list_id": "9997"},
        batch_size=5,
        batch_seconds=1,
    )


def opt_out(site: Site, count: int) -> None:
    events_publish(
        [
            NewEvent(
                site_id=site.pk,
                type=OPT_OUT,
                payload={"acceptsEmail": False},
                occurred_at=timezone.now(),
                subject={"email": f"p{number}@example.com"},
            )
            for number in range(count)
        ]
    )


def held_by(worker: subprocess.Popen[bytes]) -> int:
    mine = Delivery.objects.filter(status="sending", lease_owner__contains=f"-{worker.pid}-")
    return mine.count()


def kill_in_mid_flight(worker: subprocess.Popen[bytes], *receivers: Receiver) -> None:
    """Kill a worker while it holds deliveries, and after a request of its went out."""
    before = sum(len(there.got) for there in receivers)
    eventually(
        lambda: held_by(worker) and sum(len(there.got) for there in receivers) > before,
        what="the worker delivers",
    )
    worker.send_signal(signal.SIGKILL)
    worker.wait()


def wait_until_all_ended() -> None:
    open_ones = Delivery.objects.filter(status__in=("pending", "sending", "retrying"))
    eventually(
        lambda: not open_ones.exists(), seconds=START_SECONDS + STUCK_SECONDS, what="all ended"
    )


def assert_log_is_complete(to: Subscription, there: Receiver) -> None:
    """Every request that arrived has its attempt, or a lease that was counted as lost."""
    seen = Counter(there.message_ids)
    bodies: dict[str, set[bytes]] = {}
    for got in there.got:
        bodies.setdefault(got.message_id, set()).add(got.body)
    assert all(len(each) == 1 for each in bodies.values()), "a repeat had other bytes"
    for delivery in Delivery.objects.filter(subscription=to).select_related("event"):
        log = Attempt.objects.filter(unit=delivery.unit)
        numbers = sorted(log.values_list("number", flat=True))
        assert numbers == list(range(1, delivery.attempts + 1))
        ends = Counter(log.values_list("error", flat=True))
        assert ends[""] == 1
        assert set(ends) <= {"", "lost", "reset", "timeout"}
        message_id = delivery.event.message_id
        if delivery.unit != delivery.pk:
            message_id = f"msg_{delivery.unit.hex}"
        assert 1 <= seen[message_id] <= delivery.attempts


def test_killed_workers_lose_nothing_and_repeat_under_the_same_id(start: Start) -> None:
    site = SiteFactory.create()
    slow = Gate(0.02)
    with receiver(slow) as plain, receiver(slow) as sealed, receiver(slow) as batched:
        to = {
            subscribe(site, plain): plain,
            subscribe_encrypted(site, sealed): sealed,
            subscribe_in_batches(site, batched): batched,
        }
        publisher = next(iter(to))
        for _ in range(4):
            # The worker does not come to an end before it is killed, however late we look.
            slow.shut_after(30)
            publish(publisher, 40)
            opt_out(site, 17)
            kill_in_mid_flight(start(), *to.values())
            slow.open()
        assert Delivery.objects.filter(status="sending").exists()
        with running_worker():
            wait_until_all_ended()
    assert set(Delivery.objects.values_list("status", flat=True)) == {"succeeded"}
    assert Attempt.objects.filter(error="lost").exists()
    for each, there in to.items():
        assert_log_is_complete(each, there)
    sent = {each.message_id for each in plain.got}
    plain_ones = Delivery.objects.filter(subscription=publisher)
    assert sent == set(plain_ones.values_list("event__message_id", flat=True))
    arrays = {got.message_id: got.body for got in batched.got}
    rows = sum(body.count(b'"email"') for body in arrays.values())
    assert rows == 4 * 17


def test_nothing_is_stuck_beyond_its_lease(start: Start) -> None:
    gate = Gate()
    gate.is_open.clear()
    with receiver(gate) as there:
        to = subscribe(SiteFactory.create(), there)
        publish(to, 10)
        kill_in_mid_flight(start(), there)
        died_at = timezone.now()
        gate.open()
        longest = timedelta(seconds=LEASE_SECONDS + 2 * TIMEOUT_SECONDS)
        until = Delivery.objects.aggregate(until=Max("lease_expires_at"))["until"]
        assert until <= died_at + longest
        with running_worker():
            wait_until_all_ended()
    assert_log_is_complete(to, there)
    assert set(Delivery.objects.values_list("status", flat=True)) == {"succeeded"}


def test_sigterm_lets_calls_end_and_hands_the_rest_back(start: Start) -> None:
    gate = Gate()
    gate.is_open.clear()
    with receiver(gate) as there:
        to = subscribe(SiteFactory.create(), there, timeout_seconds=30)
        publish(to, 60)
        worker = start()
        eventually(lambda: there.got, what="a call is under way")
        worker.terminate()
        # Open only when the worker is on its way out: what it had not begun is handed back.
        eventually(lambda: held_by(worker) == len(there.got), what="the rest is handed back")
        gate.open()
        assert worker.wait(START_SECONDS) == 0
    states = Counter(Delivery.objects.values_list("status", "attempts", "lease_owner"))
    assert set(states) == {("succeeded", 1, ""), ("pending", 0, "")}
    assert states["succeeded", 1, ""] == len(there.got) == Attempt.objects.count()
    assert there.most_by_message == 1
    assert not KeptBody.objects.exists()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="one worker at a time on SQLite")
def test_two_workers_share_the_load_and_repeat_nothing() -> None:
    site = SiteFactory.create()
    gate = Gate()
    gate.is_open.clear()
    with receiver(gate) as there, running_worker() as first, running_worker() as second:
        wait_for_heartbeats(first, second)
        to = [subscribe(site, there, timeout_seconds=60, name=f"to {n}") for n in range(8)]
        publish(to[0], 50)
        eventually(lambda: held_by(first) and held_by(second), what="both have their share")
        gate.open()
        wait_until_all_ended()
    assert len(there.got) == 8 * 50
    # The message id is that of the event: every subscription has it once.
    assert set(Counter(there.message_ids).values()) == {8}
    assert Attempt.objects.count() == 8 * 50
    ends = Delivery.objects.values_list("status", "attempts", "lease_owner").distinct()
    assert list(ends) == [("succeeded", 1, "")]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="one worker at a time on SQLite")
def test_of_two_workers_one_may_die(start: Start) -> None:
    site = SiteFactory.create()
    gate = Gate()
    gate.is_open.clear()
    with receiver(gate) as there, running_worker() as survivor:
        doomed = start()
        wait_for_heartbeats(doomed, survivor)
        to = [subscribe(site, there, name=f"to {number}") for number in range(4)]
        publish(to[0], 50)
        eventually(lambda: held_by(doomed) and held_by(survivor), what="both have their share")
        under_way = 2 * len(to) * int(FIRST_LIMIT)
        eventually(lambda: len(there.got) >= under_way, what="calls of both are under way")
        doomed.send_signal(signal.SIGKILL)
        doomed.wait()
        gate.open()
        wait_until_all_ended()
        assert survivor.poll() is None
    assert set(Delivery.objects.values_list("status", flat=True)) == {"succeeded"}
    assert Attempt.objects.filter(error="lost").exists()
    assert Attempt.objects.filter(error="").count() == 4 * 50
    requests, attempts = Counter(there.message_ids), Attempt.objects.count()
    assert len(requests) == 50
    assert 4 * 50 <= len(there.got) <= attempts


def hang_up_on_everybody_else() -> int:
    """Have the database end every connection but ours, as its restart does."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return int(cursor.fetchone()[0])


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite does not hang up")
def test_a_database_that_hangs_up_costs_no_attempt() -> None:
    gate = Gate()
    gate.is_open.clear()
    with receiver(gate) as there, running_worker() as worker:
        to = subscribe(SiteFactory.create(), there, timeout_seconds=60)
        publish(to, 30)
        eventually(lambda: held_by(worker) and there.got, what="calls are under way")
        assert hang_up_on_everybody_else()
        gate.open()
        wait_until_all_ended()
        assert worker.poll() is None
    ends = Delivery.objects.values_list("status", "attempts").distinct()
    assert list(ends) == [("succeeded", 1)]
    assert there.most_by_message == 1
    assert Attempt.objects.count() == 30
