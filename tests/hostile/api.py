"""An API on loopback that behaves as it is told, well or badly, and keeps what it received.

    with HostileApi(answers_json({"email": "kim@example.com"}), is_late) as api:
        ...  # the first connection gets an answer, all later ones wait
        assert api.requests[0].method == "GET"

A behaviour is a function of one connection; `tests.hostile.behaviours` has them.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Received:
    """One request, as its bytes came over the wire."""

    raw: bytes

    @property
    def method(self) -> str:
        return self._lines[0].split(" ")[0]

    @property
    def target(self) -> str:
        return self._lines[0].split(" ")[1]

    @property
    def headers(self) -> list[tuple[str, str]]:
        """All headers in their order, doubled ones doubled, names as they were written."""
        pairs = (line.partition(":") for line in self._lines[1:])
        return [(name, value.strip(" ")) for name, _, value in pairs]

    def header(self, name: str) -> str | None:
        """Return the only value of a header, or None; two of them fail the test."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        assert len(values) <= 1, f"{name} came {len(values)} times."
        return values[0] if values else None

    @property
    def body(self) -> bytes:
        return self.raw.partition(b"\r\n\r\n")[2]

    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def _lines(self) -> list[str]:
        return self.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")


class Peer:
    """One connection, seen from the server."""

    def __init__(self, connection: socket.socket, api: HostileApi) -> None:
        self.connection = connection
        self._api = api
        self._received: Received | None = None

    def receive(self) -> Received:
        """Read the request, once, and keep it in the requests of the API."""
        if self._received is None:
            raw = b""
            while len(raw) < _whole_length(raw):
                part = self.connection.recv(65_536)
                if not part:
                    break
                raw += part
            if not raw:
                raise ConnectionAbortedError  # the client left, as one that keeps connections does
            self._received = Received(raw)
            self._api.keep(self._received)
        return self._received

    def with_next_request(self) -> Peer:
        """Return this connection as it is before the next request on it."""
        return Peer(self.connection, self._api)

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def pause(self, seconds: float | None = None) -> None:
        """Do nothing for a while, or until the API is closed; ends the connection when it is."""
        if self._api.closing.wait(seconds):
            raise ConnectionAbortedError

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.connection.close()


Behaviour: TypeAlias = Callable[[Peer], None]


@contextmanager
def closed_port() -> Iterator[int]:
    """Yield a port on loopback that refuses connections, and that nobody else gets meanwhile."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield int(taken.getsockname()[1])


class HostileApi:
    """A server on loopback. The n-th connection meets the n-th behaviour, later ones the last."""

    def __init__(
        self, *behaviours: Behaviour, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> None:
        self.behaviours = behaviours
        self.host = host
        self.tls = tls
        self.requests: list[Received] = []
        self.closing = threading.Event()
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._listener = socket.create_server((host, 0), family=family, backlog=64)
        self._threads = [threading.Thread(target=self._listen)]

    @property
    def port(self) -> int:
        return int(self._listener.getsockname()[1])

    @property
    def connections(self) -> int:
        """How many connections were accepted, with and without a request on them."""
        return len(self._connections)

    def url(self, path: str = "/contacts", *, host: str = "") -> str:
        scheme = "https" if self.tls else "http"
        name = host or (f"[{self.host}]" if ":" in self.host else self.host)
        return f"{scheme}://{name}:{self.port}{path}"

    def keep(self, received: Received) -> None:
        with self._lock:
            self.requests.append(received)

    def __enter__(self) -> HostileApi:
        self._threads[0].start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.closing.set()
        # An accept() that waits notices only a connection, not a listener that is closed.
        with suppress(OSError):
            socket.create_connection((self.host, self.port), timeout=5).close()
        self._threads[0].join()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()

    def _listen(self) -> None:
        with self._listener:
            while True:
                connection, _ = self._listener.accept()
                if self.closing.is_set():
                    connection.close()
                    return
                number = min(len(self._connections), len(self.behaviours) - 1)
                self._connections.append(connection)
                thread = threading.Thread(
                    target=self._serve, args=(connection, self.behaviours[number])
                )
                self._threads.append(thread)
                thread.start()

    def _serve(self, connection: socket.socket, behaviour: Behaviour) -> None:
        # The client may leave at any moment: that is what many of these tests are about.
        with suppress(OSError), self._secured(connection) as secured:
            behaviour(Peer(secured, self))
            _end(secured)

    @contextmanager
    def _secured(self, connection: socket.socket) -> Iterator[socket.socket]:
        with connection:
            if self.tls is None:
                yield connection
                return
            with self.tls.wrap_socket(connection, server_side=True) as secured:
                yield secured


def _end(connection: socket.socket) -> None:
    """Close so that what was sent arrives, even when not all of the request was read."""
    connection.settimeout(5)
    if isinstance(connection, ssl.SSLSocket):
        with suppress(OSError):
            connection = connection.unwrap()
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(65_536):
        pass


def _whole_length(raw: bytes) -> int:
    """Return how long the request is, going by its headers; one more than there is, before."""
    head, separator, _ = raw.partition(b"\r\n\r\n")
    if not separator:
        return len(raw) + 1
    lengths = [
        line.partition(b":")[2]
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    return len(head) + 4 + (int(lengths[0]) if lengths else 0)
