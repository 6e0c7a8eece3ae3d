"""The receiver's process, as the benchmark that started it sees it."""

from __future__ import annotations

import http.client
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from benchmarks.web import free_port, wait_for_port
from config.environment import BASE_DIR


class Arrival(NamedTuple):
    """A request as it came; `at` in seconds since the epoch."""

    path: str
    message_id: str
    at: float


class Receiver:
    def __init__(self, port: int) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def count(self) -> int:
        """Return how many requests came since the last report."""
        return int(self._get("/count"))

    def report(self) -> list[Arrival]:
        """Return what came since the last report, in order."""
        arrivals = (line.split(" ") for line in self._get("/report").splitlines())
        return [Arrival(path, message_id, float(at)) for path, message_id, at in arrivals]

    def close(self) -> None:
        self._connection.close()

    def _get(self, path: str) -> str:
        self._connection.request("GET", path)
        return self._connection.getresponse().read().decode()


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.receiving", str(port)]
    process = subprocess.Popen(command, cwd=BASE_DIR)
    try:
        wait_for_port(port, process)
        receiver = Receiver(port)
        yield receiver
        receiver.close()
    finally:
        process.kill()
        process.wait()
