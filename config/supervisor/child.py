"""One supervised child: its process group, its log, and when it may be started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.supervisor.child_log import ChildLog
from sites.models import ProcessKind

GUARD: Final = Path(__file__).with_name("guard.py")
FIRST_DELAY_SECONDS: Final = 0.5
LONGEST_DELAY_SECONDS: Final = 60.0
# A child that lived this long has started well; the next failure begins a new row.
SETTLED_SECONDS: Final = 60.0


def restart_delay_seconds(failures: int) -> float:
    """Return the pause before the next start, after so many failures in a row."""
    return min(FIRST_DELAY_SECONDS * 2.0 ** max(failures - 1, 0), LONGEST_DELAY_SECONDS)


def exit_reason(status: int) -> str:
    """Return in words how a guard or its command ended."""
    number = -status if status < 0 else status - 128
    if number in signal.valid_signals() and number > 0:
        return f"killed by {signal.Signals(number).name}"
    return f"ended with code {status}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildSpec:
    """What to run, and how long it may be silent: at all, and before its first heartbeat."""

    kind: ProcessKind
    command: Sequence[str]
    stale_after_seconds: float = 30.0
    start_allowance_seconds: float = 90.0


class Child:
    def __init__(self, spec: ChildSpec, *, environment: Mapping[str, str], log: ChildLog) -> None:
        self.spec = spec
        self.log = log
        self.failures = 0
        self.started_at = float("-inf")
        self.restart_at = float("-inf")
        self._environment = dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def name(self) -> str:
        return self.spec.kind.value

    @property
    def is_running(self) -> bool:
        return self._process is not None

    @property
    def group(self) -> int | None:
        """The id of its process group, which is that of its guard."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        self.log.begin()
        with self.log.open() as output:
            self._process = subprocess.Popen(  # noqa: S603 (our own command)
                [sys.executable, "-I", str(GUARD), *self.spec.command],
                stdin=subprocess.PIPE,  # held open for as long as this process lives
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment,
                # A group of its own: Ctrl-C reaches the supervisor alone, which then drains.
                start_new_session=True,
            )
        self.started_at = time.monotonic()

    def poll(self) -> str | None:
        """Return how it ended, once, or None while it runs or when it was not running."""
        if self._process is None or (status := self._process.poll()) is None:
            return None
        # Whatever it started ends with it: a second web server could not bind the port.
        self.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process = None
        lived = time.monotonic() - self.started_at
        self.failures = 1 if lived >= SETTLED_SECONDS else self.failures + 1
        self.restart_at = time.monotonic() + restart_delay_seconds(self.failures)
        return exit_reason(status)

    def terminate(self) -> None:
        """Ask it to finish what it does and end."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()

    def kill(self) -> None:
        """End it and all that it started, now."""
        if self._process is not None:
            try:
                os.killpg(self._process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                return  # nothing is left of the group (macOS says so by EPERM)

    def has_member(self, process_id: int) -> bool:
        """Say whether this process lives and belongs to the child."""
        try:
            return self.group is not None and os.getpgid(process_id) == self.group
        except ProcessLookupError:
            return False
