"""The client against APIs that do their worst; every one ends as an answer or a failure."""

from __future__ import annotations

import socket
import ssl
import threading
import time
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.http import FailureKind, HttpAnswer, HttpFailure, OutgoingRequest, names, send
from common.http.dialling import tls_context
from tests.hostile import behaviours as api_that
from tests.hostile.api import Behaviour, HostileApi, Peer
from tests.hostile.certificates import Authority, authority, self_signed

pytestmark = pytest.mark.network

# Generous: it only shows that a call has ended at all.
_ENDED_SECONDS = 30.0


def _call(api: HostileApi, **fields: Any) -> HttpAnswer:
    defaults: dict[str, Any] = {"method": "GET", "url": api.url(), "total_seconds": 30.0}
    return send(OutgoingRequest(**(defaults | fields)))


def _failure(api: HostileApi, **fields: Any) -> HttpFailure:
    with pytest.raises(HttpFailure) as raised:
        _call(api, **fields)
    assert "127.0.0.1" not in raised.value.sentence
    assert str(api.port) not in raised.value.sentence
    return raised.value


def _coded(times: int) -> Behaviour:
    coding = ", ".join(["gzip"] * times)
    return api_that.answers(200, b"plain", [("Content-Encoding", coding)])


@pytest.mark.parametrize(
    "behaviour",
    [
        api_that.is_late,
        api_that.drips_status,
        api_that.drips_headers,
        api_that.drips_body,
        api_that.floods_interim(100),
        api_that.floods_interim(103),
        api_that.sends_endless_trailers(),
    ],
    ids=["late", "status", "headers", "body", "100", "103", "trailers"],
)
@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
def test_whatever_goes_on_for_ever_ends_at_the_deadline(behaviour: Behaviour, is_tls: bool) -> None:
    with HostileApi(behaviour, tls=self_signed() if is_tls else None) as api:
        started = time.monotonic()
        failure = _failure(api, total_seconds=0.5, verify_tls=False)
        assert failure.kind is FailureKind.TIMEOUT
        assert "within 0.5 seconds" in failure.sentence
        assert failure.duration_ms >= 500
        assert time.monotonic() - started < _ENDED_SECONDS


@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
def test_a_server_that_does_not_read_ends_at_the_deadline(is_tls: bool) -> None:
    with HostileApi(api_that.never_reads, tls=self_signed() if is_tls else None) as api:
        body = b"x" * 50_000_000
        failure = _failure(api, method="POST", body=body, total_seconds=0.5, verify_tls=False)
    assert failure.kind is FailureKind.TIMEOUT


@pytest.mark.parametrize("is_tls", [False, True], ids=["http", "https"])
def test_a_server_that_reads_slowly_does_not_move_the_deadline(is_tls: bool) -> None:
    slow = api_that.ReadsSlowly()
    body = b"x" * 50_000_000
    with HostileApi(slow, tls=self_signed() if is_tls else None) as api:
        failure = _failure(api, method="POST", body=body, total_seconds=0.3, verify_tls=False)
    assert failure.kind is FailureKind.TIMEOUT
    assert slow.bytes_read < len(body) / 2


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
        (api_that.resets_within_body, FailureKind.RESET, "closed the connection"),
        (api_that.closes, FailureKind.RESET, "closed the connection"),
        (api_that.lies_about_length(), FailureKind.PROTOCOL, "announced length"),
        (api_that.has_huge_headers(), FailureKind.PROTOCOL, "longer headers"),
        (api_that.has_many_headers(), FailureKind.PROTOCOL, "more or longer headers"),
        (api_that.is_garbage, FailureKind.PROTOCOL, "no HTTP answer"),
        (_coded(50), FailureKind.PROTOCOL, "no HTTP answer"),
        (api_that.sends(b"SSH-2.0-OpenSSH_9.6\r\n"), FailureKind.PROTOCOL, "no HTTP answer"),
        (api_that.sends(b"HTTP/2.0 200 OK\r\n\r\n"), FailureKind.PROTOCOL, "no HTTP answer"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
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
        answer = _call(first, method="POST", body=b"secret", headers={"X-Api-Key": "secret"})
        assert answer.status == status
        assert answer.headers["location"] == second.url()
        assert second.connections == 0
        assert len(first.requests) == 1


def test_a_redirect_to_a_metadata_address_is_an_answer() -> None:
    with HostileApi(api_that.redirects(302, api_that.METADATA_URL)) as api:
        assert _call(api).status == 302


def test_the_endless_body_of_a_redirect_is_not_read() -> None:
    with HostileApi(api_that.sends_endless_body(302, [("Location", "/")])) as api:
        answer = _call(api)
    assert answer.status == 302
    assert answer.is_cut


def test_an_early_answer_counts_although_the_body_was_not_taken() -> None:
    with HostileApi(api_that.answers_early(413)) as api:
        answer = _call(api, method="POST", body=b"x" * 20_000_000)
    assert answer.status == 413


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
        failure = _failure(api, headers={"X-Api-Key": "secret"})
        assert failure.kind is FailureKind.TLS
        assert words in failure.sentence
        assert api.requests == []
        # Switched off for this one call, and for this one only.
        assert _call(api, verify_tls=False).status == 200
        assert _failure(api).kind is FailureKind.TLS


@pytest.mark.usefixtures("trusted_issuer")
def test_a_good_certificate_is_accepted_for_its_host_alone() -> None:
    with HostileApi(api_that.answers_json({}), tls=authority().context("localhost")) as api:
        assert _call(api, url=api.url(host="localhost")).status == 200
        assert _call(api, url=api.url(host="LOCALHOST")).status == 200
        assert "another host" in _failure(api).sentence


def test_the_name_in_the_handshake_is_the_host_of_the_url(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = self_signed()
    named: list[str | None] = []
    context.sni_callback = lambda _socket, name, _context: named.append(name)
    with HostileApi(api_that.answers_json({}), tls=context) as api:
        _call(api, url=api.url(host="localhost"), verify_tls=False)
        monkeypatch.setattr(
            names, "system_addresses", lambda _, port: [(socket.AF_INET, ("127.0.0.1", port))]
        )
        _call(api, url=api.url(host="api.example."), verify_tls=False)
    assert named == ["localhost", "api.example"]


def test_plain_http_on_the_port_is_a_sentence_about_https() -> None:
    with HostileApi(api_that.answers_early(400)) as api:
        failure = _failure(api, url=api.url().replace("http:", "https:"))
    assert failure.kind is FailureKind.TLS
    assert "speaks HTTPS" in failure.sentence


def test_cookies_of_one_call_are_not_in_the_next() -> None:
    cookie = api_that.answers(200, b"{}", [("Set-Cookie", "session=abc; Path=/")])
    with HostileApi(cookie) as api:
        _call(api)
        _call(api)
        assert [request.header("Cookie") for request in api.requests] == [None, None]
        assert api.connections == 2


def test_many_threads_may_call_at_once() -> None:
    def echoes(peer: Peer) -> None:
        api_that.answers(200, peer.receive().target.encode())(peer)

    answers: dict[int, bytes] = {}
    with HostileApi(echoes) as api:

        def call(number: int) -> None:
            answers[number] = _call(api, url=api.url(f"/{number}", host="localhost")).body

        threads = [threading.Thread(target=call, args=(number,)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(2 * _ENDED_SECONDS)
    assert answers == {number: f"/{number}".encode() for number in range(40)}


_LINES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [
            b"HTTP/1.1 200 OK", b"HTTP/1.0 204", b"HTTP/1.1 099 x", b"HTTP/1.1 101 Switching",
            b"HTTP/9.9 200 OK", b"HTTP/1.1 100 Continue", b"Transfer-Encoding: chunked",
            b"Content-Length: -1", b"Content-Length: 5, 6", b"Content-Length: 99999999999999999999",
            b"Content-Length: \xb2", b"Content-Encoding: gzip, gzip, gzip, gzip, gzip, gzip",
            b"Set-Cookie: a=b; expires=Thu, 99 Xxx 99999 99:99:99; Domain=.", b" folded", b"",
            b"ffffffffffffffffffffff", b"-5", b"0", b"Location: http://[::1/\xff", b":", b"=: =",
        ]
    ),
)  # fmt: skip


@pytest.mark.parametrize("size", [b"-1", b"-2", b"-ffffffff"])
def test_a_chunk_of_negative_size_is_a_broken_answer(size: bytes) -> None:
    lines = (b"HTTP/1.1 200 OK", b"Transfer-Encoding: chunked", b"", size, b"x" * 100)
    sent = b"\r\n".join(lines)
    with HostileApi(api_that.sends(sent)) as api, pytest.raises(HttpFailure) as caught:
        _call(api)
    assert caught.value.kind is FailureKind.PROTOCOL


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(lines=st.lists(_LINES, max_size=8), method=st.sampled_from(["GET", "POST", "HEAD"]))
def test_no_answer_raises_anything_but_a_failure(lines: list[bytes], method: str) -> None:
    sent = b"\r\n".join([*lines, b"", b""])
    with HostileApi(api_that.sends(sent)) as api, suppress(HttpFailure):
        assert 100 <= _call(api, method=method).status <= 999


def test_the_shared_settings_of_tls_still_verify_after_a_call_without() -> None:
    with HostileApi(api_that.answers_json({}), tls=self_signed()) as api:
        _call(api, verify_tls=False)
    assert tls_context(verify=True).verify_mode is ssl.CERT_REQUIRED
    assert tls_context(verify=True).check_hostname
