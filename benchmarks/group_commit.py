"""The journal without HTTP: threads that append as fast as they are acknowledged."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime

from webhooks.inbound.journal import JournalEntry, append
from webhooks.inbound.journal.writer import journal_writer
from webhooks.models import Source


def journal_rate(*, seconds: int, threads: int, body: bytes) -> float:
    """Return acknowledged appends per second."""
    source = Source.objects.get()
    until = time.monotonic() + seconds
    counts = [0] * threads

    def run(place: int) -> None:
        while time.monotonic() < until:
            append(_entry(source, body))
            counts[place] += 1

    workers = [threading.Thread(target=run, args=(place,)) for place in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    journal_writer.stop()
    return sum(counts) / seconds


def _entry(source: Source, body: bytes) -> JournalEntry:
    return JournalEntry(
        site_id=source.site_id,
        source_id=source.pk,
        dedupe_key=uuid.uuid4().hex,
        event_type="contact.updated",
        event_id="",
        received_at=datetime.now(UTC),
        body=body,
    )
