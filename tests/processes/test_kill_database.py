"""A database server that dies with what it had not written yet, while a worker works and sends."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from django.db import connection

from tests.processes.doomed_database import DoomedDatabase
from tests.processes.stack import ROOT, database_url
from tests.processes.waiting import eventually
from tests.webhooks.delivering import Answer, Got, Receiver, receiver

pytestmark = [
    pytest.mark.processes,
    pytest.mark.network,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no server to kill"),
]

EVENTS: Final = 1_000
# After how many requests the server dies.
CRASHES: Final = (50, 150, 250, 350)
# Small batches, so that every crash comes while events are processed and sent.
BATCH: Final = 10
_OPEN_EVENTS: Final = (
    "SELECT 1 FROM webhooks_receivedevent WHERE status IN ('received', 'processing') LIMIT 1"
)
_OPEN_DELIVERIES: Final = (
    "SELECT 1 FROM webhooks_delivery WHERE status IN ('pending', 'sending', 'retrying') LIMIT 1"
)


@pytest.fixture
def database() -> Iterator[DoomedDatabase]:
    # Its server runs as a user of its own, whom pytest keeps out of its folders.
    with tempfile.TemporaryDirectory(prefix="patchbay-doomed-") as folder:
        database = DoomedDatabase(Path(folder) / "postgresql")
        yield database
        database.stop()


def test_no_receiver_hears_of_what_the_database_then_forgets(database: DoomedDatabase) -> None:
    database.take_tables(database_url())

    def answer(got: Got) -> Answer:
        # It was told, and the worker has not noted yet that it was.
        if got.number in CRASHES:
            database.kill_and_start()
        return 200, {}, b"ok"

    with receiver(answer) as there:
        database.run("-m", "tests.processes.doomed_filling", there.url, str(EVENTS))
        worker = _worker(database)
        try:
            eventually(lambda: _is_over(database), seconds=300, what="all came to an end")
        finally:
            worker.terminate()
            worker.wait(120)
    _assert_once(database, there)


def _worker(database: DoomedDatabase) -> subprocess.Popen[bytes]:
    environment = database.environment | {"WORKER_LEASE_SECONDS": "2", "LOG_LEVEL": "ERROR"}
    command = [sys.executable, "manage.py", "worker", "--batch-size", str(BATCH)]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


def _is_over(database: DoomedDatabase) -> bool:
    try:
        return not database.rows(_OPEN_EVENTS) and not database.rows(_OPEN_DELIVERIES)
    except psycopg.OperationalError:
        return False  # it is down just now


def _assert_once(database: DoomedDatabase, there: Receiver) -> None:
    known = _column(database, "SELECT message_id FROM webhooks_event")
    assert len(known) == EVENTS
    assert set(there.message_ids) == set(known)
    outcomes = Counter(_column(database, "SELECT outcome FROM webhooks_eventoutcome"))
    assert outcomes == {"applied": EVENTS}
    assert _column(database, "SELECT count(*) FROM contacts_contact") == [EVENTS]


def _column(database: DoomedDatabase, sql: str) -> list[Any]:
    return [row[0] for row in database.rows(sql)]
