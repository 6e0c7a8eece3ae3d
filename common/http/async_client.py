"""`AsyncClient`: many requests at once on one thread, with the rules of `send`.

Connections are kept for a moment and used again: what delivers thousands of events a second cannot
open one for each. A request that meets one which the other side has just closed goes out a second
time, over a new one. The other side may then have had it twice, so this client is for requests
that may be repeated: those of deliveries carry an id by which receivers tell repeats.
"""

from __future__ import annotations

import asyncio
import time
from functools import partial
from typing import Any, Final, Self, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.connector import Connection

from common.http.async_destination import Destination, connect_timeout, destination
from common.http.async_exchange import Outgoing, Received, exchange, outgoing
from common.http.async_failures import EXPECTED, failure_of
from common.http.async_resolver import JudgingResolver, judged_socket
from common.http.exchange import HttpAnswer, HttpFailure, OutgoingRequest
from common.http.failures import connect_failure, no_http
from common.http.outgoing import checked

# Below the five seconds after which many servers close an idle connection.
KEPT_SECONDS: Final = 4.0
_ADDRESS_KNOWN_SECONDS: Final = 10


class AbruptConnection(ResponseHandler):
    """Gone at once when it is closed, with what was not sent yet.

    Otherwise a peer that reads nothing, or does not answer the end of TLS, would keep the socket
    and the rest of the body long after the deadline, and the loop from ending.
    """

    # Whether it has carried an exchange before.
    was_used = False
    # Whether not a byte has come since then.
    is_silent = True

    def data_received(self, data: bytes) -> None:
        self.is_silent = False
        super().data_received(data)

    def close(self) -> None:
        self.abort()

    def resume_reading(self, resume_parser: bool = True) -> None:
        # Asked for after every part of a body that is read, and not for nothing.
        if self._reading_paused:
            super().resume_reading(resume_parser)


class AsyncClient:
    """The connections of one running loop, in which it is made, used and closed.

    How many requests are under way at once is the caller's to decide.
    """

    def __init__(self) -> None:
        self._connector = aiohttp.TCPConnector(
            resolver=JudgingResolver(),
            socket_factory=judged_socket,
            ttl_dns_cache=_ADDRESS_KNOWN_SECONDS,
            keepalive_timeout=KEPT_SECONDS,
            limit=0,
        )
        kind: type[ResponseHandler] = AbruptConnection
        self._connector._factory = partial(kind, loop=asyncio.get_running_loop())

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._connector.close()

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
        goal = destination(place, verify_tls=request.verify_tls)
        wire = outgoing(request.method, place.target, goal.host_header, headers, request.body)
        try:
            async with asyncio.timeout(request.total_seconds):
                got = await self._answered(goal, wire, request)
        except EXPECTED as error:
            raise failure_of(error, request) from error
        if got.status < 100:
            raise no_http()
        return HttpAnswer(
            status=got.status,
            headers=got.headers,
            body=got.body[: request.most_answer_bytes],
            is_cut=len(got.body) > request.most_answer_bytes,
            duration_ms=_milliseconds_since(started),
        )

    async def _answered(
        self, goal: Destination, wire: Outgoing, request: OutgoingRequest
    ) -> Received:
        """Exchange over a kept connection, or a new one; over a new one when the kept one is gone.

        Servers close what they keep at any moment, unannounced: that says nothing about whether
        they would take this request. A connection that was new, or had begun to answer, does.
        """
        connection, protocol = await self._connected(goal, request.connect_seconds)
        try:
            return await _over(connection, protocol, wire, request.most_answer_bytes)
        except (aiohttp.ClientConnectionError, OSError):
            if not (protocol.was_used and protocol.is_silent):
                raise
        connection, protocol = await self._connected(goal, request.connect_seconds, is_new=True)
        return await _over(connection, protocol, wire, request.most_answer_bytes)

    async def _connected(
        self, goal: Destination, seconds: float, *, is_new: bool = False
    ) -> tuple[Connection, AbruptConnection]:
        """Return a connection; of those used before, one on which nothing was said since.

        For a new one, those kept for this destination are given up: whatever ended the one that
        they were kept beside, most often a restart, will have ended them.
        """
        while True:
            try:
                connection = await self._connector.connect(
                    cast(Any, goal), [], connect_timeout(seconds)
                )
            except TimeoutError as error:
                raise connect_failure(error, seconds) from error
            protocol = cast(AbruptConnection, connection.protocol)
            if not (protocol.was_used and (is_new or protocol.should_close)):
                return connection, protocol
            connection.close()


async def _over(
    connection: Connection, protocol: AbruptConnection, wire: Outgoing, most_bytes: int
) -> Received:
    try:
        got = await exchange(protocol, wire, most_bytes)
    except BaseException:
        connection.close()
        raise
    protocol.was_used = protocol.is_silent = True
    # Kept when the answer was read to its end.
    connection.release()
    return got


def _milliseconds_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
