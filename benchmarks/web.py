"""The web process as `./patchbay run` starts it, measured from outside."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import psutil

_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 20.0


@dataclass(slots=True)
class Usage:
    """CPU seconds so far and resident bytes of the largest process, over a process tree.

    Pages of a database file that SQLite maps are the system's cache and not counted.
    """

    cpu_seconds: float
    largest_bytes: int
    processes: int


class Web:
    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = psutil.Process(process.pid)
        self.port = port

    def usage(self) -> Usage:
        tree = [self._process, *self._process.children(recursive=True)]
        times = [each.cpu_times() for each in tree]
        sizes = [each.memory_info().rss - _mapped_database_bytes(each) for each in tree]
        return Usage(
            cpu_seconds=sum(each.user + each.system for each in times),
            largest_bytes=max(sizes),
            processes=len(tree),
        )


@contextmanager
def running_web(application: str = "config.wsgi:application") -> Iterator[Web]:
    """Start granian on a free port with the options of production, and stop it in the end."""
    from config.environment import BASE_DIR
    from config.processes import web_command

    port = free_port()
    command = web_command(host="127.0.0.1", port=port, grace_seconds=10)
    command[-1] = application
    environment = {**os.environ, "PYTHONPATH": str(BASE_DIR)}
    process = subprocess.Popen(command, env=environment, cwd=BASE_DIR)
    try:
        wait_for_port(port, process)
        yield Web(process, port)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()


def _mapped_database_bytes(process: psutil.Process) -> int:
    return sum(each.rss for each in process.memory_maps() if ".sqlite3" in each.path)


def cpu_seconds_of(names: Sequence[str]) -> float:
    """Return the CPU seconds of all running processes whose name starts with one of these."""
    total = 0.0
    for process in psutil.process_iter(["name", "cpu_times"]):
        if (process.info["name"] or "").startswith(tuple(names)):
            times = process.info["cpu_times"]
            total += times.user + times.system
    return total


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a process listens; ends the program when it does not."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit(f"A process ended at its start (code {process.returncode}).")
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit("A process did not listen in time.")
