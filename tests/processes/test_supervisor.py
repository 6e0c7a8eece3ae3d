from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.processes.waiting import eventually, is_alive

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parent.parent.parent


class Supervised:
    """A running supervisor, and the processes that its children say they are."""

    def __init__(self, folder: Path, grace: float, children: dict[str, str]) -> None:
        self.marks = folder / "marks"
        self.marks.mkdir()
        named = [f"{name}={traits}" for name, traits in children.items()]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes.supervised", str(folder), str(grace), *named],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
            stdout=subprocess.PIPE,
            text=True,
        )

    def read_until(self, text: str) -> None:
        assert self.process.stdout is not None
        assert any(text in line for line in self.process.stdout)

    def ids(self, name: str, role: str = "main") -> list[int]:
        """Return every process that ever ran as this, oldest first."""
        marks = sorted(self.marks.glob(f"{name}.{role}.*"), key=lambda mark: mark.stat().st_ctime)
        return [int(mark.suffix[1:]) for mark in marks]

    def living(self, name: str, role: str = "main") -> list[int]:
        return [process_id for process_id in self.ids(name, role) if is_alive(process_id)]

    def all_ids(self) -> list[int]:
        return [int(mark.suffix[1:]) for mark in self.marks.iterdir()]

    def all_gone(self) -> bool:
        return not any(is_alive(process_id) for process_id in self.all_ids())

    def one(self, name: str, role: str = "main") -> int:
        return eventually(lambda: self.living(name, role), what=f"a living {name} {role}")[0]


Supervise = Callable[..., Supervised]


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Supervise]:
    running: list[Supervised] = []

    def start(*, grace: float = 10.0, **children: str) -> Supervised:
        running.append(Supervised(tmp_path, grace, children))
        return running[-1]

    yield start
    for supervised in running:
        supervised.process.kill()
        supervised.process.communicate()
        eventually(supervised.all_gone)


def test_killed_child_is_started_again(supervise: Supervise) -> None:
    supervised = supervise(worker="", web="")
    first, neighbour = supervised.one("worker"), supervised.one("web")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: supervised.ids("worker") != [first] and supervised.living("worker"))
    assert first not in supervised.living("worker")
    assert supervised.ids("web") == [neighbour]


def test_what_a_dead_child_started_ends_before_the_next_start(supervise: Supervise) -> None:
    supervised = supervise(web="parent,deaf")
    first, kid = supervised.one("web"), supervised.one("web", "kid")
    os.kill(first, signal.SIGKILL)
    eventually(lambda: len(supervised.ids("web")) == 2)
    assert not is_alive(kid)


def test_silent_child_is_killed_and_started_again(supervise: Supervise) -> None:
    supervised = supervise(worker="mute,deaf", web="")
    first, neighbour = supervised.one("worker"), supervised.one("web")
    eventually(lambda: len(supervised.ids("worker")) > 1 and not is_alive(first))
    assert supervised.ids("web") == [neighbour]


def test_stopped_child_is_killed_and_started_again(supervise: Supervise) -> None:
    supervised = supervise(worker="")
    first = supervised.one("worker")
    os.kill(first, signal.SIGSTOP)
    eventually(lambda: len(supervised.ids("worker")) > 1 and not is_alive(first))


def test_nobody_is_killed_while_heartbeats_cannot_be_read(supervise: Supervise) -> None:
    supervised = supervise(worker="")
    first = supervised.one("worker")
    away = supervised.marks.parent / "away"
    away.touch()
    supervised.read_until("The database does not answer (ConnectionError).")
    os.kill(first, signal.SIGSTOP)
    time.sleep(6)  # twice as long as a child may be silent
    assert supervised.ids("worker") == [first]
    away.unlink()
    supervised.read_until("The database answers again.")
    eventually(lambda: len(supervised.ids("worker")) > 1 and not is_alive(first))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_everything_at_once_when_all_obey(
    supervise: Supervise, number: signal.Signals
) -> None:
    supervised = supervise(web="", worker="", qcluster="", grace=300)
    for name in ("web", "worker", "qcluster"):
        supervised.one(name)
    supervised.process.send_signal(number)
    assert supervised.process.wait(timeout=120) == 0
    assert supervised.all_gone()


def test_what_does_not_stop_within_the_grace_is_killed(supervise: Supervise) -> None:
    supervised = supervise(web="parent,deaf", worker="", grace=5)
    supervised.one("web", "kid")
    supervised.one("worker")
    supervised.process.terminate()
    output, _ = supervised.process.communicate(timeout=120)
    assert "Killed what did not stop in time: web." in output
    eventually(supervised.all_gone)


def test_second_signal_does_not_wait(supervise: Supervise) -> None:
    supervised = supervise(web="deaf", grace=300)
    supervised.one("web")
    supervised.process.terminate()
    supervised.read_until("Stopping")
    supervised.process.send_signal(signal.SIGINT)
    assert supervised.process.wait(timeout=120) == 0
    eventually(supervised.all_gone)


def test_killed_supervisor_leaves_no_orphan(supervise: Supervise) -> None:
    supervised = supervise(web="parent,deaf", worker="deaf", qcluster="parent")
    for name, role in (("web", "kid"), ("worker", "main"), ("qcluster", "kid")):
        supervised.one(name, role)
    supervised.process.kill()
    supervised.process.wait()
    eventually(supervised.all_gone)
    # Nothing may come back either: a guard that restarted would be worse than an orphan.
    known = supervised.all_ids()
    time.sleep(1)
    assert supervised.all_ids() == known


def test_killed_guard_takes_its_group_along(supervise: Supervise) -> None:
    supervised = supervise(web="parent,deaf")
    first, kid = supervised.one("web"), supervised.one("web", "kid")
    os.kill(os.getpgid(first), signal.SIGKILL)
    eventually(lambda: not is_alive(first) and not is_alive(kid))
    eventually(lambda: len(supervised.ids("web")) == 2)
