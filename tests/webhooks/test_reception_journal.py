"""The journal: what is acknowledged is committed, once, whatever else goes wrong."""

from __future__ import annotations

import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction

from tests.processes.waiting import eventually
from tests.webhooks.reception import Sender, engage_body, engage_source
from webhooks.inbound.journal import (
    Appended,
    JournalBusy,
    JournalEntry,
    JournalFailed,
    append,
    append_all,
)
from webhooks.inbound.journal import writer as writer_module
from webhooks.inbound.journal.entry import bounded_key
from webhooks.inbound.journal.storage import store
from webhooks.inbound.journal.writer import journal_writer
from webhooks.inbound.reception import directory
from webhooks.models import ReceivedEvent, Source

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def source() -> Source:
    return engage_source()


def entry_for(source: Source, key: str, **fields: Any) -> JournalEntry:
    return JournalEntry(
        **{
            "site_id": source.site_id,
            "source_id": source.pk,
            "dedupe_key": key,
            "event_type": "contact.updated",
            "event_id": "",
            "received_at": datetime.now(UTC),
            "body": b"{}",
            **fields,
        }
    )


def test_twenty_parallel_copies_make_one_row_and_twenty_equal_answers(source: Source) -> None:
    sender, body = Sender(source), engage_body()
    headers = sender.signed_headers(body)
    start = threading.Barrier(20)

    def post(_: int) -> tuple[int, bytes]:
        start.wait()
        response = sender.post(body, headers)
        return response.status_code, response.content

    with ThreadPoolExecutor(20) as pool:
        answers = set(pool.map(post, range(20)))
    assert len(answers) == 1
    assert answers.pop()[0] == 200
    assert ReceivedEvent.objects.count() == 1


def test_every_acknowledged_id_is_stored_once_under_sixteen_threads(source: Source) -> None:
    def run(thread: int) -> list[uuid.UUID]:
        return [append(entry_for(source, f"{thread}-{n}")).id for n in range(40)]

    with ThreadPoolExecutor(16) as pool:
        acknowledged = [each for ids in pool.map(run, range(16)) for each in ids]
    stored = Counter(ReceivedEvent.objects.values_list("id", flat=True))
    assert len(acknowledged) == 640
    assert stored == Counter(acknowledged)


def test_appends_that_wait_together_share_a_commit(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def slow(entries: list[JournalEntry]) -> list[Appended]:
        if not sizes:
            eventually(lambda: journal_writer._waiting == 16, what="the others wait")
        sizes.append(len(entries))
        return store(entries)

    monkeypatch.setattr(writer_module, "store", slow)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: append(entry_for(source, str(n))), range(64)))
    assert sum(sizes) == 64
    assert max(sizes) > 4


def test_a_repeat_within_one_batch_gets_the_id_of_the_first(source: Source) -> None:
    results = store([entry_for(source, "a"), entry_for(source, "b"), entry_for(source, "a")])
    assert results[0].id == results[2].id
    assert [each.is_repeat for each in results] == [False, False, True]
    assert ReceivedEvent.objects.count() == 2


def test_a_repeat_across_batches_gets_the_id_of_the_first(source: Source) -> None:
    first = append(entry_for(source, "a"))
    again, other = store([entry_for(source, "a"), entry_for(source, "b")])
    assert again == Appended(first.id, is_repeat=True)
    assert not other.is_repeat


def test_the_same_key_at_two_sources_is_two_events(source: Source) -> None:
    store([entry_for(source, "a"), entry_for(engage_source(), "a")])
    assert ReceivedEvent.objects.count() == 2


def test_a_key_is_free_again_after_its_window(source: Source) -> None:
    now, day = datetime.now(UTC), timedelta(hours=24)
    old = append(entry_for(source, "a", received_at=now - day - timedelta(seconds=1)))
    new = append(entry_for(source, "a", received_at=now, dedupe_window=day))
    repeat = append(entry_for(source, "a", received_at=now, dedupe_window=day))

    assert new.id != old.id
    assert not new.is_repeat
    assert repeat == Appended(new.id, is_repeat=True)
    assert ReceivedEvent.objects.get(pk=old.id).dedupe_key == f"a#{old.id}"


def test_without_a_window_a_repeat_is_one_for_ever(source: Source) -> None:
    old = append(entry_for(source, "a", received_at=datetime(2020, 1, 1, tzinfo=UTC)))
    assert append(entry_for(source, "a")) == Appended(old.id, is_repeat=True)


def test_a_bad_row_fails_alone(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(writer_module, "store", _after(release, store))
    # The source of the middle one is gone: its foreign key breaks the whole statement.
    entries = [entry_for(source, str(n), source_id=-1 if n == 7 else source.pk) for n in range(12)]
    with ThreadPoolExecutor(12) as pool:
        futures = [pool.submit(append, entry) for entry in entries]
        time.sleep(0.2)
        release.set()
        errors = [future.exception() for future in futures]
    assert [type(error) for error in errors if error] == [JournalFailed]
    assert errors[7] is not None
    stored = set(ReceivedEvent.objects.values_list("dedupe_key", flat=True))
    assert stored == {str(n) for n in range(12) if n != 7}


def _after(event: threading.Event, call: Callable[..., Any]) -> Callable[..., Any]:
    def waiting(*arguments: Any) -> Any:
        event.wait(120)
        return call(*arguments)

    return waiting


def test_a_commit_that_fails_answers_503_and_acknowledges_nothing(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(_: object) -> list[Appended]:
        with transaction.atomic():
            ReceivedEvent.objects.create(
                site=source.site, source=source, dedupe_key="lost", body_bytes=0,
                received_at=datetime.now(UTC), due_at=datetime.now(UTC),
            )  # fmt: skip
            raise IntegrityError("canary")

    monkeypatch.setattr(writer_module, "store", failing)
    response = Sender(source).post(engage_body())
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert b"canary" not in response.content
    monkeypatch.undo()
    assert not ReceivedEvent.objects.exists()
    assert Sender(source).post(engage_body()).status_code == 200


def test_a_lost_connection_is_replaced_and_the_batch_tried_again(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def lost_after_commit(entries: list[JournalEntry]) -> list[Appended]:
        calls.append(len(entries))
        results = store(entries)
        if len(calls) == 1:
            raise OperationalError("the answer was lost")
        return results

    monkeypatch.setattr(writer_module, "store", lost_after_commit)
    entry = entry_for(source, "a")
    # Stored by the first try under this very id, so it is no repeat.
    assert append(entry) == Appended(entry.id, is_repeat=False)
    assert calls == [1, 1]


def test_while_the_database_is_away_requests_are_turned_back_at_once(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def away(entries: list[JournalEntry]) -> list[Appended]:
        calls.append(len(entries))
        raise OperationalError("away")

    monkeypatch.setattr(writer_module, "store", away)
    # Longer than this machine may need for all five.
    monkeypatch.setattr(writer_module, "_BACK_OFF_SECONDS", (600.0,))
    sender = Sender(source)
    statuses = {sender.post(engage_body(number)).status_code for number in range(5)}
    assert statuses == {503}
    assert len(calls) == 2, "one try and its retry; the others did not reach the database"
    monkeypatch.undo()
    journal_writer._away_until = 0.0
    assert sender.post(engage_body()).status_code == 200


def test_a_full_queue_answers_503_with_when_to_come_back(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Loaded first: afterwards the thread is busy.
    directory.find(source.public_id)
    release = threading.Event()
    monkeypatch.setattr(writer_module, "store", _after(release, store))
    monkeypatch.setattr(writer_module, "MOST_WAITING", 2)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(append, entry_for(source, str(n))) for n in range(2)]
        eventually(lambda: journal_writer._waiting == 2)
        with pytest.raises(JournalBusy):
            append(entry_for(source, "over"))
        response = Sender(source).post(engage_body())
        release.set()
        assert all(not future.result().is_repeat for future in waiting)
    assert (response.status_code, response.headers["Retry-After"]) == (503, "1")


def test_events_of_one_request_are_answered_in_their_order(source: Source) -> None:
    known = append(entry_for(source, "b"))
    first, repeat, again, other = append_all([entry_for(source, key) for key in "abaz"])
    assert repeat == Appended(known.id, is_repeat=True)
    assert again == Appended(first.id, is_repeat=True)
    assert not first.is_repeat
    assert not other.is_repeat
    assert ReceivedEvent.objects.count() == 3
    assert append_all([]) == []


def test_of_a_request_that_is_too_much_nothing_waits(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "MOST_WAITING", 2)
    with pytest.raises(JournalBusy):
        append_all([entry_for(source, key) for key in "abc"])
    assert len(append_all([entry_for(source, key) for key in "ab"])) == 2
    assert ReceivedEvent.objects.count() == 2


def test_large_bodies_wait_within_a_bound(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(writer_module, "store", _after(release, store))
    monkeypatch.setattr(writer_module, "MOST_WAITING_BYTES", 1_000)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(append, entry_for(source, "a", body=b"x" * 5_000))
        eventually(lambda: journal_writer._waiting)
        with pytest.raises(JournalBusy):
            append(entry_for(source, "b", body=b"x"))
        release.set()
        assert not waiting.result().is_repeat


def test_stopping_writes_what_waits(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(writer_module, "store", _after(release, store))
    with ThreadPoolExecutor(8) as pool:
        waiting = [pool.submit(append, entry_for(source, str(n))) for n in range(8)]
        eventually(lambda: journal_writer._waiting == 8)
        stopping = pool.submit(journal_writer.stop)
        release.set()
        stopping.result()
        assert len({future.result().id for future in waiting}) == 8
    assert ReceivedEvent.objects.count() == 8


def test_an_unexpected_error_reaches_the_waiting_request_and_the_thread_lives(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> list[Appended]:
        raise RuntimeError("bug")

    monkeypatch.setattr(writer_module, "store", broken)
    with pytest.raises(JournalFailed):
        append(entry_for(source, "a"))
    monkeypatch.undo()
    assert not append(entry_for(source, "a")).is_repeat


def test_inside_a_transaction_the_event_is_part_of_it(source: Source) -> None:
    with transaction.atomic():
        append(entry_for(source, "kept"))
    with transaction.atomic():
        append(entry_for(source, "undone"))
        transaction.set_rollback(True)
    assert [each.dedupe_key for each in ReceivedEvent.objects.all()] == ["kept"]


def test_what_no_column_can_hold_is_replaced_or_cut(source: Source) -> None:
    appended = append(
        entry_for(source, "k" * 500, event_type="t\x00" * 100, event_id="\ud800" + "i" * 500)
    )
    stored = ReceivedEvent.objects.get(pk=appended.id)
    assert stored.dedupe_key == bounded_key("k" * 500)
    assert len(stored.dedupe_key) <= 200
    assert stored.event_type == "t\ufffd" * 60
    assert stored.event_id == "?" + "i" * 199


def test_every_byte_of_a_body_comes_back(source: Source) -> None:
    body = bytes(range(256)) * 20
    assert (
        bytes(
            ReceivedEvent.objects.get(pk=append(entry_for(source, "a", body=body)).id).body or b""
        )
        == body
    )


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="NOTIFY exists on PostgreSQL only")
def test_workers_are_notified_with_the_commit(source: Source) -> None:
    with connection.cursor() as cursor:
        cursor.execute("LISTEN patchbay_received")
    store([entry_for(source, "a"), entry_for(source, "b")])
    assert connection.connection is not None
    notices = list(connection.connection.notifies(timeout=60, stop_after=1))
    assert [notice.channel for notice in notices] == ["patchbay_received"]
