"""How an API may behave, well or badly; each is one function of one connection."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from tests.hostile.api import Behaviour, Peer

DRIP_SECONDS = 0.02
METADATA_URL = "http://169.254.169.254/latest/meta-data/"
HTML = b"<!doctype html><title>Log in</title><p>Your session has ended."


# --- Well-behaved -------------------------------------------------------------------------------


def answers(
    status: int = 200,
    body: bytes = b"",
    headers: Sequence[tuple[str, str]] = (("Content-Type", "application/json"),),
) -> Behaviour:
    def behave(peer: Peer) -> None:
        peer.receive()
        peer.send(_head(status, [*headers, ("Content-Length", str(len(body)))]) + body)

    return behave


def answers_json(document: Any, status: int = 200) -> Behaviour:
    return answers(status, json.dumps(document).encode())


def by_method(**behaviours: Behaviour) -> Behaviour:
    """Choose by the method of the request: `by_method(GET=answers(404), POST=answers(201))`."""

    def behave(peer: Peer) -> None:
        behaviours[peer.receive().method](peer)

    return behave


def answers_early(status: int = 413) -> Behaviour:
    """Answer and close although the body of the request is still on its way."""

    def behave(peer: Peer) -> None:
        peer.send(_head(status, [("Content-Length", "0"), ("Connection", "close")]))

    return behave


def answers_chunked(*chunks: bytes) -> Behaviour:
    def behave(peer: Peer) -> None:
        peer.receive()
        peer.send(_head(200, [("Transfer-Encoding", "chunked")]))
        for chunk in (*chunks, b""):
            peer.send(b"%x\r\n%b\r\n" % (len(chunk), chunk))

    return behave


def answers_after_interim(status: int = 103, body: bytes = b"{}") -> Behaviour:
    def behave(peer: Peer) -> None:
        peer.receive()
        peer.send(_head(status, [("Link", "</style.css>")]))
        peer.send(_head(200, [("Content-Length", str(len(body)))]) + body)

    return behave


# --- Answers that are no use --------------------------------------------------------------------


def redirects(status: int = 307, location: str = METADATA_URL) -> Behaviour:
    return answers(status, b"", [("Location", location)])


def answers_html(status: int = 200) -> Behaviour:
    return answers(status, HTML, [("Content-Type", "text/html")])


def answers_deep_json(depth: int = 7_000) -> Behaviour:
    return answers(200, b"[" * depth + b"]" * depth)


def answers_huge_json(size: int = 1_000_000) -> Behaviour:
    return answers(200, json.dumps({"email": "x" * size}).encode())


def answers_nul_json() -> Behaviour:
    return answers(200, b'{"email": "kim\\u0000@example.com", "name": "\\ud800"}')


def answers_doubled_keys() -> Behaviour:
    return answers(200, b'{"email": "a@example.com", "email": "b@example.com"}')


def sends(data: bytes) -> Behaviour:
    """Send these bytes, whatever they are, and close."""

    def behave(peer: Peer) -> None:
        peer.receive()
        peer.send(data)

    return behave


def lies_about_length(body: bytes = b'{"email":', announced: int = 1_000) -> Behaviour:
    return sends(_head(200, [("Content-Length", str(announced))]) + body)


def has_huge_headers() -> Behaviour:
    return sends(_head(200, [("X-Huge", "x" * 100_000), ("Content-Length", "0")]))


def has_many_headers() -> Behaviour:
    return sends(_head(200, [(f"X-{number}", "x") for number in range(1_000)]))


def is_garbage(peer: Peer) -> None:
    sends(bytes(range(256)) * 4 + b"\r\n\r\n")(peer)


# --- Resets -------------------------------------------------------------------------------------


def resets(peer: Peer) -> None:
    peer.receive()
    peer.reset()


def resets_within_headers(peer: Peer) -> None:
    peer.receive()
    peer.send(b"HTTP/1.1 200 OK\r\nContent-")
    peer.reset()


def resets_within_body(peer: Peer) -> None:
    peer.receive()
    peer.send(_head(200, [("Content-Length", "1000")]) + b'{"email":')
    peer.reset()


def closes(peer: Peer) -> None:
    """Close in good order, without an answer."""
    peer.receive()


def answers_then(count: int, last: Behaviour) -> Behaviour:
    """Answer so many requests on one connection, without a word of closing it; then `last`."""

    def behave(peer: Peer) -> None:
        for _ in range(count):
            answers(200)(peer)
            peer = peer.with_next_request()
        last(peer)

    return behave


# --- Without end --------------------------------------------------------------------------------


def is_late(peer: Peer) -> None:
    """Never answer."""
    peer.receive()
    peer.pause()


def never_reads(peer: Peer) -> None:
    peer.pause()


class ReadsSlowly:
    """Take a request a little at a time, so that sending it never quite stands still."""

    def __init__(self) -> None:
        self.bytes_read = 0

    def __call__(self, peer: Peer) -> None:
        pause_at = 0
        while part := peer.connection.recv(65_536):
            self.bytes_read += len(part)
            if self.bytes_read >= pause_at:
                pause_at += 500_000
                peer.pause(DRIP_SECONDS)


def drips_status(peer: Peer) -> None:
    peer.receive()
    _drip(peer, b"HTTP/1.1 200 " + b"O" * 60_000)


def drips_headers(peer: Peer) -> None:
    peer.receive()
    peer.send(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    _drip(peer, b"x" * 60_000)


def drips_body(peer: Peer) -> None:
    peer.receive()
    peer.send(_head(200, [("Content-Length", "10000")]))
    _drip(peer, b" " * 10_000)


def sends_endless_body(status: int = 200, headers: Sequence[tuple[str, str]] = ()) -> Behaviour:
    return _sends_for_ever(_head(status, headers), b"x" * 65_536)


def sends_endless_chunks() -> Behaviour:
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    return _sends_for_ever(_head(200, [("Transfer-Encoding", "chunked")]), chunk)


def sends_gzip_bomb(peer: Peer) -> None:
    """50 MB in 50 kB, although nobody asked for gzip."""
    answers(200, _bomb(), [("Content-Encoding", "gzip"), ("Content-Type", "application/json")])(
        peer
    )


@lru_cache(maxsize=1)
def _bomb() -> bytes:
    return gzip.compress(b" " * 50_000_000)


def floods_interim(status: int = 100) -> Behaviour:
    def behave(peer: Peer) -> None:
        peer.receive()
        while True:
            peer.send(_head(status, []))
            peer.pause(0.001)

    return behave


def sends_endless_trailers() -> Behaviour:
    head = _head(200, [("Transfer-Encoding", "chunked")]) + b"2\r\n{}\r\n0\r\n"
    return _sends_for_ever(head, b"X-Trailer: x\r\n" * 1_000)


def _sends_for_ever(head: bytes, part: bytes) -> Behaviour:
    def behave(peer: Peer) -> None:
        peer.receive()
        peer.send(head)
        while True:
            peer.send(part)

    return behave


def _drip(peer: Peer, data: bytes) -> None:
    for byte in data:
        peer.send(bytes((byte,)))
        peer.pause(DRIP_SECONDS)


def _head(status: int, headers: Sequence[tuple[str, str]]) -> bytes:
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join((*lines, "", "")).encode("latin-1")
