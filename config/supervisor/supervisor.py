"""Keeps the children running, and ends them all when it ends."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Final

from config.supervisor.child import Child
from config.supervisor.heartbeat_watch import HeartbeatWatch
from config.supervisor.terminal import Terminal

TICK_SECONDS: Final = 0.2
ROTATE_EVERY_SECONDS: Final = 30.0


class Supervisor:
    """Restarts what died or fell silent. SIGTERM or Ctrl-C drains; a second one does not wait.

    `on_start` runs once, after the children were started, on a thread of its own.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        watch: HeartbeatWatch,
        terminal: Terminal,
        grace_seconds: float,
        on_start: Callable[[], None] | None = None,
    ) -> None:
        self._children = children
        self._watch = watch
        self._terminal = terminal
        self._grace_seconds = grace_seconds
        self._on_start = on_start
        self._signals = 0
        self._is_blind = False
        self._woken = threading.Event()
        self._rotate_at = time.monotonic() + ROTATE_EVERY_SECONDS

    def run(self) -> None:
        """Supervise until a signal asks to end; return when nothing is left."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        try:
            for child in self._children:
                child.start()
            self._watch.start()
            if self._on_start is not None:
                threading.Thread(target=self._on_start, name="on-start", daemon=True).start()
            while not self._signals:
                for child in self._children:
                    self._tend(child)
                self._report_database()
                self._rotate_logs()
                self._woken.wait(TICK_SECONDS)
            self._drain()
        finally:
            self._watch.end()
            for child in self._children:
                child.kill()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1
        self._woken.set()

    def _tend(self, child: Child) -> None:
        if not child.is_running:
            if time.monotonic() >= child.restart_at:
                child.start()
                self._terminal.good(f"{child.name} was started again.")
            return
        if (reason := child.poll()) is not None:
            pause = child.restart_at - time.monotonic()
            self._terminal.bad(
                f"{child.name} stopped: {reason}. Starting it again in {max(pause, 0):.1f} s.",
                child.log.tail(),
            )
        elif self._is_silent(child):
            self._terminal.bad(f"{child.name} gave no sign of life and was killed.")
            child.kill()

    def _is_silent(self, child: Child) -> bool:
        return self._watch.silence.is_silent(
            child.spec.kind,
            since=child.started_at,
            is_member=child.has_member,
            stale_after_seconds=child.spec.stale_after_seconds,
            start_allowance_seconds=child.spec.start_allowance_seconds,
        )

    def _report_database(self) -> None:
        """Say once that heartbeats cannot be read, and once that they can again."""
        trouble = self._watch.trouble
        if trouble and not self._is_blind:
            self._terminal.bad(f"The database does not answer ({trouble}). Waiting for it.")
        elif self._is_blind and not trouble:
            self._terminal.good("The database answers again.")
        self._is_blind = bool(trouble)

    def _rotate_logs(self) -> None:
        if time.monotonic() >= self._rotate_at:
            self._rotate_at = time.monotonic() + ROTATE_EVERY_SECONDS
            for child in self._children:
                child.log.rotate()

    def _drain(self) -> None:
        signals = self._signals
        deadline = time.monotonic() + self._grace_seconds
        self._terminal.say("Stopping. Ctrl-C again stops at once.")
        for child in self._children:
            child.terminate()
        while time.monotonic() < deadline and self._signals == signals:
            for child in self._children:
                child.poll()
            if not any(child.is_running for child in self._children):
                self._terminal.say("Stopped.")
                return
            time.sleep(0.05)
        names = ", ".join(child.name for child in self._children if child.is_running)
        self._terminal.bad(f"Killed what did not stop in time: {names}.")
