from __future__ import annotations

from common.endpoint.rate_window import RateWindow


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.25

    def __call__(self) -> float:
        return self.now


def test_a_window_counts_down_refuses_and_begins_anew() -> None:
    clock = Clock()
    window = RateWindow(clock)
    taken = [window.take("a", 2) for _ in range(3)]
    assert [rate.remaining for rate in taken] == [1, 0, 0]
    assert [rate.retry_after for rate in taken] == [0, 0, 60]
    assert {rate.resets_at for rate in taken} == {1_061}
    clock.now += 59.5
    assert window.take("a", 2).retry_after == 1
    clock.now += 0.5
    assert (window.take("a", 2).remaining, window.take("a", 2).retry_after) == (1, 0)


def test_refused_requests_use_nothing_up() -> None:
    clock = Clock()
    window = RateWindow(clock)
    for _ in range(100):
        window.take("a", 1)
    assert window.take("a", 101).remaining == 99


def test_callers_have_windows_of_their_own() -> None:
    window = RateWindow(Clock())
    assert window.take("a", 1).retry_after == 0
    assert window.take("b", 1).retry_after == 0
    assert window.take("a", 1).retry_after


def test_a_clock_that_is_set_back_keeps_nobody_waiting() -> None:
    clock = Clock()
    window = RateWindow(clock)
    window.take("a", 1)
    clock.now -= 3_600
    assert window.take("a", 1).retry_after == 0


def test_the_headers_are_those_that_clients_know() -> None:
    window = RateWindow(Clock())
    told = {"X-RateLimit-Limit": "1", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1061"}
    assert window.take("a", 1).headers == told
    assert window.take("a", 1).headers == told | {"Retry-After": "60"}
