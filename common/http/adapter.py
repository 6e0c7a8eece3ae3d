"""The transport under requests: one fresh, judged connection for one request.

Connections are not kept. One that the other side has closed meanwhile would fail a POST that
nobody may repeat, and a call to a customer's API is rare beside what a connection costs.
"""

from __future__ import annotations

import http.client
import logging
from dataclasses import dataclass, field
from typing import Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool
from urllib3.connection import HTTPConnection

from common.http.deadline import Deadline, TimedSocket
from common.http.dialling import dial
from common.http.urls import Place

# It warns with a traceback when an answer's headers are odd: that is the caller's to judge.
logging.getLogger("urllib3.connection").setLevel(logging.ERROR)


@dataclass(slots=True)
class Line:
    """What one call needs to know on its way down to the socket; closes what was opened."""

    place: Place
    deadline: Deadline
    connect_seconds: float
    verify_tls: bool
    opened: list[TimedSocket] = field(default_factory=list)

    def connect(self) -> TimedSocket:
        connected = dial(
            self.place, self.deadline, self.connect_seconds, verify_tls=self.verify_tls
        )
        self.opened.append(TimedSocket(connected, self.deadline))
        return self.opened[-1]

    def hang_up(self) -> None:
        for timed in self.opened:
            timed.hang_up()


class FinalAnswer(http.client.HTTPResponse):
    """An answer behind any number of interim ones, in chunks of honest sizes.

    The standard library skips only 100 and would take 103 Early Hints for the answer.
    """

    def _read_status(self) -> tuple[str, int, str]:
        version, status, reason = super()._read_status()  # type: ignore[misc]
        while 101 < status < 200:
            http.client.parse_headers(self.fp)
            version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, status, reason

    def _read_next_chunk_size(self) -> int:
        # The standard library takes a size of -1 for "all there is", past every cap, and trips
        # over -2. Its caller makes a broken answer of this error.
        size: int = super()._read_next_chunk_size()  # type: ignore[misc]
        if size < 0:
            raise ValueError("A chunk has a negative size.")
        return size


class JudgedConnection(HTTPConnection):
    """Opens its socket by `dial`, TLS included, and names the target exactly as it was given."""

    response_class = FinalAnswer

    def __init__(self, *args: Any, line: Line, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._line = line

    def connect(self) -> None:
        self.sock = self._line.connect()

    def putrequest(
        self,
        method: str,
        url: str,
        skip_host: bool = False,
        skip_accept_encoding: bool = False,
    ) -> None:
        # requests and urllib3 both re-quote: %2F%7E would be signed and /~ be sent.
        super().putrequest(method, self._line.place.target, skip_host, skip_accept_encoding)


class JudgedTlsConnection(JudgedConnection):
    default_port = 443  # type: ignore[misc]  # left out of the Host header


class JudgedPool(HTTPConnectionPool):
    ConnectionCls = JudgedConnection


class JudgedTlsPool(HTTPConnectionPool):
    """A pool of the plain kind: its connections do TLS themselves, in `dial`."""

    ConnectionCls = JudgedTlsConnection


class JudgedAdapter(HTTPAdapter):
    """Carries one request over `line`; knows no proxies, retries or redirects."""

    def __init__(self, line: Line) -> None:
        super().__init__()
        self._line = line

    def get_connection_with_tls_context(self, *_: Any, **__: Any) -> HTTPConnectionPool:
        pool = JudgedTlsPool if self._line.place.is_tls else JudgedPool
        return pool(self._line.place.host, self._line.place.port, line=self._line)

    def cert_verify(self, *_: Any, **__: Any) -> None:
        """Leave the pool alone: certificates are verified in `dial`."""

    def request_url(self, request: PreparedRequest, proxies: object) -> str:
        # The connection knows the target; errors and logs of the libraries need not.
        return "/"
