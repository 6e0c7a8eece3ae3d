"""A receiver in a process of its own: `python -m benchmarks.receiving PORT`.

Reads just enough HTTP to note path and message id of each request, so that it is not what limits.
The path says how it answers: `/now/NAME`, `/wait/MILLISECONDS/NAME`, `/never/NAME`. `GET /count`
tells how many came, `GET /report` lists them, "path id time" in each line, and forgets them.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from typing import Final, cast

import uvloop

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_ID: Final = re.compile(rb"\r\nwebhook-id: *(\S+)", re.IGNORECASE)
_OK: Final = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

# Path, message id and time of arrival of every request.
_arrived: list[tuple[bytes, bytes, float]] = []


class Receiving(asyncio.Protocol):
    """One connection; requests may come in pieces, but no two at once."""

    def __init__(self) -> None:
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports have the methods, but are none by their type.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        end = self._data.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._data[: end + 2]
        length = _LENGTH.search(head)
        if len(self._data) < end + 4 + (int(length[1]) if length else 0):
            return
        self._data = b""
        self._answer(head)

    def _answer(self, head: bytes) -> None:
        path = head.split(b" ", 2)[1]
        if path == b"/count":
            self._send(_answer(b"%d" % len(_arrived)))
        elif path == b"/report":
            lines = [b"%b %b %.6f" % each for each in _arrived]
            _arrived.clear()
            self._send(_answer(b"\n".join(lines)))
        else:
            message_id = _ID.search(head)
            _arrived.append((path, message_id[1] if message_id else b"-", time.time()))
            self._answer_as_told(path)

    def _answer_as_told(self, path: bytes) -> None:
        manner, _, rest = path[1:].partition(b"/")
        if manner == b"wait":
            seconds = int(rest.partition(b"/")[0]) / 1000
            asyncio.get_running_loop().call_later(seconds, self._send, _OK)
        elif manner != b"never":
            self._send(_OK)

    def _send(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


def _answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Receiving, "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
