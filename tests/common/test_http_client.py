"""What `send` puts on the wire, where it connects to, and what it never uses."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from common.http import FailureKind, HttpAnswer, HttpFailure, OutgoingRequest, names, send
from common.http.deadline import Deadline
from common.http.names import MOST_THREADS, Found, Resolver
from tests.hostile.api import HostileApi
from tests.hostile.behaviours import answers, answers_chunked, answers_json
from tests.processes.waiting import eventually

pytestmark = pytest.mark.network

_SECRET = "hunter2"


@pytest.fixture
def api() -> Iterator[HostileApi]:
    with HostileApi(answers_json({"email": "kim@example.com"})) as running:
        yield running


@pytest.fixture
def connected(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every address that anything in this process connects to, by whatever way."""
    seen: list[Any] = []
    connect = socket.socket.connect

    def note(self: socket.socket, address: Any) -> None:
        seen.append(address)
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", note)
    return seen


def _call(url: str, method: str = "GET", **fields: Any) -> HttpAnswer:
    return send(OutgoingRequest(method=method, url=url, **({"total_seconds": 30.0} | fields)))


def _failure(url: str, **fields: Any) -> HttpFailure:
    with pytest.raises(HttpFailure) as raised:
        _call(url, **fields)
    return raised.value


def _resolves(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Let look-ups give these addresses, one list per look-up; returns the hosts asked for."""
    asked: list[str] = []

    def look_up(host: str, port: int) -> list[Found]:
        asked.append(host)
        found = answers[min(len(asked), len(answers)) - 1]
        return [
            (socket.AF_INET6, (text, port, 0, 0)) if ":" in text else (socket.AF_INET, (text, port))
            for text in found
        ]

    monkeypatch.setattr(names, "system_addresses", look_up)
    return asked


# --- On the wire --------------------------------------------------------------------------------


def test_a_request_goes_out_byte_for_byte(api: HostileApi) -> None:
    body = b'{"name": "Zo\xc3\xab", "raw": "\x00\r\n"}'
    target = "/a%2F%7e//b/../c?q=+%20%2f&r=~!$'()*,;[]|^`{}&email=kim%40example.com"
    headers = {"X-Api-Key": 'a "b"', "content-type": "application/json"}
    answer = _call(api.url(target), "POST", headers=headers, body=body)
    assert (
        api.requests[0].raw
        == (
            f"POST {target} HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{api.port}\r\n"
            "User-Agent: Patchbay\r\n"
            'X-Api-Key: a "b"\r\n'
            "content-type: application/json\r\n"
            "Accept-Encoding: identity\r\n"
            "Connection: close\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode()
        + body
    )
    assert answer.status == 200
    assert answer.body == b'{"email": "kim@example.com"}'
    assert answer.headers["CONTENT-TYPE"] == "application/json"
    assert not answer.is_cut


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_request_without_a_body_announces_none(api: HostileApi, method: str) -> None:
    _call(api.url(), method)
    assert api.requests[0].header("Content-Length") is None
    assert api.requests[0].header("Transfer-Encoding") is None


@pytest.mark.parametrize("body", [b"", b"x" * 300_000])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_body_has_its_exact_length(api: HostileApi, method: str, body: bytes) -> None:
    _call(api.url(), method, body=body)
    assert api.requests[0].method == method
    assert api.requests[0].header("Content-Length") == str(len(body))
    assert api.requests[0].body == body


def test_a_user_agent_of_ones_own_replaces_ours(api: HostileApi) -> None:
    _call(api.url(), headers={"user-agent": "Shop"})
    assert api.requests[0].header("User-Agent") == "Shop"


def test_a_chunked_answer_is_put_together() -> None:
    with HostileApi(answers_chunked(b'{"email"', b': "x"}')) as api:
        assert _call(api.url()).body == b'{"email": "x"}'


@pytest.mark.parametrize(("size", "is_cut"), [(0, False), (99, False), (100, False), (101, True)])
def test_an_answer_is_cut_where_it_was_asked_to(size: int, is_cut: bool) -> None:
    with HostileApi(answers(200, b"x" * size)) as api:
        answer = _call(api.url(), most_answer_bytes=100)
    assert (len(answer.body), answer.is_cut) == (min(size, 100), is_cut)


@pytest.mark.parametrize("status", [201, 204, 304, 404, 500, 999])
def test_every_status_is_an_answer(status: int) -> None:
    with HostileApi(answers(status)) as api:
        assert _call(api.url()).status == status


def test_ipv6_and_names_work_as_addresses_do() -> None:
    with HostileApi(answers_json({}), host="::1") as api:
        assert _call(api.url()).status == 200
        assert api.requests[0].header("Host") == f"[::1]:{api.port}"
    with HostileApi(answers_json({})) as api:
        assert _call(api.url(host="localhost")).status == 200
        assert api.requests[0].header("Host") == f"localhost:{api.port}"


# --- What cannot be sent ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"headers": {"X-Key": "secret\r\nX-Other: 1"}},
        {"headers": {"X-Key": "secret\x00"}},
        {"headers": {"X-Key": "secret日本"}},
        {"headers": {"X Key": "secret"}},
        {"headers": {"": "secret"}},
        {"headers": {"Content-Length": "5"}, "body": b"secret"},
        {"headers": {"transfer-encoding": "chunked"}, "body": b"secret"},
        {"headers": {"Host": "secret"}},
        {"headers": {"Connection": "secret"}},
    ],
)
def test_headers_that_would_break_the_request_are_not_sent(
    api: HostileApi, fields: dict[str, Any]
) -> None:
    failure = _failure(api.url(), **fields)
    assert failure.kind is FailureKind.PROTOCOL
    assert failure.sentence.startswith("The request could not be sent.")
    assert "secret" not in failure.sentence
    assert api.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@localhost/", "file:///secret", "https://secret..example/", "",
        "https://localhost:99999/secret", "https://localhost/secret#x", "https://ä.example/secret",
        "https://localhost/secret\r\n", f"https://{'a' * 64}.example/secret",
    ],
)  # fmt: skip
def test_urls_that_cannot_be_called_are_not(url: str, connected: list[Any]) -> None:
    failure = _failure(url)
    assert failure.kind is FailureKind.PROTOCOL
    assert "secret" not in failure.sentence
    assert connected == []


def test_a_port_that_is_not_allowed_is_not_called(connected: list[Any]) -> None:
    failure = _failure("http://localhost:22/")
    assert failure.kind is FailureKind.BLOCKED
    assert "OUTBOUND_ALLOWED_PORTS" in failure.sentence
    assert connected == []


# --- Where it connects to -----------------------------------------------------------------------


def test_every_connection_goes_through_the_check(
    api: HostileApi, connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fail when an upgrade of urllib3 or requests opens connections by a way of its own."""
    asked = _resolves(monkeypatch, ["127.0.0.1"])
    _call(api.url(host="api.example"), "POST", body=b"{}")
    assert asked == ["api.example"]
    assert connected == [("127.0.0.1", api.port)]


def test_small_writes_leave_at_once(api: HostileApi, monkeypatch: pytest.MonkeyPatch) -> None:
    """With Nagle's algorithm, a body would wait for the acknowledgement of the headers."""
    options: list[int] = []
    connect = socket.socket.connect

    def note(self: socket.socket, address: Any) -> None:
        options.append(self.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", note)
    _call(api.url(), "POST", body=b"{}")
    assert options == [1]


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "name"],
)
def test_an_address_that_is_not_allowed_is_never_connected_to(
    scheme: str, host: str, api: HostileApi, connected: list[Any],
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    settings.OUTBOUND_ALLOWED_NETWORKS = []
    _resolves(monkeypatch, ["127.0.0.1"])
    failure = _failure(f"{scheme}://{host}:{api.port}/", verify_tls=False)
    assert failure.kind is FailureKind.BLOCKED
    assert "OUTBOUND_ALLOWED_NETWORKS" in failure.sentence
    assert not any(character.isdigit() for character in failure.sentence)
    assert connected == []
    # Whoever runs the machine sees what the operator does not.
    assert any(text in caplog.text for text in ("127.0.0.1", "10.0.0.1", "169.254", "7f00:1"))


@pytest.mark.parametrize(
    "found", [["127.0.0.1", "10.0.0.1"], ["10.0.0.1", "127.0.0.1"], ["::1", "fe80::1%lo"]]
)
def test_one_bad_address_refuses_the_whole_name(
    found: list[str], api: HostileApi, connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    _resolves(monkeypatch, found)
    assert _failure(api.url(host="api.example")).kind is FailureKind.BLOCKED
    assert connected == []


def test_a_name_that_changes_its_address_gains_nothing(
    api: HostileApi, connected: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address that was judged is the one connected to; the next call is judged anew."""
    asked = _resolves(monkeypatch, ["127.0.0.1"], ["169.254.169.254"])
    assert _call(api.url(host="api.example")).status == 200
    assert asked == ["api.example"]
    assert _failure(api.url(host="api.example")).kind is FailureKind.BLOCKED
    assert connected == [("127.0.0.1", api.port)]


def test_the_next_address_is_tried_when_one_does_not_answer(
    api: HostileApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    _resolves(monkeypatch, ["::1", "127.0.0.1"])
    assert _call(api.url(host="api.example")).status == 200


def test_an_address_that_hangs_leaves_time_for_the_next(
    api: HostileApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    _resolves(monkeypatch, ["::1", "127.0.0.1"])
    given: list[float] = []
    connect = socket.socket.connect

    def hangs_at_first(self: socket.socket, address: Any) -> None:
        given.append(self.gettimeout() or 0.0)
        if len(given) == 1:
            raise TimeoutError
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", hangs_at_first)
    assert _call(api.url(host="api.example"), connect_seconds=4.0).status == 200
    assert 0 < given[0] <= 2.0


def test_a_server_that_is_not_there_is_refused() -> None:
    with HostileApi(answers_json({})) as gone:
        url = gone.url()
    failure = _failure(url)
    assert failure.kind is FailureKind.REFUSED
    assert "listens on this port" in failure.sentence


# --- Name look-ups ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "not known"), "has no address"),
        (socket.gaierror(socket.EAI_AGAIN, "try again"), "did not answer"),
        (UnicodeError("label too long"), "has no address"),
    ],
)
def test_a_name_that_is_not_found(
    error: Exception, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(host: str, port: int) -> list[Found]:
        raise error

    monkeypatch.setattr(names, "system_addresses", fails)
    failure = _failure("http://api.example:8080/")
    assert failure.kind is FailureKind.DNS
    assert words in failure.sentence


def test_a_name_without_addresses_is_not_found(monkeypatch: pytest.MonkeyPatch) -> None:
    _resolves(monkeypatch, [])
    assert _failure("http://api.example:8080/").kind is FailureKind.DNS


@pytest.fixture
def over() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def stuck(over: threading.Event, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A name server that answers nobody until it is `over`; gives the hosts asked for."""
    asked: list[str] = []

    def waits(host: str, port: int) -> list[Found]:
        asked.append(host)
        over.wait(120)
        return [(socket.AF_INET, ("127.0.0.1", port))]

    monkeypatch.setattr(names, "system_addresses", waits)
    return asked


def test_a_look_up_that_hangs_ends_with_the_time_for_connecting(
    stuck: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.http.dialling.resolver", Resolver())
    failure = _failure("http://api.example:8080/", connect_seconds=1.0)
    assert failure.kind is FailureKind.DNS
    assert "not looked up in time" in failure.sentence
    assert stuck == ["api.example"]


def test_look_ups_that_nobody_waits_for_are_dropped(
    stuck: list[str], over: threading.Event
) -> None:
    resolver = Resolver()
    for number in range(MOST_THREADS):
        resolver.ask(f"{number}.example", 80, Deadline(60.0), lambda _: None)
    eventually(lambda: len(stuck) == MOST_THREADS)
    for number in range(5):
        with pytest.raises(TimeoutError):
            resolver.addresses(f"late{number}.example", 80, Deadline(0.05))
    assert len(stuck) == MOST_THREADS
    over.set()
    assert resolver.addresses("last.example", 80, Deadline(60.0))
    assert stuck[MOST_THREADS:] == ["last.example"]


def test_a_resolver_works_on_after_errors_and_a_fork(monkeypatch: pytest.MonkeyPatch) -> None:
    resolver = Resolver()
    with pytest.raises(OSError):
        _look_up_in(resolver, monkeypatch, lambda: (_ for _ in ()).throw(OSError("no such name")))
    assert _look_up_in(resolver, monkeypatch, list) == []
    resolver.forget()
    assert _look_up_in(resolver, monkeypatch, list) == []


def _look_up_in(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch, answer: Callable[[], list[Found]]
) -> list[Found]:
    monkeypatch.setattr(names, "system_addresses", lambda host, port: answer())
    return resolver.addresses("api.example", 80, Deadline(60.0))


# --- What it never uses -------------------------------------------------------------------------


def test_nothing_of_the_environment_is_used(
    api: HostileApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HostileApi(answers_json({"via": "proxy"})) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url(""))
        (tmp_path / ".netrc").write_text("machine 127.0.0.1 login kim password secret\n")
        monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
        monkeypatch.setenv("HOME", str(tmp_path))
        answer = _call(api.url())
        assert proxy.connections == 0
    assert b"proxy" not in answer.body
    assert api.requests[0].header("Authorization") is None


def test_an_unknown_exception_is_a_mistake_of_ours(
    api: HostileApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object, **__: object) -> None:
        raise KeyError("a mistake")

    monkeypatch.setattr("common.http.client._read", breaks)
    with pytest.raises(KeyError):
        _call(api.url())


def test_secrets_of_a_request_stay_out_of_logs_and_tracebacks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    odd = answers(200, b"{}", [("Content-Length", "5, 6"), ("X Odd", "value")])
    with HostileApi(odd) as api, pytest.raises(HttpFailure) as raised:
        _call(api.url(f"/?k={_SECRET}"), "POST", headers={"X": _SECRET}, body=_SECRET.encode())
    assert raised.value.kind is FailureKind.PROTOCOL
    assert _SECRET not in caplog.text
    assert all(record.levelno < logging.WARNING for record in caplog.records)
    shown = str(raised.getrepr(style="short", chain=True))
    assert _SECRET not in shown
    assert "urllib3" not in shown
