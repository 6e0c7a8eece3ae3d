from __future__ import annotations

from datetime import UTC, datetime

import pytest

from config.supervisor.child import exit_reason, restart_delay_seconds
from config.supervisor.heartbeat_watch import Beat, HeartbeatWatch, Silence
from sites.models import ProcessKind


def at(second: int) -> datetime:
    return datetime(2026, 1, 1, tzinfo=UTC).replace(minute=second // 60, second=second % 60)


def is_silent(
    silence: Silence,
    kind: ProcessKind = ProcessKind.WORKER,
    *,
    since: float = 0,
    members: tuple[int, ...] = (7,),
) -> bool:
    return silence.is_silent(
        kind,
        since=since,
        is_member=members.__contains__,
        stale_after_seconds=30,
        start_allowance_seconds=90,
    )


def test_row_that_changes_keeps_a_child_alive() -> None:
    silence = Silence()
    for second in range(0, 300, 5):
        silence.saw([Beat("worker", 7, at(second))], now=second)
        assert not is_silent(silence)


def test_row_that_stands_still_is_silence_after_the_limit() -> None:
    silence = Silence()
    for second in (0, 10, 20, 30):
        silence.saw([Beat("worker", 7, at(0))], now=second)
        assert not is_silent(silence)
    silence.saw([Beat("worker", 7, at(0))], now=31)
    assert is_silent(silence)


def test_child_without_a_row_has_the_start_allowance() -> None:
    silence = Silence()
    silence.saw([], now=0)
    silence.saw([], now=89)
    assert not is_silent(silence)
    silence.saw([], now=91)
    assert is_silent(silence)
    assert not is_silent(silence, since=50)


def test_row_of_an_earlier_process_does_not_count() -> None:
    silence = Silence()
    silence.saw([Beat("worker", 6, at(0))], now=0)
    silence.saw([Beat("worker", 6, at(0))], now=60)
    assert not is_silent(silence)


def test_one_silent_web_process_of_two_is_noticed() -> None:
    silence = Silence()
    for second in range(0, 40, 5):
        silence.saw([Beat("web", 7, at(second)), Beat("web", 8, at(0))], now=second)
    assert is_silent(silence, ProcessKind.WEB, members=(7, 8))


def test_quiet_qcluster_is_excused_by_another_machine() -> None:
    silence = Silence()
    for second in range(0, 40, 5):
        silence.saw([Beat("qcluster", 7, at(0)), Beat("qcluster", 99, at(second))], now=second)
    assert not is_silent(silence, ProcessKind.QCLUSTER)


def test_database_that_is_away_condemns_nobody() -> None:
    silence = Silence()
    silence.saw([Beat("worker", 7, at(0))], now=0)
    silence.could_not_look()
    assert not is_silent(silence)
    # Back after an hour: the children get their full time to beat again.
    silence.saw([Beat("worker", 7, at(0))], now=3600)
    assert not is_silent(silence)
    silence.saw([Beat("worker", 7, at(0))], now=3631)
    assert is_silent(silence)


def test_look_that_hangs_condemns_nobody() -> None:
    silence = Silence()
    silence.saw([Beat("worker", 7, at(0))], now=0)
    assert not is_silent(silence, since=-1000)


# It closes old connections first, which the tests before it may have left in this process.
@pytest.mark.django_db
def test_watch_survives_any_error_of_a_look() -> None:
    answers: list[list[Beat] | Exception] = [RuntimeError("gone"), []]

    def read() -> list[Beat]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    watch = HeartbeatWatch(read)
    watch.look()
    assert watch.trouble == "RuntimeError"
    watch.look()
    assert watch.trouble == ""


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0.5), (1, 0.5), (2, 1), (3, 2), (7, 32), (8, 60), (500, 60)]
)
def test_restarts_back_off(failures: int, seconds: float) -> None:
    assert restart_delay_seconds(failures) == seconds


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "ended with code 0"),
        (1, "ended with code 1"),
        (-9, "killed by SIGKILL"),
        (137, "killed by SIGKILL"),
        (255, "ended with code 255"),
    ],
)
def test_end_of_a_child_in_words(status: int, words: str) -> None:
    assert exit_reason(status) == words
