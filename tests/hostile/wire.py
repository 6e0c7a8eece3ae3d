"""A sender that speaks bytes: it can lie about lengths, stop half-way and double headers."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

Header = tuple[str, str]


@dataclass(slots=True)
class Answer:
    status: int
    head: str
    body: bytes


class Wire:
    """One connection to a server on loopback."""

    def __init__(self, port: int, timeout_seconds: float = 60.0) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=timeout_seconds)

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        # A server that refuses early may have answered and closed already: the answer still counts.
        with suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(data)

    def send_head(self, path: str, headers: Sequence[Header], method: str = "POST") -> None:
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Connection: close"]
        lines += [f"{name}: {value}" for name, value in headers]
        self.send("\r\n".join((*lines, "", "")).encode("latin-1"))

    def send_chunks(self, chunks: Iterable[bytes], *, is_ended: bool = True) -> None:
        for chunk in chunks:
            self.send(f"{len(chunk):x}\r\n".encode() + chunk + b"\r\n")
        if is_ended:
            self.send(b"0\r\n\r\n")

    def finish_sending(self) -> None:
        """Close our half: the server sees the end of what we send and can still answer."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def answer(self) -> Answer:
        """Read until the server closes; a reset without an answer is status 0."""
        received = b""
        try:
            while part := self._socket.recv(65_536):
                received += part
        except ConnectionResetError:
            pass
        head, _, body = received.partition(b"\r\n\r\n")
        words = head.split(b" ", 2)
        status = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
        return Answer(status, head.decode("latin-1").lower(), body)


def post(port: int, path: str, headers: Sequence[Header], body: bytes) -> Answer:
    """Send one honest request; what it says about its length is true."""
    with Wire(port) as wire:
        wire.send_head(path, [*headers, ("Content-Length", str(len(body)))])
        wire.send(body)
        return wire.answer()
