"""Judging addresses under aiohttp: whole names when they are looked up, and every single socket.

aiohttp asks a resolver for names alone, and opens a socket for literals without asking; hence the
two places. The first refuses a name when a single one of its addresses is not allowed.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from contextlib import suppress
from typing import Any, Final

from aiohttp.abc import AbstractResolver, ResolveResult

from common.http.addresses import Verdict, judge
from common.http.deadline import Deadline
from common.http.failures import address_refused, look_up_failure
from common.http.names import Answer, Found, resolver
from common.http.urls import allowed_networks

# Less than a connection may take in all, so that staff read which of the two was slow.
LOOK_UP_SECONDS: Final = 4.0

logger = logging.getLogger(__name__)


class AddressRefused(OSError):
    """The address of a literal is not allowed; an OSError, because only those reach the caller."""


class JudgingResolver(AbstractResolver):
    """Looks names up in the threads that the other client uses, too; raises HttpFailure."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        try:
            found = await _addresses(host, port)
        except (OSError, UnicodeError) as error:
            raise look_up_failure(error) from error
        if not found:
            raise look_up_failure(OSError("No address."))
        for _family, address in found:
            if not is_allowed(host, address):
                raise address_refused()
        return [_result(host, each) for each in found]

    async def close(self) -> None:
        """Leave the threads to the other client."""


def judged_socket(address_info: Any) -> socket.socket:
    """Return an unconnected socket for an address, the last moment before it is connected to."""
    family, kind, protocol, _name, address = address_info
    if not is_allowed("(a literal)", address):
        raise AddressRefused("The address is not allowed.")
    opened = socket.socket(family, kind, protocol)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def is_allowed(host: str, address: tuple[Any, ...]) -> bool:
    verdict = judge(address[0], allowed_networks())
    if verdict is not Verdict.ALLOWED:
        logger.warning("Refused to call %s at %s: %s", host, address[0], verdict)
    return verdict is Verdict.ALLOWED


async def _addresses(host: str, port: int) -> list[Found]:
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[Answer] = loop.create_future()

    def answer(found: Answer) -> None:
        if not asked.done():
            asked.set_result(found)

    def tell(found: Answer) -> None:
        with suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(answer, found)

    resolver.ask(host, port, Deadline(LOOK_UP_SECONDS), tell)
    async with asyncio.timeout(LOOK_UP_SECONDS):
        answered = await asked
    if isinstance(answered, Exception):
        raise answered
    return answered


def _result(host: str, found: Found) -> ResolveResult:
    family, address = found
    return ResolveResult(
        hostname=host,
        host=address[0],
        port=address[1],
        family=family,
        proto=socket.IPPROTO_TCP,
        flags=socket.AI_NUMERICHOST,
    )
