from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from common.http.dialling import tls_context
from config.environment import BASE_DIR
from config.processes import web_command
from tests.hostile.certificates import authority
from tests.hostile.wire import Answer, Wire, post
from tests.processes.stack import database_url, free_port
from tests.webhooks.reception import Sender, engage_source


@dataclass(slots=True)
class Target:
    """A source on a real web process."""

    port: int
    sender: Sender

    @property
    def path(self) -> str:
        return f"/in/{self.sender.source.public_id}"

    def headers(self, body: bytes) -> list[tuple[str, str]]:
        return list(self.sender.signed_headers(body).items())

    def post(self, body: bytes) -> Answer:
        return post(self.port, self.path, self.headers(body), body)


@pytest.fixture
def target(transactional_db: None) -> Iterator[Target]:
    """Start the web process on the test's database, with few threads: one that hangs is missed."""
    sender = Sender(engage_source())
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
        yield Target(port, sender)
    finally:
        process.terminate()
        process.wait(20)


def _wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            with Wire(port):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("The web process did not listen.")


@pytest.fixture
def trusted_issuer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this machine trust the issuer of the tests, as an operator adds one: by a file."""
    trusted = tmp_path / "issuers.pem"
    trusted.write_bytes(authority().pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    tls_context.cache_clear()
    yield
    tls_context.cache_clear()
