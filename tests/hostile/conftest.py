from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from common.http.dialling import tls_context
from tests.hostile.certificates import authority
from tests.hostile.web_process import web_process
from tests.hostile.wire import Answer, post
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
    sender = Sender(engage_source())
    with web_process() as port:
        yield Target(port, sender)


@pytest.fixture
def trusted_issuer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this machine trust the issuer of the tests, as an operator adds one: by a file."""
    trusted = tmp_path / "issuers.pem"
    trusted.write_bytes(authority().pem)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    tls_context.cache_clear()
    yield
    tls_context.cache_clear()
