"""The client of the deliveries against receivers that close what they promised to keep open."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from common.http import FailureKind, HttpAnswer, HttpFailure, OutgoingRequest, names
from common.http.async_client import AsyncClient
from tests.hostile import behaviours as api_that
from tests.hostile.api import Behaviour, HostileApi, Peer
from tests.hostile.certificates import self_signed
from tests.hostile.event_loop import in_a_loop
from tests.webhooks.delivering import deliver, publish, statuses, subscription
from webhooks.outbound.models import Attempt

pytestmark = pytest.mark.network

End = HttpAnswer | HttpFailure

_LARGE = b"x" * 5_000_000


async def _end(client: AsyncClient, api: HostileApi, number: int, fields: dict[str, Any]) -> End:
    defaults: dict[str, Any] = {"url": api.url(f"/{number}"), "body": b"{}", "total_seconds": 20.0}
    try:
        return await client.send(OutgoingRequest(method="POST", **(defaults | fields)))
    except HttpFailure as failure:
        return failure


def _ends(api: HostileApi, count: int, **fields: Any) -> list[End]:
    """Send so many requests, to /0, /1 and so on, one after the other over one client."""

    async def send_all() -> list[End]:
        async with AsyncClient() as client:
            return [await _end(client, api, number, fields) for number in range(count)]

    return in_a_loop(send_all())


def _told(ends: list[End]) -> list[int | FailureKind]:
    return [end.kind if isinstance(end, HttpFailure) else end.status for end in ends]


def _targets(api: HostileApi) -> list[int]:
    return [int(request.target[1:]) for request in api.requests]


def _resets_within_request(peer: Peer) -> None:
    peer.connection.recv(1_000)
    peer.reset()


@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
@pytest.mark.parametrize("last", [api_that.closes, api_that.resets])
def test_a_request_that_ends_a_kept_connection_goes_out_over_a_new_one(
    last: Behaviour, is_tls: bool
) -> None:
    tls = self_signed() if is_tls else None
    with HostileApi(api_that.answers_then(1, last), tls=tls) as api:
        assert _told(_ends(api, 4, verify_tls=False)) == [200] * 4
        assert _targets(api) == [0, 1, 1, 2, 2, 3, 3]
        assert api.connections == 4


def test_a_body_of_which_a_part_was_taken_goes_out_whole() -> None:
    breaks = api_that.answers_then(1, _resets_within_request)
    with HostileApi(breaks, api_that.answers(200)) as api:
        assert _told(_ends(api, 2, body=_LARGE)) == [200, 200]
        assert [request.body == _LARGE for request in api.requests] == [True, True]


def test_a_receiver_may_close_after_so_many_requests() -> None:
    with HostileApi(api_that.answers_then(3, api_that.closes)) as api:
        assert _told(_ends(api, 8)) == [200] * 8
        assert _targets(api) == [0, 1, 2, 3, 3, 4, 5, 6, 6, 7]
        assert api.connections == 3


def test_a_receiver_may_close_right_after_each_answer() -> None:
    # Now and then the next request is on its way before the client can know.
    with HostileApi(api_that.answers_then(1, lambda _: None)) as api:
        assert _told(_ends(api, 300)) == [200] * 300
        assert sorted(set(_targets(api))) == list(range(300))


def test_a_restart_ends_all_kept_connections_and_costs_no_request() -> None:
    async def send_all(api: HostileApi) -> list[End]:
        async with AsyncClient() as client:
            ends: list[End] = []
            for first in (0, 20):
                calls = [_end(client, api, number, {}) for number in range(first, first + 20)]
                ends += await asyncio.gather(*calls)
            return ends

    before = [api_that.answers_then(1, api_that.resets)] * 20
    with HostileApi(*before, api_that.answers_then(1, api_that.is_late)) as api:
        assert _told(in_a_loop(send_all(api))) == [200] * 40
        assert sorted(_targets(api)) == sorted([*range(40), *range(20, 40)])


def test_the_others_that_were_kept_are_not_tried_one_by_one() -> None:
    async def send_all(api: HostileApi) -> list[End]:
        async with AsyncClient() as client:
            calls = [_end(client, api, number, {}) for number in range(5)]
            return [*await asyncio.gather(*calls), await _end(client, api, 5, {})]

    before = [api_that.answers_then(1, api_that.resets)] * 5
    with HostileApi(*before, api_that.answers(200)) as api:
        assert _told(in_a_loop(send_all(api))) == [200] * 6
        assert _targets(api).count(5) == 2


@pytest.mark.parametrize(
    "last",
    [
        api_that.sends(b"H"),
        api_that.sends(b"HTTP/1.1 102 Processing\r\n\r\n"),
        api_that.resets_within_headers,
    ],
    ids=["a byte", "an interim answer", "a part of the headers"],
)
def test_a_kept_connection_that_began_to_answer_is_the_end(last: Behaviour) -> None:
    with HostileApi(api_that.answers_then(1, last), api_that.answers(200)) as api:
        assert _told(_ends(api, 3)) == [200, FailureKind.RESET, 200]
        assert _targets(api) == [0, 1, 2]


@pytest.mark.parametrize("always", [api_that.closes, api_that.resets])
def test_a_new_connection_that_ends_is_the_end(always: Behaviour) -> None:
    with HostileApi(api_that.answers_then(1, always), always) as api:
        assert _told(_ends(api, 4)) == [200, *[FailureKind.RESET] * 3]
        assert _targets(api) == [0, 1, 1, 2, 3]


def test_a_receiver_that_takes_no_request_at_all_is_called_once_each_time() -> None:
    with HostileApi(lambda peer: peer.reset()) as api:
        assert _told(_ends(api, 200)) == [FailureKind.RESET] * 200
        assert api.connections == 200


def test_both_tries_have_one_deadline() -> None:
    def ends_late(peer: Peer) -> None:
        peer.receive()
        peer.pause(0.4)

    with HostileApi(api_that.answers_then(1, ends_late), api_that.is_late) as api:
        _, end = _ends(api, 2, total_seconds=0.6)
        assert _targets(api) == [0, 1, 1]
    assert isinstance(end, HttpFailure)
    assert end.kind is FailureKind.TIMEOUT
    assert end.duration_ms >= 590


def test_the_address_of_the_new_connection_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    turns: Iterator[str] = iter(["127.0.0.1", "10.0.0.1"])
    monkeypatch.setattr(
        names, "system_addresses", lambda _, port: [(socket.AF_INET, (next(turns), port))]
    )
    monkeypatch.setattr("common.http.async_client._ADDRESS_KNOWN_SECONDS", 0)
    with HostileApi(api_that.answers_then(1, api_that.resets)) as api:
        url = api.url(host="rebinding.example")
        assert _told(_ends(api, 2, url=url)) == [200, FailureKind.BLOCKED]
        assert api.connections == 1


@pytest.mark.django_db
def test_a_delivery_over_a_connection_that_was_closed_is_one_attempt() -> None:
    with HostileApi(api_that.answers_then(1, api_that.closes)) as api:
        to = subscription(api.url("/0"), concurrency=1)
        publish(to, 3)
        deliver()
        ids = [request.header("webhook-id") for request in api.requests]
    assert statuses(to) == ["succeeded"] * 3
    assert sorted(Attempt.objects.values_list("number", "status_code")) == [(1, 200)] * 3
    assert len(ids) == 5
    assert len(set(ids)) == 3
