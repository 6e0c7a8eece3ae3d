"""The state machine as a property: whatever workers, crashes and operators do, in any order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.models import Activity
from tests.webhooks.scripted import scripted_event, scripted_presets, scripted_source
from webhooks.inbound.models import EventOutcome, Outcome, ReceivedEvent, Status
from webhooks.inbound.processing import batches as processing
from webhooks.inbound.processing.batches import Processing
from webhooks.inbound.processing.leases import (
    MAX_ATTEMPTS,
    ClaimedEvent,
    claim_fresh,
    claim_retry,
    release_all,
)
from webhooks.inbound.states import FINISHED, MOVES, status_of_rows
from webhooks.inbound.upkeep.maintenance import reap_expired_leases

SCRIPTS: tuple[list[dict[str, Any]], ...] = (
    [{"email": "p@example.com"}],
    [{"email": "p@example.com"}, {"email": "q@example.com", "do": "quarantine"}],
    [{"email": "p@example.com", "do": "ignore"}],
    [{"email": "p@example.com", "do": "raise"}],
)
OWNERS = ("a", "b")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("claim"), st.sampled_from(OWNERS)),
        st.tuples(st.just("retry"), st.sampled_from(OWNERS)),
        st.tuples(st.just("work"), st.sampled_from(OWNERS)),
        st.tuples(st.just("work_with_error"), st.sampled_from(OWNERS)),
        st.tuples(st.just("release"), st.sampled_from(OWNERS)),
        st.tuples(st.just("expire"), st.just("")),
        st.tuples(st.just("reap"), st.just("")),
        st.tuples(st.just("replay"), st.just("")),
    ),
    max_size=25,
)


class Machine:
    """Two workers that remember what they claimed, as processes do, whatever happened since."""

    def __init__(self) -> None:
        self.hands: dict[str, list[ClaimedEvent]] = {owner: [] for owner in OWNERS}
        self.before = self._statuses()
        self.replays: Counter[Any] = Counter()

    def take(self, name: str, owner: str) -> None:
        getattr(self, f"_{name}")(owner)
        self._check_moves()

    def _claim(self, owner: str) -> None:
        self.hands[owner] += claim_fresh(owner)

    def _retry(self, owner: str) -> None:
        ReceivedEvent.objects.filter(status=Status.RECEIVED).update(due_at=timezone.now())
        self.hands[owner] += claim_retry(owner)

    def _work(self, owner: str) -> None:
        claimed, self.hands[owner] = self.hands[owner], []
        Processing(owner).process(claimed)

    def _work_with_error(self, owner: str) -> None:
        def fail(_items: Any) -> Any:
            raise IntegrityError

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(processing, "contacts_apply_batch", fail)
            self._work(owner)

    def _release(self, owner: str) -> None:
        release_all(owner)

    def _expire(self, _owner: str) -> None:
        past = timezone.now() - timedelta(seconds=1)
        ReceivedEvent.objects.filter(status=Status.PROCESSING).update(lease_expires_at=past)

    def _reap(self, _owner: str) -> None:
        reap_expired_leases()

    def _replay(self, _owner: str) -> None:
        for event in ReceivedEvent.objects.filter(status__in=FINISHED - {Status.PROCESSED}):
            self.replays[event.pk] += 1
            ReceivedEvent.objects.filter(pk=event.pk).update(
                status=Status.RECEIVED, attempts=0, due_at=timezone.now(),
                cause="", reason="", history=[*event.history, {"what": "replayed"}],
            )  # fmt: skip

    def drain(self) -> None:
        """Let a worker that nothing happens to bring everything to an end."""
        self._expire("")
        self._reap("")
        for claim in (claim_fresh, claim_retry):
            ReceivedEvent.objects.filter(status=Status.RECEIVED).update(due_at=timezone.now())
            while claimed := claim("drain"):
                Processing("drain").process(claimed)
        assert set(self._statuses().values()) <= FINISHED

    def _statuses(self) -> dict[Any, Status]:
        rows = ReceivedEvent.objects.values_list("pk", "status")
        return {pk: Status(status) for pk, status in rows}

    def _check_moves(self) -> None:
        after = self._statuses()
        for pk, status in after.items():
            was = self.before[pk]
            assert status == was or status in MOVES[was], f"{was} → {status}"
        self.before = after

    def check(self) -> None:
        for event in ReceivedEvent.objects.all():
            is_held = event.status == Status.PROCESSING
            assert bool(event.lease_owner) is is_held
            assert (event.lease_expires_at is not None) is is_held
            assert event.attempts <= MAX_ATTEMPTS
            if event.status in (Status.FAILED, Status.IGNORED, Status.PARTLY_PROCESSED):
                assert event.cause
                assert event.reason
            outcomes = EventOutcome.objects.filter(received_event=event)
            applied = outcomes.filter(outcome=Outcome.APPLIED).count()
            if event.status in FINISHED and event.cause not in ("POISON", "DATABASE_ERROR"):
                assert event.rows_applied == applied
            effects = Activity.objects.filter(received_event_id=event.pk).count()
            # One effect per run that ended; only an operator's replay makes another.
            assert effects <= 1 + self.replays[event.pk]
            assert effects >= (event.status == Status.PROCESSED) * applied


@pytest.fixture(scope="module", autouse=True)
def _scripted() -> Iterator[None]:
    with scripted_presets():
        yield


@pytest.mark.django_db
@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
def test_no_order_of_events_leaves_the_state_machine(steps: list[tuple[str, str]]) -> None:
    with transaction.atomic():
        source = scripted_source()
        for script in SCRIPTS:
            scripted_event(source, *script)
        machine = Machine()
        for name, owner in steps:
            machine.take(name, owner)
        machine.check()
        machine.drain()
        machine.check()
        transaction.set_rollback(True)


@given(
    counts=st.fixed_dictionaries({}, optional={outcome: st.integers(0, 3) for outcome in Outcome})
)
def test_every_mix_of_rows_has_one_end(counts: dict[Outcome, int]) -> None:
    status = status_of_rows(counts)
    rows = sum(counts.values())
    aside, ignored = counts.get(Outcome.QUARANTINED, 0), counts.get(Outcome.IGNORED, 0)
    assert status in FINISHED
    assert (status == Status.FAILED) is (rows > 0 and aside == rows)
    assert (status == Status.IGNORED) is (rows > 0 and ignored == rows)
    assert (status == Status.PARTLY_PROCESSED) is (0 < aside < rows)


def test_every_status_has_its_moves_and_every_end_can_be_replayed() -> None:
    assert set(MOVES) == set(Status)
    assert all(Status.RECEIVED in MOVES[end] for end in FINISHED)
