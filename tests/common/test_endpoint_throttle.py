"""Token buckets: what comes through, when the next one does, and how much is remembered."""

from __future__ import annotations

import pytest

from common.endpoint import throttle as throttle_module
from common.endpoint.throttle import BURST_SECONDS, Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(clock)


def test_a_burst_comes_through_and_the_one_beyond_it_waits(throttle: Throttle) -> None:
    answers = [throttle.seconds_to_wait("a", 5) for _ in range(5 * BURST_SECONDS + 1)]
    assert answers == [0] * (5 * BURST_SECONDS) + [1]


def test_tokens_come_back_at_the_rate(throttle: Throttle, clock: Clock) -> None:
    for _ in range(5 * BURST_SECONDS):
        throttle.seconds_to_wait("a", 5)
    clock.now += 0.39
    assert [throttle.seconds_to_wait("a", 5) for _ in range(2)] == [0, 1]


def test_asking_in_vain_does_not_push_the_next_token_away(throttle: Throttle, clock: Clock) -> None:
    for _ in range(BURST_SECONDS):
        throttle.seconds_to_wait("a", 1)
    for _ in range(9):
        clock.now += 0.1
        assert throttle.seconds_to_wait("a", 1) == 1
    clock.now += 0.11
    assert throttle.seconds_to_wait("a", 1) == 0


def test_an_idle_bucket_holds_no_more_than_a_burst(throttle: Throttle, clock: Clock) -> None:
    throttle.seconds_to_wait("a", 1)
    clock.now += 3_600
    answers = [throttle.seconds_to_wait("a", 1) for _ in range(BURST_SECONDS + 1)]
    assert answers == [0] * BURST_SECONDS + [1]


def test_keys_do_not_share_a_bucket(throttle: Throttle) -> None:
    for _ in range(BURST_SECONDS):
        throttle.seconds_to_wait("a", 1)
    assert throttle.seconds_to_wait("b", 1) == 0


def test_a_rate_of_nothing_is_no_limit(throttle: Throttle) -> None:
    assert {throttle.seconds_to_wait("a", 0) for _ in range(10_000)} == {0}


def test_many_addresses_do_not_fill_the_memory(
    throttle: Throttle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(throttle_module, "MOST_BUCKETS", 100)
    for number in range(1_000):
        throttle.seconds_to_wait(number, 1)
    assert len(throttle._buckets) == 100
