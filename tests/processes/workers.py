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

from sites.heartbeats import live_processes
from sites.models import ProcessKind
from tests.processes.stack import ROOT, database_url
from tests.processes.waiting import eventually
from webhooks.models import ReceivedEvent, Status

LEASE_SECONDS: Final = 2


def start_worker(
    *arguments: str, log: Path | None = None, lease_seconds: int = LEASE_SECONDS
) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
        "WORKER_LEASE_SECONDS": str(lease_seconds),
        "LOG_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "tests.processes.scripted_worker", *arguments]
    if log is None:
        return subprocess.Popen(command, env=environment, cwd=ROOT)
    with log.open("ab") as output:
        return subprocess.Popen(command, env=environment, cwd=ROOT, stderr=output)


@contextmanager
def running_worker(
    *arguments: str, log: Path | None = None, lease_seconds: int = LEASE_SECONDS
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker; in the end it must leave by itself on SIGTERM."""
    worker = start_worker(*arguments, log=log, lease_seconds=lease_seconds)
    try:
        yield worker
        worker.terminate()
        assert worker.wait(120) == 0
    finally:
        if worker.poll() is None:
            worker.kill()
            worker.wait()


def wait_for_heartbeats(*workers: subprocess.Popen[bytes]) -> None:
    pids = {worker.pid for worker in workers}
    eventually(
        lambda: (
            pids <= set(live_processes(ProcessKind.WORKER).values_list("process_id", flat=True))
        ),
        what="all workers have started",
    )


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
