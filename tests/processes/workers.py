"""Real worker processes on the test's database."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.processes.stack import ROOT, database_url
from tests.processes.waiting import eventually
from webhooks.models import ReceivedEvent, Status

LEASE_SECONDS: Final = 2


def start_worker(*arguments: str, log: Path | None = None) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
        "WORKER_LEASE_SECONDS": str(LEASE_SECONDS),
        "LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "tests.processes.scripted_worker", *arguments]
    if log is None:
        return subprocess.Popen(command, env=environment, cwd=ROOT)
    with log.open("ab") as output:
        return subprocess.Popen(command, env=environment, cwd=ROOT, stderr=output)


@contextmanager
def running_worker(*arguments: str, log: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker; in the end it must leave by itself on SIGTERM."""
    worker = start_worker(*arguments, log=log)
    try:
        yield worker
        worker.terminate()
        assert worker.wait(30) == 0
    finally:
        if worker.poll() is None:
            worker.kill()
            worker.wait()


def kill_in_the_middle(worker: subprocess.Popen[bytes]) -> None:
    """Kill a worker with SIGKILL while it holds events."""
    mine = ReceivedEvent.objects.filter(
        status=Status.PROCESSING, lease_owner__contains=f"-{worker.pid}-"
    )
    eventually(mine.exists, what="the worker holds events")
    worker.send_signal(signal.SIGKILL)
    worker.wait()


def wait_until_worked_off(seconds: float) -> None:
    waiting = ReceivedEvent.objects.filter(status__in=(Status.RECEIVED, Status.PROCESSING))
    eventually(lambda: not waiting.exists(), seconds=seconds, what="everything worked off")
