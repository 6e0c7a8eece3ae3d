"""One worker process, held while its work is stored, then let go and watched until that is done."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psutil
from django.db import OperationalError, connection, transaction

from benchmarks.web import cpu_seconds_of
from common.sql_constant import SqlConstant
from config.environment import BASE_DIR
from sites.heartbeats import live_processes
from sites.models import ProcessKind
from webhooks.models import ReceivedEvent, Status
from webhooks.waking import RECEIVED, wake_workers

_START_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """`server_cpu_seconds` is 0 where the database lives inside the worker."""

    seconds: float
    cpu_seconds: float
    server_cpu_seconds: float
    peak_bytes: int


def nothing_received_waits() -> bool:
    # By the partial indexes: it is asked many times a second, beside what is measured.
    waiting = (SqlConstant(Status.RECEIVED), SqlConstant(Status.PROCESSING))
    return not any(ReceivedEvent.objects.filter(status=each).exists() for each in waiting)


def run_worker(
    fill: Callable[[], None],
    *,
    is_done: Callable[[], bool] = nothing_received_waits,
    channel: str = RECEIVED,
) -> Run:
    """Return what it took to work off what `fill` stores; `channel` is where the worker listens."""
    with running_worker() as worker:
        _hold(worker)
        fill()
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("ANALYZE")
        process = psutil.Process(worker.pid)
        before, server_before = _cpu_seconds(process), _server_cpu_seconds()
        started = time.perf_counter()
        worker.send_signal(signal.SIGCONT)
        wake_workers(channel)
        peak = _watch(process, is_done)
        return Run(
            seconds=time.perf_counter() - started,
            cpu_seconds=_cpu_seconds(process) - before,
            server_cpu_seconds=_server_cpu_seconds() - server_before,
            peak_bytes=peak,
        )


def _hold(worker: subprocess.Popen[bytes]) -> None:
    """Stop a worker at a moment when it holds no lock that storing would wait for."""
    process = psutil.Process(worker.pid)
    while True:
        worker.send_signal(signal.SIGSTOP)
        while process.status() != psutil.STATUS_STOPPED:
            time.sleep(0.001)
        if connection.vendor != "sqlite" or _is_unlocked():
            return
        worker.send_signal(signal.SIGCONT)
        time.sleep(_LOOK_SECONDS)


def _is_unlocked() -> bool:
    """Say whether a transaction can begin on SQLite, without waiting for long."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        (usual,) = cursor.fetchone()
        cursor.execute("PRAGMA busy_timeout = 50")
        try:
            with transaction.atomic():
                return True
        except OperationalError:
            return False
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {usual}")


@contextmanager
def running_worker() -> Iterator[subprocess.Popen[bytes]]:
    worker = subprocess.Popen([sys.executable, str(BASE_DIR / "manage.py"), "worker"], cwd=BASE_DIR)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not live_processes(ProcessKind.WORKER).filter(process_id=worker.pid).exists():
            if worker.poll() is not None or time.monotonic() > deadline:
                raise SystemExit("The worker did not start.")
            time.sleep(_LOOK_SECONDS)
        yield worker
    finally:
        worker.send_signal(signal.SIGCONT)
        worker.terminate()
        worker.wait()


def _watch(process: psutil.Process, is_done: Callable[[], bool]) -> int:
    """Wait until all is done; return the largest size seen of what the process has for itself.

    Pages of the database file that SQLite maps are the system's cache and not counted.
    """
    peak = 0
    while True:
        memory = process.memory_info()
        peak = max(peak, memory.rss - memory.shared)
        if is_done():
            return peak
        time.sleep(_LOOK_SECONDS)


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _server_cpu_seconds() -> float:
    return cpu_seconds_of(["postgres"]) if connection.vendor == "postgresql" else 0.0
