"""The one door through which received events are stored.

`append` returns when the event is committed. Appends that arrive together share one statement
and one commit (group commit); see `writer`.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connections

from webhooks.inbound.journal.entry import Appended, JournalBusy, JournalEntry, JournalFailed
from webhooks.inbound.journal.storage import store
from webhooks.inbound.journal.writer import journal_writer

__all__ = ["Appended", "JournalBusy", "JournalEntry", "JournalFailed", "append", "append_all"]


def append(entry: JournalEntry) -> Appended:
    """Store the event and return its id, or that of the first one with the same dedupe key.

    Inside a transaction of the caller the event becomes part of it, and is durable when that
    commits; waiting for another connection there could wait for ever.
    Raises `JournalBusy` when too many wait already, `JournalFailed` when it was not stored.
    """
    return append_all([entry])[0]


def append_all(entries: Sequence[JournalEntry]) -> list[Appended]:
    """Store the events of one request and return when all are committed, as `append` does.

    They are no unit: when it raises, some of them may have been stored.
    """
    # Only connections that exist: a thread of reception has none and shall not get one.
    if any(each.in_atomic_block for each in connections.all(initialized_only=True)):
        return store(entries)
    return journal_writer.append(entries)
