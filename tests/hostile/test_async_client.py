"""The client of the deliveries against APIs that do their worst, as in `test_http_client`."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.http import FailureKind, HttpAnswer, HttpFailure, OutgoingRequest, Unsendable, names
from common.http.async_client import AsyncClient
from tests.hostile import behaviours as api_that
from tests.hostile.api import Behaviour, HostileApi, Peer, closed_port
from tests.hostile.certificates import Authority, authority, self_signed
from tests.hostile.event_loop import in_a_loop
from tests.hostile.test_http_client import _LINES

pytestmark = pytest.mark.network

_ENDED_SECONDS = 30.0


def run(*requests: OutgoingRequest) -> list[HttpAnswer | HttpFailure]:
    """Send one after the other with one client, in a loop as the worker has it."""

    async def send_all() -> list[HttpAnswer | HttpFailure]:
        ends: list[HttpAnswer | HttpFailure] = []
        async with AsyncClient() as client:
            for request in requests:
                try:
                    ends.append(await client.send(request))
                except HttpFailure as failure:
                    ends.append(failure)
        return ends

    return in_a_loop(send_all())


def _request(api: HostileApi, **fields: Any) -> OutgoingRequest:
    defaults: dict[str, Any] = {"method": "POST", "url": api.url(), "total_seconds": 30.0}
    return OutgoingRequest(**({"body": b"{}"} | defaults | fields))


def _call(api: HostileApi, **fields: Any) -> HttpAnswer:
    (end,) = run(_request(api, **fields))
    if isinstance(end, HttpFailure):
        raise end
    return end


def _failure(api: HostileApi, **fields: Any) -> HttpFailure:
    with pytest.raises(HttpFailure) as raised:
        _call(api, **fields)
    assert "127.0.0.1" not in raised.value.sentence
    assert str(api.port) not in raised.value.sentence
    return raised.value


@pytest.mark.parametrize(
    "behaviour",
    [
        api_that.is_late,
        api_that.drips_status,
        api_that.drips_headers,
        api_that.drips_body,
        api_that.floods_interim(100),
        api_that.floods_interim(103),
    ],
    ids=["late", "status", "headers", "body", "100", "103"],
)
@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
def test_whatever_goes_on_for_ever_ends_at_the_deadline(behaviour: Behaviour, is_tls: bool) -> None:
    with HostileApi(behaviour, tls=self_signed() if is_tls else None) as api:
        started = time.monotonic()
        failure = _failure(api, total_seconds=0.5, verify_tls=False)
        assert failure.kind is FailureKind.TIMEOUT
        assert "within 0.5 seconds" in failure.sentence
        assert failure.duration_ms >= 490
        assert time.monotonic() - started < _ENDED_SECONDS


@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
def test_a_server_that_does_not_read_ends_at_the_deadline(is_tls: bool) -> None:
    with HostileApi(api_that.never_reads, tls=self_signed() if is_tls else None) as api:
        body = b"x" * 50_000_000
        failure = _failure(api, body=body, total_seconds=0.5, verify_tls=False)
    assert failure.kind is FailureKind.TIMEOUT


def test_a_handshake_that_never_comes_ends_with_the_time_for_connecting() -> None:
    with HostileApi(api_that.never_reads) as api:
        failure = _failure(
            api, url=api.url().replace("http:", "https:"), connect_seconds=0.3, total_seconds=60.0
        )
    assert failure.kind is FailureKind.TIMEOUT
    assert "within 0.3 seconds" in failure.sentence
    assert failure.duration_ms < _ENDED_SECONDS * 1000


@pytest.mark.parametrize(
    ("behaviour", "kind", "words"),
    [
        (api_that.resets, FailureKind.RESET, "closed the connection"),
        (api_that.resets_within_headers, FailureKind.RESET, "closed the connection"),
        (api_that.resets_within_body, FailureKind.PROTOCOL, "announced length"),
        (api_that.closes, FailureKind.RESET, "closed the connection"),
        (api_that.lies_about_length(), FailureKind.PROTOCOL, "announced length"),
        (api_that.has_huge_headers(), FailureKind.PROTOCOL, "longer headers"),
        (api_that.has_many_headers(), FailureKind.PROTOCOL, "more or longer headers"),
        (api_that.sends_endless_trailers(), FailureKind.PROTOCOL, "more or longer headers"),
        (api_that.is_garbage, FailureKind.PROTOCOL, "no HTTP answer"),
        (api_that.sends(b"SSH-2.0-OpenSSH_9.6\r\n"), FailureKind.PROTOCOL, "no HTTP answer"),
        (api_that.sends(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
         FailureKind.PROTOCOL, "no HTTP answer"),
        (api_that.sends(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-2\r\nx"),
         FailureKind.PROTOCOL, "no HTTP answer"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)  # fmt: skip
def test_each_fault_has_its_kind_and_its_sentence(
    behaviour: Behaviour, kind: FailureKind, words: str
) -> None:
    with HostileApi(behaviour) as api:
        failure = _failure(api)
    assert failure.kind is kind
    assert words in failure.sentence


@pytest.mark.parametrize(
    "behaviour",
    [
        api_that.sends_endless_body(),
        api_that.sends_endless_chunks(),
        api_that.answers_huge_json(),
    ],
    ids=["body", "chunks", "json"],
)
def test_no_more_is_read_than_asked_for(behaviour: Behaviour) -> None:
    with HostileApi(behaviour) as api:
        tracemalloc.start()
        try:
            answer = _call(api, most_answer_bytes=1_000)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert answer.is_cut
    assert len(answer.body) == 1_000
    assert peak < 5_000_000


def test_a_gzip_bomb_is_not_inflated() -> None:
    with HostileApi(api_that.sends_gzip_bomb) as api:
        answer = _call(api)
        assert api.requests[0].header("Accept-Encoding") == "identity"
    assert answer.body.startswith(b"\x1f\x8b")
    assert answer.is_cut
    assert answer.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("coding", ["gzip", "br", "nonsense", "deflate, gzip"])
def test_what_an_answer_says_about_its_coding_is_not_acted_on(coding: str) -> None:
    odd = api_that.answers(200, b"plain", [("Content-Encoding", coding)])
    with HostileApi(odd) as api:
        assert _call(api).body == b"plain"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_answers_and_lead_nowhere(status: int) -> None:
    with (
        HostileApi(api_that.answers_json({})) as second,
        HostileApi(api_that.redirects(status, second.url())) as first,
    ):
        answer = _call(first, body=b"secret", headers={"X-Api-Key": "secret"})
        assert answer.status == status
        assert answer.headers["location"] == second.url()
        assert second.connections == 0
        assert len(first.requests) == 1


def test_an_early_answer_counts_although_the_body_was_not_taken() -> None:
    with HostileApi(api_that.answers_early(413)) as api:
        assert _call(api, body=b"x" * 20_000_000).status == 413


@pytest.mark.parametrize("status", [100, 102, 103])
def test_interim_answers_are_not_the_answer(status: int) -> None:
    with HostileApi(api_that.answers_after_interim(status, b'{"email":1}')) as api:
        answer = _call(api)
    assert (answer.status, answer.body) == (200, b'{"email":1}')


@pytest.mark.parametrize(
    ("tls", "words"),
    [
        (lambda: authority().context("elsewhere.example"), "belongs to another host"),
        (lambda: authority().context("127.0.0.1", days=-1), "has expired"),
        (lambda: self_signed("127.0.0.1"), "does not trust"),
        (lambda: Authority("Somebody").context("127.0.0.1"), "does not trust"),
    ],
    ids=["wrong host", "expired", "self-signed", "unknown issuer"],
)
@pytest.mark.usefixtures("trusted_issuer")
def test_each_bad_certificate_has_its_sentence(
    tls: Callable[[], ssl.SSLContext], words: str
) -> None:
    with HostileApi(api_that.answers_json({}), tls=tls()) as api:
        # Switched off for one call in the middle of two, on the same session.
        first, second, third = run(_request(api), _request(api, verify_tls=False), _request(api))
    assert isinstance(first, HttpFailure)
    assert first.kind is FailureKind.TLS
    assert words in first.sentence
    assert isinstance(second, HttpAnswer)
    assert isinstance(third, HttpFailure)
    assert third.kind is FailureKind.TLS


@pytest.mark.usefixtures("trusted_issuer")
def test_a_good_certificate_is_accepted_for_its_host_alone() -> None:
    with HostileApi(api_that.answers_json({}), tls=authority().context("localhost")) as api:
        assert _call(api, url=api.url(host="localhost")).status == 200
        assert "another host" in _failure(api).sentence


def test_plain_http_on_the_port_is_a_sentence_about_https() -> None:
    with HostileApi(api_that.answers_early(400)) as api:
        failure = _failure(api, url=api.url().replace("http:", "https:"))
    assert failure.kind is FailureKind.TLS
    assert "speaks HTTPS" in failure.sentence


def test_a_port_that_nobody_listens_on() -> None:
    with closed_port() as port:
        (end,) = run(OutgoingRequest(method="POST", url=f"http://127.0.0.1:{port}/"))
    assert isinstance(end, HttpFailure)
    assert end.kind is FailureKind.REFUSED
    assert "refused the connection" in end.sentence


def test_cookies_of_one_call_are_not_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("common.http.async_client.KEPT_SECONDS", 0.0)
    cookie = api_that.answers(200, b"{}", [("Set-Cookie", "session=abc; Path=/")])
    with HostileApi(cookie) as api:
        run(_request(api), _request(api))
        assert [request.header("Cookie") for request in api.requests] == [None, None]


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        HostileApi(api_that.answers_json({})) as proxy,
        HostileApi(api_that.answers_json({})) as api,
    ):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url("/"))
        assert _call(api).status == 200
        assert proxy.connections == 0


def test_the_request_goes_out_as_it_stands() -> None:
    with HostileApi(api_that.answers_json({})) as api:
        _call(api, url=api.url("/a%2F%7Eb?q=%2F%7E&x=a+b"), body=b"raw", headers={"x-one": "1"})
        (received,) = api.requests
    assert received.target == "/a%2F%7Eb?q=%2F%7E&x=a+b"
    assert received.body == b"raw"
    names_sent = {name.lower() for name, _ in received.headers}
    assert names_sent == {"host", "x-one", "user-agent", "accept-encoding", "content-length"}
    assert received.header("User-Agent") == "Patchbay"


@pytest.fixture
def _no_networks(settings: Any) -> None:
    settings.OUTBOUND_ALLOWED_NETWORKS = []


@pytest.mark.usefixtures("_no_networks")
@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "169.254.169.254"]
)
def test_literals_that_are_not_allowed_are_never_connected_to(host: str) -> None:
    with HostileApi(api_that.answers_json({})) as api:
        (end,) = run(OutgoingRequest(method="POST", url=f"http://{host}:{api.port}/"))
        assert isinstance(end, HttpFailure)
        assert end.kind is FailureKind.BLOCKED
        assert api.connections == 0


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_with_one_blocked_address_is_refused_as_a_whole(
    order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HostileApi(api_that.answers_json({})) as api:
        answers = [
            (socket.AF_INET, ("127.0.0.1", api.port)),
            (socket.AF_INET, ("10.0.0.1", api.port)),
        ][::order]
        monkeypatch.setattr(names, "system_addresses", lambda *_: answers)
        failure = _failure(api, url=api.url(host="mixed.example"))
        assert failure.kind is FailureKind.BLOCKED
        assert api.connections == 0


def test_a_name_that_changes_its_answer_never_reaches_the_new_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with HostileApi(api_that.answers_json({})) as api:
        turns: Iterator[str] = iter(["127.0.0.1", "10.0.0.1"])
        monkeypatch.setattr(
            names, "system_addresses", lambda _, port: [(socket.AF_INET, (next(turns), port))]
        )
        monkeypatch.setattr("common.http.async_client._ADDRESS_KNOWN_SECONDS", 0)
        monkeypatch.setattr("common.http.async_client.KEPT_SECONDS", 0.0)
        request = _request(api, url=api.url(host="rebinding.example"))
        first, second = run(request, request)
    assert isinstance(first, HttpAnswer)
    assert isinstance(second, HttpFailure)
    assert second.kind is FailureKind.BLOCKED


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "unknown"), "has no address"),
        (socket.gaierror(socket.EAI_AGAIN, "again"), "did not answer"),
        (UnicodeError("label too long"), "has no address"),
    ],
)
def test_names_that_are_not_found(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(names, "system_addresses", fail)
    (end,) = run(OutgoingRequest(method="POST", url="http://missing.example:8080/"))
    assert isinstance(end, HttpFailure)
    assert end.kind is FailureKind.DNS
    assert words in end.sentence


@pytest.mark.parametrize(
    "fields",
    [
        {"headers": {"X-One": "a\r\nX-Two: b"}},
        {"headers": {"Transfer-Encoding": "chunked"}},
        {"headers": {"X One": "a"}},
        {"url": "http://user:secret@127.0.0.1:8080/"},
        {"url": "ftp://127.0.0.1:8080/"},
    ],
)
def test_what_cannot_go_out_says_so(fields: dict[str, Any]) -> None:
    with HostileApi(api_that.answers_json({})) as api:
        failure = _failure(api, **fields)
        assert isinstance(failure, Unsendable)
        assert "secret" not in failure.sentence
        assert api.connections == 0


def test_many_calls_at_once_share_connections_and_keep_their_answers() -> None:
    def echoes(peer: Peer) -> None:
        api_that.answers(200, peer.receive().target.encode())(peer)

    async def send_many(api: HostileApi) -> list[bytes]:
        async with AsyncClient() as client:
            calls = [client.send(_request(api, url=api.url(f"/{number}"))) for number in range(60)]
            return [answer.body for answer in await asyncio.gather(*calls)]

    with HostileApi(echoes) as api:
        assert in_a_loop(send_many(api)) == [f"/{number}".encode() for number in range(60)]


def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next() -> None:
    was_answered, has_said_more = threading.Event(), threading.Event()

    def says_more(peer: Peer) -> None:
        api_that.answers(200)(peer)
        was_answered.wait(_ENDED_SECONDS)
        peer.send(b"HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n")
        has_said_more.set()
        peer.pause()

    def answers_afterwards(peer: Peer) -> None:
        has_said_more.wait(_ENDED_SECONDS)
        api_that.answers(200)(peer)

    async def send_all(api: HostileApi, other: HostileApi) -> list[int]:
        async with AsyncClient() as client:
            first = await client.send(_request(api))
            was_answered.set()
            await client.send(_request(other))
            return [first.status, (await client.send(_request(api))).status]

    with (
        HostileApi(says_more, api_that.answers(200)) as api,
        HostileApi(answers_afterwards) as other,
    ):
        assert in_a_loop(send_all(api, other)) == [200, 200]
        assert api.connections == 2


def test_a_connection_is_not_used_again_when_the_answer_came_before_all_was_written() -> None:
    def answers_at_once(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        peer.pause()

    with HostileApi(answers_at_once, api_that.answers(200)) as api:
        first, second = run(_request(api, body=b"x" * 50_000_000), _request(api))
        assert api.connections == 2
    assert isinstance(first, HttpAnswer)
    assert isinstance(second, HttpAnswer)
    assert (first.status, second.status) == (413, 200)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(lines=st.lists(_LINES, max_size=8), method=st.sampled_from(["GET", "POST", "HEAD"]))
def test_no_answer_raises_anything_but_a_failure(lines: list[bytes], method: str) -> None:
    sent = b"\r\n".join([*lines, b"", b""])
    with HostileApi(api_that.sends(sent)) as api, suppress(HttpFailure):
        assert 100 <= _call(api, method=method).status <= 999
