"""The real web process on the test's own database."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from config.environment import BASE_DIR
from config.processes import web_command
from tests.hostile.wire import Wire
from tests.processes.stack import database_url, free_port
from tests.processes.waiting import eventually


@contextmanager
def web_process() -> Iterator[int]:
    """Start it, yield its port, end it. It has few threads: one that hangs is missed."""
    port = free_port()
    command = web_command(host="127.0.0.1", port=port, grace_seconds=4)
    command = [
        "--blocking-threads=4" if part.startswith("--blocking-threads=") else part
        for part in command
    ]
    environment = {
        **os.environ,
        "PYTHONPATH": str(BASE_DIR),
        "DATABASE_URL": database_url(),
        "WEB_WORKERS": "1",
        "LOG_LEVEL": "ERROR",
    }
    process = subprocess.Popen(command, env=environment, cwd=BASE_DIR)
    try:
        _wait_until_it_listens(port)
        yield port
    finally:
        process.terminate()
        process.wait(120)


def _wait_until_it_listens(port: int) -> None:
    eventually(lambda: _listens(port), what="the web process listens")


def _listens(port: int) -> bool:
    try:
        with Wire(port):
            return True
    except OSError:
        return False
