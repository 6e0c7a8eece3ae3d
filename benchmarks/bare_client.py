"""The floor under deliveries: aiohttp posts one body to the same receiver, and no more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from itertools import cycle, islice
from typing import Any, Final, TypeVar

import aiohttp
import uvloop

Result = TypeVar("Result")

# What a signed delivery has besides, so that the receiver reads as much.
_HEADERS: Final = {
    "Content-Type": "application/json",
    "webhook-id": "msg_" + "0" * 27,
    "webhook-timestamp": "1790000000",
    "webhook-signature": "v1," + "A" * 44,
}


def post_rate(urls: Sequence[str], body: bytes, *, requests: int, in_flight: int) -> float:
    """Return answered requests per second, with that many under way at once."""

    async def post_all() -> float:
        left = islice(cycle(urls), requests)
        async with _session() as session:
            started = time.perf_counter()
            await asyncio.gather(*(_post_each(session, left, body) for _ in range(in_flight)))
            return requests / (time.perf_counter() - started)

    return _run(post_all)


def post_times(url: str, body: bytes, *, requests: int, pause: float) -> list[float]:
    """Post one at a time; return when each was sent, in seconds since the epoch."""

    async def post_all() -> list[float]:
        sent = []
        async with _session() as session:
            for _ in range(requests):
                await asyncio.sleep(pause)
                sent.append(time.time())
                await _post_each(session, iter([url]), body)
        return sent

    return _run(post_all)


async def _post_each(session: aiohttp.ClientSession, urls: Iterator[str], body: bytes) -> None:
    for url in urls:
        async with session.post(url, data=body, headers=_HEADERS) as answer:
            await answer.read()


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


def _run(main: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main())
