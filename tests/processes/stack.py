"""The whole product as `./patchbay run` starts it, on the test's own database."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import requests
from django.db import connection

from sites.heartbeats import live_processes
from sites.models import ProcessKind
from tests.processes.waiting import eventually, is_alive

ROOT = Path(__file__).resolve().parent.parent.parent
HEALTH_TOKEN = "health-token-of-the-tests"


# Below the ports that the system hands out for connections, and other ones in each process of the
# tests: granian shares its port with whoever else listens there, and would share the requests too.
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_PORTS = cycle(range(10_000 + 300 * (_WORKER % 70), 10_300 + 300 * (_WORKER % 70)))


def free_port() -> int:
    for port in islice(_PORTS, 300):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("None of 300 ports is free.")


def database_url() -> str:
    """Return the URL of the database that this test runs on, for another process."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


class LiveStack:
    """Real web, worker and qcluster under the real supervisor.

    `url` is where web listens. `pids(kind)` are the living processes of a kind, by their
    heartbeats; for web these are granian's workers. `kill(kind)` sends SIGKILL to them all.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        grace: float = 15.0,
        environment: dict[str, str],
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._output = folder / "run.out"
        own = {
            "DATABASE_URL": database_url(),
            "HEALTH_TOKEN": HEALTH_TOKEN,
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        with self._output.open("w") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable, "-P", "-m", "config.run", "--port", str(self.port),
                    "--data-dir", str(folder / "data"), "--grace", str(grace),
                    *arguments,
                ],
                env={**os.environ, **own}, cwd=folder, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def __enter__(self) -> Self:
        try:
            self.wait_until_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is not None:
            sys.stderr.write(self.output())
        self.stop()

    def wait_until_ready(self, seconds: float = 180.0) -> None:
        deadline = time.monotonic() + seconds
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"The stack did not get ready.\n{self.output()}")
            time.sleep(0.1)

    def is_ready(self) -> bool:
        try:
            return self.get("/readyz").status_code == 200
        except requests.RequestException:
            return False

    def get(self, path: str, *, token: str = "") -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.get(self.url + path, headers=headers, timeout=30)

    def pids(self, kind: ProcessKind) -> set[int]:
        rows = live_processes(kind).values_list("process_id", flat=True)
        return {process_id for process_id in rows if is_alive(process_id)}

    def kill(self, kind: ProcessKind, number: signal.Signals = signal.SIGKILL) -> set[int]:
        """Signal every process of a kind; return which they were."""
        killed = self.pids(kind)
        for process_id in killed:
            os.kill(process_id, number)
        return killed

    def wait_for_replacement(self, kind: ProcessKind, killed: set[int]) -> set[int]:
        return eventually(lambda: self.pids(kind) - killed, what=f"{kind} again\n{self.output()}")

    def stop(self) -> int:
        """End it as an operator would; return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=120)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait()

    def output(self) -> str:
        """Return what it printed and the ends of its logs, for a failed assertion."""
        parts = [self._output.read_text(encoding="utf-8")]
        parts += [
            f"--- {log.name}\n{log.read_text(encoding='utf-8')[-3000:]}"
            for log in sorted((self.folder / "data" / "logs").glob("*.log"))
        ]
        return "\n".join(parts)
