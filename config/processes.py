"""The three processes of an installation, as `./patchbay run` starts them."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import connection

from config.environment import BASE_DIR
from config.supervisor.child import Child, ChildSpec
from config.supervisor.child_log import ChildLog
from sites.heartbeats import STALE_AFTER
from sites.models import ProcessKind

_QUEUED_PER_THREAD: Final = 4


def web_command(*, host: str, port: int, grace_seconds: float) -> list[str]:
    """Return granian's command line for the database in use."""
    is_sqlite = connection.vendor == "sqlite"
    # A second writing process on SQLite adds no throughput and makes both wait for the lock.
    workers = 1 if is_sqlite else settings.WEB_WORKERS
    threads = settings.WEB_THREADS
    # Inside our own grace, so that granian ends its workers and not we granian.
    kill_timeout = max(1, int(grace_seconds * 0.75))
    options = {
        "interface": "wsgi",
        "host": host,
        "port": port,
        "workers": workers,
        "blocking-threads": threads,
        # An idle thread ends with its database connection; reconnecting costs more than keeping.
        "blocking-threads-idle-timeout": 600,
        "backpressure": threads * _QUEUED_PER_THREAD,
        "workers-kill-timeout": kill_timeout,
        "respawn-interval": 0.5,
        "log-level": "warning",
    }
    arguments = [f"--{name}={value}" for name, value in options.items()]
    return [
        sys.executable, "-m", "granian", *arguments, "--respawn-failed-workers", "--no-access-log",
        "--no-ws", "config.wsgi:application",
    ]  # fmt: skip


def manage_command(*arguments: str) -> list[str]:
    return [sys.executable, str(BASE_DIR / "manage.py"), *arguments]


def make_children(*, host: str, port: int, grace_seconds: float, logs: Path) -> list[Child]:
    """Return web, worker and qcluster, not yet started."""
    commands = {
        ProcessKind.WEB: web_command(host=host, port=port, grace_seconds=grace_seconds),
        ProcessKind.WORKER: manage_command("worker"),
        ProcessKind.QCLUSTER: manage_command("qcluster"),
    }
    # granian imports `config` from the folder that the launcher was called from otherwise.
    environment = {**os.environ, "PYTHONPATH": str(BASE_DIR)}
    return [
        Child(
            _spec(kind, command), environment=environment, log=ChildLog(logs / f"{kind.value}.log")
        )
        for kind, command in commands.items()
    ]


def _spec(kind: ProcessKind, command: list[str]) -> ChildSpec:
    stale_after = STALE_AFTER[kind].total_seconds()
    return ChildSpec(
        kind=kind,
        command=command,
        stale_after_seconds=stale_after,
        start_allowance_seconds=max(90.0, stale_after),
    )
