"""Senders that lie, stop, double and drip, against the real server."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections.abc import Callable

import psutil
import pytest

from tests.hostile.conftest import Target
from tests.hostile.wire import Answer, Wire, post
from tests.webhooks.reception import engage_body
from webhooks.models import ReceivedEvent

pytestmark = [pytest.mark.network, pytest.mark.processes]

_CAP = 512 * 1024


def test_senders_that_do_not_play_by_the_rules(target: Target) -> None:
    """One server for all of these: starting it is what takes the time."""
    for misbehave in _CASES:
        misbehave(target)
        assert target.post(engage_body(time.monotonic_ns())).status == 200, misbehave.__name__


def _chunked_body_is_stored_whole(target: Target) -> None:
    body = engage_body(1)
    with Wire(target.port) as wire:
        wire.send_head(target.path, [*target.headers(body), ("Transfer-Encoding", "chunked")])
        wire.send_chunks([body[:10], body[10:11], body[11:]])
        answer = wire.answer()
    assert answer.status == 200
    stored = ReceivedEvent.objects.get(pk=json.loads(answer.body)["id"])
    assert bytes(stored.body or b"") == body


def _chunked_overflow_is_413(target: Target) -> None:
    answer = _chunked(target, [b"x" * 65_536] * (_CAP // 65_536) + [b"x"])
    assert answer.status in (413, 0), answer


def _empty_chunked_body_is_400(target: Target) -> None:
    assert _chunked(target, []).status == 400


def _chunked(target: Target, chunks: list[bytes]) -> Answer:
    with Wire(target.port) as wire:
        wire.send_head(target.path, [*target.headers(b"x"), ("Transfer-Encoding", "chunked")])
        wire.send_chunks(chunks)
        return wire.answer()


def _cut_off_chunked_body_is_never_stored(target: Target) -> None:
    before = ReceivedEvent.objects.count()
    body = engage_body(2)
    with Wire(target.port) as wire:
        wire.send_head(target.path, [*target.headers(body), ("Transfer-Encoding", "chunked")])
        wire.send_chunks([body[:-5]], is_ended=False)
        wire.finish_sending()
        assert wire.answer().status in (400, 401, 0)
    assert ReceivedEvent.objects.count() == before


def _content_length_over_the_cap_is_413_before_a_byte_is_read(target: Target) -> None:
    with Wire(target.port) as wire:
        wire.send_head(target.path, [*target.headers(b"x"), ("Content-Length", str(10**9))])
        assert wire.answer().status == 413


def _half_a_body_is_never_stored(target: Target) -> None:
    before = ReceivedEvent.objects.count()
    body = engage_body(3)
    with Wire(target.port) as wire:
        length = str(len(body) + 100)
        wire.send_head(target.path, [*target.headers(body), ("Content-Length", length)])
        wire.send(body)
        wire.finish_sending()
        assert wire.answer().status in (400, 0)
    assert ReceivedEvent.objects.count() == before


def _more_than_announced_is_cut_at_the_length_and_so_unsigned(target: Target) -> None:
    body = engage_body(4)
    with Wire(target.port) as wire:
        wire.send_head(target.path, [*target.headers(body), ("Content-Length", "10")])
        wire.send(body)
        assert wire.answer().status == 401


def _length_that_is_no_number_is_400(target: Target) -> None:
    for length in ("-1", "+5", "1e3", "0x10", "٣"):
        with Wire(target.port) as wire:
            headers = [*target.headers(b"x"), ("Content-Length", length.encode().decode("latin-1"))]
            wire.send_head(target.path, headers)
            assert wire.answer().status in (400, 0), length


def _length_and_chunks_together_store_nothing_ambiguous(target: Target) -> None:
    body = engage_body(5)
    with Wire(target.port) as wire:
        framing = [("Content-Length", "3"), ("Transfer-Encoding", "chunked")]
        wire.send_head(target.path, [*target.headers(body), *framing])
        wire.send_chunks([body])
        answer = wire.answer()
    if answer.status == 200:
        stored = ReceivedEvent.objects.get(pk=json.loads(answer.body)["id"])
        assert bytes(stored.body or b"") == body
    else:
        assert answer.status in (400, 401, 0)


def _doubled_signature_header_is_401(target: Target) -> None:
    body = engage_body(6)
    headers = target.headers(body)
    for name, value in headers:
        doubled = [*headers, (name, value)]
        assert post(target.port, target.path, doubled, body).status in (400, 401), name


def _underscored_twin_of_a_header_is_never_believed_silently(target: Target) -> None:
    body = engage_body(7)
    headers = [(name.replace("-", "_"), "v1,AAAA") for name, _ in target.headers(body)]
    assert post(target.port, target.path, headers, body).status in (400, 401)


def _gzip_bomb_costs_no_memory(target: Target) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    before = _resident_bytes(target)
    headers = [*target.headers(bomb), ("Content-Encoding", "gzip")]
    assert post(target.port, target.path, headers, bomb).status == 415
    assert _resident_bytes(target) - before < 10_000_000


def _resident_bytes(target: Target) -> int:
    listening = {
        each.pid
        for each in psutil.net_connections("tcp")
        if each.laddr and each.laddr.port == target.port and each.status == psutil.CONN_LISTEN
    }
    family: list[psutil.Process] = []
    for pid in listening - {None}:
        process = psutil.Process(pid)
        family += [process, *process.children(recursive=True)]
    return max(process.memory_info().rss for process in family)


def _depth_bomb_is_400(target: Target) -> None:
    assert target.post(b"[" * 100_000).status == 400


def _garbage_is_answered_or_dropped(target: Target) -> None:
    for garbage in (b"\x16\x03\x01\x02\x00", b"GARBAGE\r\n\r\n", b"POST / HTTP/9.9\r\n\r\n"):
        with Wire(target.port) as wire:
            wire.send(garbage)
            wire.finish_sending()
            assert wire.answer().status in (0, 400, 404, 405, 505)


def _many_and_long_headers_are_answered(target: Target) -> None:
    body = engage_body(8)
    many = [(f"x-{number}", "v" * 200) for number in range(80)]
    assert post(target.port, target.path, [*target.headers(body), *many], body).status == 200
    long = [("x-long", "v" * 1_000_000)]
    assert post(target.port, target.path, long, body).status in (0, 400, 401, 431)


def _neither_slash_form_redirects(target: Target) -> None:
    for slash in ("", "/"):
        body = engage_body(9)
        answer = post(target.port, target.path + slash, target.headers(body), body)
        assert answer.status == 200
        assert "location:" not in answer.head
        assert "set-cookie:" not in answer.head


def _unsigned_answer_has_no_body(target: Target) -> None:
    answer = post(target.port, target.path, [], engage_body(10))
    assert (answer.status, answer.body) == (401, b"")


def _drips_on_all_threads_but_one_leave_the_service_up(target: Target) -> None:
    wires = [Wire(target.port) for _ in range(3)]
    try:
        for wire in wires:
            wire.send_head(target.path, [*target.headers(b"x"), ("Content-Length", "1000")])
            wire.send(b"{")
        time.sleep(0.3)
        assert target.post(engage_body(11)).status == 200
    finally:
        for wire in wires:
            wire.__exit__()


def _a_burst_is_acknowledged_once_each(target: Target) -> None:
    before = ReceivedEvent.objects.count()
    answers: list[Answer] = []

    def send(number: int) -> None:
        answers.extend(target.post(engage_body(1_000 + number * 20 + n)) for n in range(20))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = [json.loads(answer.body)["id"] for answer in answers if answer.status == 200]
    assert len(ids) == len(set(ids)) == 160
    assert ReceivedEvent.objects.count() == before + 160


_CASES: tuple[Callable[[Target], None], ...] = (
    _chunked_body_is_stored_whole,
    _chunked_overflow_is_413,
    _empty_chunked_body_is_400,
    _cut_off_chunked_body_is_never_stored,
    _content_length_over_the_cap_is_413_before_a_byte_is_read,
    _half_a_body_is_never_stored,
    _more_than_announced_is_cut_at_the_length_and_so_unsigned,
    _length_that_is_no_number_is_400,
    _length_and_chunks_together_store_nothing_ambiguous,
    _doubled_signature_header_is_401,
    _underscored_twin_of_a_header_is_never_believed_silently,
    _gzip_bomb_costs_no_memory,
    _depth_bomb_is_400,
    _garbage_is_answered_or_dropped,
    _many_and_long_headers_are_answered,
    _neither_slash_form_redirects,
    _unsigned_answer_has_no_body,
    _drips_on_all_threads_but_one_leave_the_service_up,
    _a_burst_is_acknowledged_once_each,
)
