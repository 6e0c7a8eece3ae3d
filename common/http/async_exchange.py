"""One request and its answer over a connection of aiohttp, without the rest of its client.

That one is made for every use: middlewares, cookies, redirects, parts of a form. What is needed
here is the bytes of a request, and aiohttp's parser for those of the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, NamedTuple

from aiohttp.client_proto import ResponseHandler
from aiohttp.streams import StreamReader

_READ_SIZE: Final = 16 * 1024
# A body above this is written bit by bit: as a whole it would hold everybody else up.
_LARGE_BODY: Final = 512 * 1024
_PART: Final = 64 * 1024
_WITHOUT_BODY: Final = frozenset(("GET", "HEAD", "OPTIONS", "TRACE"))


class Received(NamedTuple):
    """An answer; `body` has at most one byte more than was asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Outgoing(NamedTuple):
    """The bytes of a request, and what is to be known when its answer is read."""

    method: str
    head: bytes
    body: bytes


def outgoing(
    method: str, target: str, host: str, headers: Mapping[str, str], body: bytes | None
) -> Outgoing:
    """Return a request as it goes over the wire; names and values were checked by the caller."""
    lines = [f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in headers.items()]
    if body is not None or method not in _WITHOUT_BODY:
        lines.append(f"Content-Length: {len(body or b'')}\r\n")
    lines.append("\r\n")
    return Outgoing(method, "".join(lines).encode("ascii"), body or b"")


async def exchange(protocol: ResponseHandler, request: Outgoing, most_bytes: int) -> Received:
    """Write the request and read its answer; raises what aiohttp raises.

    Whether the connection can be used again is then for the protocol to say.
    """
    protocol.set_response_params(
        skip_payload=request.method == "HEAD",
        read_until_eof=True,
        auto_decompress=False,
        read_bufsize=_READ_SIZE,
    )
    assert protocol.transport is not None
    if len(request.body) <= _LARGE_BODY:
        protocol.transport.write(request.head + request.body)
        return await _answer(protocol, most_bytes)
    writing = asyncio.create_task(_write_in_parts(protocol, request))
    try:
        return await _answer(protocol, most_bytes)
    finally:
        if not writing.done():
            # It answered before it had everything: the rest would be read as another request.
            protocol.force_close()
            writing.cancel()


async def _write_in_parts(protocol: ResponseHandler, request: Outgoing) -> None:
    body = memoryview(request.body)
    parts = (body[start : start + _PART] for start in range(0, len(body), _PART))
    try:
        for part in (memoryview(request.head), *parts):
            if protocol.transport is None:
                return
            protocol.transport.write(part)
            await protocol._drain_helper()
    except OSError:
        pass  # whoever reads is told of it


async def _answer(protocol: ResponseHandler, most_bytes: int) -> Received:
    while True:
        message, content = await protocol.read()
        if not 100 <= message.code < 200 or message.code == HTTPStatus.SWITCHING_PROTOCOLS:
            break
    return Received(message.code, message.headers, await _body(content, most_bytes))


async def _body(content: StreamReader, most_bytes: int) -> bytes:
    """Return the body as it came, or one byte more than `most_bytes` when it goes on."""
    body = b""
    while len(body) <= most_bytes:
        part = await content.read(most_bytes + 1 - len(body))
        body += part
        if not part or content.at_eof():
            break
    return body
