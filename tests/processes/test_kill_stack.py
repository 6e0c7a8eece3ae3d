"""The whole product under traffic, each of its processes killed: nothing answered is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import requests
from django.db.models import Count

from contacts.models import Contact, ContactRevision
from sites.models import ProcessKind
from tests.processes.conftest import StartStack
from tests.processes.waiting import eventually
from tests.webhooks.reception import engage_body, engage_source
from webhooks.models import ReceivedEvent, Source, Status

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

SENDERS = 4
LEASE_SECONDS = 3


class Vendor:
    """Sends numbered events as Svix does: again under the same id until one answer is a success."""

    def __init__(self, url: str, source: Source) -> None:
        self._url = f"{url}/in/{source.public_id}"
        self._verifier = source.preset.verifier(source.config)
        self._is_over = threading.Event()
        self.acknowledged: dict[int, str] = {}
        self.retries = 0

    def send(self, number: int) -> None:
        body = engage_body(number)
        headers = dict(self._verifier.credentials(body, datetime.now(UTC)).headers)
        while number not in self.acknowledged:
            try:
                answer = requests.post(self._url, data=body, headers=headers, timeout=30)
                if answer.status_code == 200:
                    self.acknowledged[number] = answer.json()["id"]
                    return
            except requests.RequestException:
                pass
            self.retries += 1
            time.sleep(0.1)

    def wait_for_answers(self, count: int) -> None:
        enough = len(self.acknowledged) + count
        eventually(lambda: len(self.acknowledged) >= enough)

    @contextmanager
    def sending(self) -> Iterator[None]:
        """Send from several threads for as long as the block lasts; all are answered in the end."""
        threads = [
            threading.Thread(target=self._run, args=(first,), daemon=True)
            for first in range(SENDERS)
        ]
        for thread in threads:
            thread.start()
        yield
        self._is_over.set()
        for thread in threads:
            thread.join(120)
            assert not thread.is_alive()

    def _run(self, first: int) -> None:
        number = first
        while not self._is_over.is_set():
            self.send(number)
            number += SENDERS
            time.sleep(0.02)


@pytest.mark.parametrize("kind", [ProcessKind.WEB, ProcessKind.WORKER, ProcessKind.QCLUSTER])
def test_what_was_acknowledged_is_stored_once_and_processed_once(
    start_stack: StartStack, kind: ProcessKind
) -> None:
    source = engage_source()
    stack = start_stack(WORKER_LEASE_SECONDS=str(LEASE_SECONDS))
    vendor = Vendor(stack.url, source)
    with vendor.sending():
        for _ in range(2):
            vendor.wait_for_answers(20)
            killed = stack.kill(kind)
            assert killed
            stack.wait_for_replacement(kind, killed)
        if kind is ProcessKind.WEB:
            assert vendor.retries
    waiting = ReceivedEvent.objects.exclude(status=Status.PROCESSED)
    eventually(lambda: not waiting.exists(), what="all processed")

    stored = ReceivedEvent.objects.values_list("dedupe_key", "pk")
    assert len(dict(stored)) == len(stored) == len(vendor.acknowledged)
    assert {str(pk) for _, pk in stored} == set(vendor.acknowledged.values())
    assert Contact.objects.count() == len(vendor.acknowledged)
    effects = ContactRevision.objects.values_list("received_event_id").annotate(count=Count("id"))
    assert {count for _, count in effects} == {1}
    assert len(effects) == len(vendor.acknowledged)
