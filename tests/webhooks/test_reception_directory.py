"""The directory follows every change, of this process and of others, and serves meanwhile."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from unittest import mock

import pytest
from django.db import OperationalError, connection

from sites.audit import Actor
from sites.models import PublishableKey
from sites.publishable_keys.known_keys import KnownPublishableKey
from sites.publishable_keys.services import publishable_key_revoke, publishable_key_update
from tests.factories import PublishableKeyFactory
from tests.processes.waiting import eventually
from tests.webhooks.reception import Sender, engage_body, engage_source
from webhooks.inbound.journal.writer import CHORE_SECONDS, JournalWriter, journal_writer
from webhooks.inbound.reception import directory
from webhooks.models import Source

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_saved_change_is_seen_within_a_second() -> None:
    source = engage_source()
    assert _is_active(source) is True
    source.is_active = False
    source.save()
    assert _is_seen_in_time(lambda: _is_active(source) is False)


def test_a_source_is_known_to_the_first_request_after_its_creation() -> None:
    assert _is_active(engage_source()) is True
    for _ in range(5):
        assert Sender(engage_source()).post(engage_body()).status_code == 200


def test_a_source_made_while_the_sources_are_read_is_known_to_the_first_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    earlier = engage_source()
    assert _is_active(earlier) is True
    was_read, may_go_on = threading.Event(), threading.Event()
    load = directory._loaded

    def loaded(version: int) -> directory._Snapshot:
        snapshot = load(version)
        was_read.set()
        assert may_go_on.wait(120)
        return snapshot

    monkeypatch.setattr(directory, "_loaded", loaded)
    earlier.save()
    assert was_read.wait(120)
    source = engage_source()
    with ThreadPoolExecutor(1) as pool:
        found = pool.submit(directory.find, source.public_id)
        with pytest.raises(TimeoutError):
            found.result(0.05)
        may_go_on.set()
        assert found.result(120) is not None


def test_guesses_at_addresses_do_not_keep_the_database_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _is_active(engage_source()) is True
    asked: list[float] = []
    run_chores = journal_writer.run_chores

    def counted(seconds: float) -> bool:
        asked.append(time.monotonic())
        return run_chores(seconds)

    monkeypatch.setattr(journal_writer, "run_chores", counted)
    assert [directory.find(f"nobody-{number}") for number in range(6)] == [None] * 6
    assert all(later - earlier > 0.09 for earlier, later in pairwise(asked))


def test_guesses_at_addresses_do_not_keep_the_threads_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert _is_active(engage_source()) is True
    journal_writer.stop()
    may_go_on, waiting = threading.Event(), threading.Semaphore(0)

    def run_chores(seconds: float) -> bool:
        waiting.release()
        return may_go_on.wait(seconds)

    with ThreadPoolExecutor(4) as pool, monkeypatch.context() as patch:
        patch.setattr(journal_writer, "run_chores", run_chores)
        guesses = [pool.submit(directory.find, f"nobody-{number}") for number in range(4)]
        for _ in guesses:
            assert waiting.acquire(timeout=120)
        assert directory.find("nobody") is None
        may_go_on.set()


def test_a_change_of_its_site_is_seen_too() -> None:
    source = engage_source()
    assert _is_active(source) is True
    source.site.is_active = False
    source.site.save()
    assert _is_seen_in_time(lambda: _is_active(source) is False)


def test_a_deleted_source_disappears() -> None:
    source = engage_source()
    assert _is_active(source) is True
    source.delete()
    assert _is_seen_in_time(lambda: directory.find(source.public_id) is None)


def test_a_revoked_publishable_key_is_known_as_such() -> None:
    key = PublishableKeyFactory.create()
    site_id = str(key.site.public_id)
    assert _opens(key, site_id) is True
    assert _opens(key, site_id.upper()) is False
    publishable_key_revoke(key=key, actor=Actor.system("test"))
    assert _is_seen_in_time(lambda: _opens(key, site_id) is False)
    # The row stays: whoever uses it is told no, and the log can name it.
    assert directory.find_publishable_key(key.key) is not None


def test_a_changed_list_of_origins_is_seen_too() -> None:
    key = PublishableKeyFactory.create(allowed_origins=["https://a.example"])
    assert _known(key).allows("https://a.example")
    key.allowed_origins = ["https://b.example"]
    publishable_key_update(key=key, actor=Actor.system("test"))
    assert _is_seen_in_time(lambda: _known(key).allows("https://b.example"))
    assert not _known(key).allows("https://a.example")
    assert not _known(key).allows("")


@pytest.mark.processes
def test_a_change_in_another_process_is_seen_within_a_second_of_its_commit() -> None:
    source = engage_source()
    assert _is_active(source) is True
    code = (
        "import django; django.setup()\n"
        "from django.db import connection\n"
        f"connection.settings_dict['NAME'] = {connection.settings_dict['NAME']!r}\n"
        "from webhooks.models import Source\n"
        f"source = Source.objects.get(public_id={source.public_id!r})\n"
        "source.is_active = False\n"
        "source.save()\n"
    )
    root = Path(__file__).parent.parent.parent
    environment_of_child = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run(
        [sys.executable, "-c", code], check=True, cwd=root, env=_environ() | environment_of_child
    )
    assert _is_seen_in_time(lambda: _is_active(source) is False)


def test_nothing_is_loaded_while_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    source = engage_source()
    assert _is_active(source) is True
    snapshot = directory._current
    journal_writer.run_chores()
    assert directory._current is snapshot
    source.save()
    journal_writer.run_chores()
    assert directory._current is not snapshot


def test_while_the_database_is_away_the_last_snapshot_serves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = engage_source()
    assert _is_active(source) is True

    def away(_: int) -> directory._Snapshot:
        raise OperationalError("away")

    monkeypatch.setattr(directory, "_loaded", away)
    source.save()
    journal_writer.run_chores()
    assert _is_active(source) is True
    # It may be new: it is not said that there is no such address.
    assert Sender(engage_source()).post(engage_body()).status_code == 503


def test_without_any_snapshot_the_sender_is_asked_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def away(_: int) -> directory._Snapshot:
        raise OperationalError("away")

    monkeypatch.setattr(directory, "_loaded", away)
    response = Sender(engage_source()).post(engage_body())
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0


def test_one_damaged_secret_shuts_its_source_and_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    damaged, sound = engage_source(), engage_source()
    headers = Sender(damaged).signed_headers(engage_body())
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE webhooks_source SET secrets = 'enc:v1:gone:AAAA' WHERE id = %s", [damaged.pk]
        )
    directory.invalidate()
    assert Sender(damaged).post(engage_body(), headers).status_code == 404
    assert Sender(sound).post(engage_body()).status_code == 200
    assert damaged.public_id in caplog.text


def test_requests_are_not_held_up_by_a_refresh(monkeypatch: pytest.MonkeyPatch) -> None:
    source = engage_source()
    assert _is_active(source) is True

    is_loading, may_go_on = threading.Event(), threading.Event()
    load = directory._loaded

    def slow(version: int) -> directory._Snapshot:
        is_loading.set()
        assert may_go_on.wait(120)
        return load(version)

    monkeypatch.setattr(directory, "_loaded", slow)
    source.is_active = False
    source.save()
    assert is_loading.wait(120)
    assert _is_active(source) is True
    may_go_on.set()
    eventually(lambda: _is_active(source) is False)


def test_a_chore_that_fails_does_not_stop_the_others() -> None:
    done: list[str] = []
    writer = JournalWriter()

    def failing() -> None:
        done.append("failing")
        raise RuntimeError("bug")

    writer.add_chore(failing)
    writer.add_chore(lambda: done.append("next"))
    try:
        assert writer.run_chores()
    finally:
        writer.stop()
    assert done[:2] == ["failing", "next"]


def _is_active(source: Source) -> bool | None:
    found = directory.find(source.public_id)
    return found.is_active if found else None


def _is_seen_in_time(holds: Callable[[], bool]) -> bool:
    """Wait until it holds, and say whether two rounds of chores were enough, within a second.

    Rounds are counted, not seconds: a busy machine may keep any thread waiting.
    """
    run_chores, snapshots = journal_writer._run_chores, []

    def noted() -> None:
        run_chores()
        snapshots.append(directory._current)

    with mock.patch.object(journal_writer, "_run_chores", noted):
        eventually(holds)
    shown = directory._current
    rounds = next((number for number, each in enumerate(snapshots, 1) if each is shown), 0)
    return rounds <= 2 and 2 * CHORE_SECONDS < 1.0


def _environ() -> dict[str, str]:
    import os

    return dict(os.environ)


def _known(key: PublishableKey) -> KnownPublishableKey:
    known = directory.find_publishable_key(key.key)
    assert known is not None
    return known


def _opens(key: PublishableKey, site_public_id: str) -> bool:
    return _known(key).is_for(site_public_id)
