"""`AsyncClient`: many requests at once on one thread, with the rules of `send`.

Connections are kept for a moment and used again: what delivers thousands of events a second cannot
open one for each. A POST that meets a connection which the other side has just closed fails as
`reset`, and whoever delivers tries it again.
"""

from __future__ import annotations

import asyncio
import io
import time
from functools import lru_cache, partial
from typing import Final, Self

import aiohttp
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from common.http.async_failures import EXPECTED, failure_of
from common.http.async_resolver import JudgingResolver, judged_socket
from common.http.dialling import tls_context
from common.http.exchange import HttpAnswer, HttpFailure, OutgoingRequest
from common.http.failures import no_http
from common.http.outgoing import checked

# Below the five seconds after which many servers close an idle connection.
KEPT_SECONDS: Final = 4.0
_ADDRESS_KNOWN_SECONDS: Final = 10
_READ_SIZE: Final = 16 * 1024
_LARGE_BODY: Final = 512 * 1024


class AbruptConnection(ResponseHandler):
    """Gone at once when it is closed, with what was not sent yet.

    Otherwise a peer that reads nothing, or does not answer the end of TLS, would keep the socket
    and the rest of the body long after the deadline, and the loop from ending.
    """

    def close(self) -> None:
        self.abort()


class AsyncClient:
    """One session of aiohttp; made, used and closed inside one running loop.

    How many requests are under way at once is the caller's to decide.
    """

    def __init__(self) -> None:
        connector = aiohttp.TCPConnector(
            resolver=JudgingResolver(),
            socket_factory=judged_socket,
            ttl_dns_cache=_ADDRESS_KNOWN_SECONDS,
            keepalive_timeout=KEPT_SECONDS,
            limit=0,
        )
        kind: type[ResponseHandler] = AbruptConnection
        connector._factory = partial(kind, loop=asyncio.get_running_loop())
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            read_bufsize=_READ_SIZE,
            skip_auto_headers=("Accept", "Content-Type"),
        )
        # It would repeat a PUT or DELETE by itself, beside the attempt that was counted.
        self._session._retry_connection = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._session.close()

    async def send(self, request: OutgoingRequest) -> HttpAnswer:
        """Carry out one request; raises HttpFailure when no answer came, whatever the reason."""
        started = time.monotonic()
        try:
            return await self._exchange(request, started)
        except HttpFailure as failure:
            # A new one: those who wait for the same look-up share what it raised.
            raise type(failure)(
                failure.kind, failure.sentence, _milliseconds_since(started)
            ) from None

    async def _exchange(self, request: OutgoingRequest, started: float) -> HttpAnswer:
        place, headers = checked(request)
        try:
            async with (
                asyncio.timeout(request.total_seconds),
                self._session.request(
                    request.method,
                    URL(request.url, encoded=True),
                    headers=headers,
                    data=_in_parts(request.body),
                    allow_redirects=False,
                    ssl=tls_context(verify=request.verify_tls) if place.is_tls else True,
                    timeout=_connect_timeout(request.connect_seconds),
                ) as response,
            ):
                body = await _read(response, request.most_answer_bytes)
        except EXPECTED as error:
            raise failure_of(error, request) from error
        if response.status < 100:
            raise no_http()
        return HttpAnswer(
            status=response.status,
            headers=response.headers,
            body=body[: request.most_answer_bytes],
            is_cut=len(body) > request.most_answer_bytes,
            duration_ms=_milliseconds_since(started),
        )


@lru_cache(maxsize=16)
def _connect_timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=None, connect=seconds)


def _in_parts(body: bytes | None) -> bytes | io.BytesIO | None:
    """Have a large body written bit by bit: as a whole it would hold everybody else up."""
    return io.BytesIO(body) if body is not None and len(body) > _LARGE_BODY else body


async def _read(response: aiohttp.ClientResponse, most_bytes: int) -> bytes:
    """Return the body as it came, or one byte more than `most_bytes` when it goes on."""
    body = b""
    while len(body) <= most_bytes:
        part = await response.content.read(most_bytes + 1 - len(body))
        body += part
        if not part or response.content.at_eof():
            return body
    response.close()  # else leaving the block would read on, to use the connection again
    return body


def _milliseconds_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
