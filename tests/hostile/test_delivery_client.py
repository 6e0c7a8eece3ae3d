"""The client of the deliveries against many hostile receivers at once, and cut off at each byte."""

from __future__ import annotations

import asyncio
import gc
import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from common.http import FailureKind, HttpAnswer, HttpFailure, OutgoingRequest
from common.http.async_client import AsyncClient
from tests.hostile import behaviours as api_that
from tests.hostile.api import Behaviour, HostileApi, Peer
from tests.hostile.event_loop import in_a_loop

pytestmark = pytest.mark.network

_ANSWER = b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\n{"ok":true}'
_HEAD_BYTES = _ANSWER.index(b"\r\n\r\n") + 4
_BODY = b'{"type":"contact.created"}'
_CUT_SENTENCES = {
    FailureKind.RESET: "closed the connection before it had answered",
    FailureKind.PROTOCOL: "ended before its announced length",
}


def _request(api: HostileApi, *, seconds: float = 20.0) -> OutgoingRequest:
    return OutgoingRequest(method="POST", url=api.url(), body=_BODY, total_seconds=seconds)


async def _end(client: AsyncClient, request: OutgoingRequest) -> HttpAnswer | HttpFailure:
    try:
        return await client.send(request)
    except HttpFailure as failure:
        return failure


def _ends(api: HostileApi, count: int) -> list[HttpAnswer | HttpFailure]:
    """Send one after the other, with one client; the n-th meets the n-th behaviour."""

    async def send_all() -> list[HttpAnswer | HttpFailure]:
        async with AsyncClient() as client:
            return [await _end(client, _request(api)) for _ in range(count)]

    return in_a_loop(send_all())


def _cut(length: int, *, by_reset: bool) -> Behaviour:
    def behave(peer: Peer) -> None:
        peer.receive()
        peer.send(_ANSWER[:length])
        if by_reset:
            peer.reset()

    return behave


def _resets_request_at(length: int) -> Behaviour:
    def behave(peer: Peer) -> None:
        left = length
        while left:
            left -= len(peer.connection.recv(left))
        peer.reset()

    return behave


@pytest.mark.parametrize("by_reset", [True, False], ids=["reset", "closed"])
def test_an_answer_that_is_cut_at_any_byte_is_never_taken_for_a_whole_one(by_reset: bool) -> None:
    lengths = range(len(_ANSWER))
    whole = api_that.answers(200, b"whole")
    with HostileApi(*(_cut(length, by_reset=by_reset) for length in lengths), whole) as api:
        *ends, last = _ends(api, len(_ANSWER) + 1)
        assert len(api.requests) == len(_ANSWER) + 1  # none was repeated behind our back
    assert isinstance(last, HttpAnswer)
    for length, end in zip(lengths, ends, strict=True):
        assert isinstance(end, HttpFailure), length
        assert _CUT_SENTENCES[end.kind] in end.sentence, length
        if length < _HEAD_BYTES:
            assert end.kind is FailureKind.RESET, length


def test_a_reset_at_any_byte_of_the_request_is_told_as_one() -> None:
    with HostileApi(api_that.answers(200)) as api:
        _ends(api, 1)
        sent = len(api.requests[0].raw)
    with HostileApi(*(_resets_request_at(length) for length in range(sent))) as api:
        ends = _ends(api, sent)
        assert api.connections == sent
    assert {end.kind for end in ends if isinstance(end, HttpFailure)} == {FailureKind.RESET}
    assert not [end for end in ends if isinstance(end, HttpAnswer)]


_ENDLESS: tuple[Behaviour, ...] = (
    api_that.is_late,
    api_that.never_reads,
    api_that.drips_status,
    api_that.drips_headers,
    api_that.drips_body,
    api_that.floods_interim(100),
    api_that.floods_interim(103),
)
_HUGE: tuple[Behaviour, ...] = (
    api_that.sends_endless_body(),
    api_that.sends_endless_chunks(),
    api_that.sends_endless_trailers(),
    api_that.answers_huge_json(1_000_000),
    api_that.has_huge_headers(),
    api_that.has_many_headers(),
)


@contextmanager
def _each(behaviours: tuple[Behaviour, ...]) -> Iterator[list[HostileApi]]:
    with ExitStack() as stack:
        yield [stack.enter_context(HostileApi(behaviour)) for behaviour in behaviours]


def test_the_deadline_is_kept_by_all_at_once() -> None:
    async def send_all(apis: list[HostileApi]) -> list[HttpAnswer | HttpFailure]:
        async with AsyncClient() as client:
            requests = [_request(api, seconds=0.5) for api in apis for _ in range(10)]
            return list(await asyncio.gather(*(_end(client, each) for each in requests)))

    with _each(_ENDLESS) as apis:
        ends = in_a_loop(send_all(apis))
    assert len(ends) == 10 * len(_ENDLESS)
    for end in ends:
        assert isinstance(end, HttpFailure)
        assert end.kind is FailureKind.TIMEOUT
        assert "within 0.5 seconds" in end.sentence


def test_good_calls_are_answered_while_hostile_ones_of_the_same_client_go_on() -> None:
    async def send_all(good: HostileApi, apis: list[HostileApi]) -> list[HttpAnswer]:
        async with AsyncClient() as client:
            hostile = [
                asyncio.create_task(_end(client, _request(api))) for api in apis for _ in range(10)
            ]
            answers = [await client.send(_request(good)) for _ in range(50)]
            assert not [task for task in hostile if task.done()]
            for task in hostile:  # as the worker does it when its time to end has come
                task.cancel()
            gone = await asyncio.gather(*hostile, return_exceptions=True)
            assert {type(each) for each in gone} == {asyncio.CancelledError}
            return answers

    # It closes after each answer, and says so.
    good_one = api_that.answers(200, b"", [("Connection", "close")])
    with HostileApi(good_one) as good, _each(_ENDLESS) as apis:
        answers = in_a_loop(send_all(good, apis))
    assert {answer.status for answer in answers} == {200}


def test_memory_stays_flat_whatever_comes() -> None:
    calls, rounds = 8, 4

    async def one_round(apis: list[HostileApi]) -> None:
        async with AsyncClient() as client:
            requests = [_request(api) for api in apis for _ in range(calls)]
            ends = await asyncio.gather(*(_end(client, each) for each in requests))
        assert {end.kind for end in ends if isinstance(end, HttpFailure)} == {FailureKind.PROTOCOL}
        assert all(end.is_cut for end in ends if isinstance(end, HttpAnswer))

    async def rounds_of(apis: list[HostileApi], count: int) -> None:
        for _ in range(count):
            await one_round(apis)

    try:
        with _each(_HUGE) as apis:
            in_a_loop(rounds_of(apis, 1))
            tracemalloc.start()
            in_a_loop(rounds_of(apis, rounds))
            _, peak = tracemalloc.get_traced_memory()
        # The servers live in this process, and hold what they send until they end. The command of
        # the worker, which other tests call here, lets the collector come less often.
        gc.collect()
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(_HUGE) * calls * 300_000
    assert kept < 5_000_000
