"""Stores a batch of entries in one statement, on either database."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

from django.db import connection, transaction

from webhooks.inbound.journal import sqlite
from webhooks.inbound.journal.entry import Appended, JournalEntry, JournalFailed
from webhooks.inbound.models import ReceivedEvent

_Identity = tuple[int, str]


def store(entries: Sequence[JournalEntry]) -> list[Appended]:
    """Store the entries and return one result each, in their order; committed when it returns.

    All or nothing: an exception means that none of them was acknowledged.
    """
    first: dict[_Identity, JournalEntry] = {}
    for entry in entries:
        first.setdefault(entry.identity, entry)
    # In order of key: two processes that store the same events cannot wait for each other.
    ids = _stored_ids([first[identity] for identity in sorted(first)])
    return [
        Appended(ids[entry.identity], is_repeat=ids[entry.identity] != entry.id)
        for entry in entries
    ]


def _stored_ids(entries: Sequence[JournalEntry]) -> dict[_Identity, uuid.UUID]:
    inserted = _insert(entries)
    ids = {entry.identity: entry.id for entry in entries}
    if len(inserted) == len(entries):
        return ids
    repeats = [entry for entry in entries if entry.id not in inserted]
    earlier = _earlier(repeats)
    for entry in repeats:
        found = earlier.get(entry.identity)
        if found is None or _is_outdated(found, entry):
            # Retention may have deleted it since; then the key is free.
            _insert_anew(entry, found)
        else:
            ids[entry.identity] = found.id
    return ids


def _insert(entries: Sequence[JournalEntry]) -> set[uuid.UUID]:
    if connection.vendor == "postgresql":
        # Only here: on SQLite a worker does without the driver, which takes 9 MB.
        from webhooks.inbound.journal import postgresql

        return postgresql.insert(entries)
    return sqlite.insert(entries)


def _earlier(entries: Sequence[JournalEntry]) -> dict[_Identity, ReceivedEvent]:
    rows = ReceivedEvent.objects.filter(
        source_id__in={entry.source_id for entry in entries},
        dedupe_key__in=[entry.dedupe_key for entry in entries],
    ).only("id", "source_id", "dedupe_key", "received_at")
    return {(row.source_id, row.dedupe_key): row for row in rows}


def _is_outdated(found: ReceivedEvent, entry: JournalEntry) -> bool:
    window: timedelta | None = entry.dedupe_window
    return window is not None and entry.received_at - found.received_at > window


def _insert_anew(entry: JournalEntry, outdated: ReceivedEvent | None) -> None:
    """Store the entry after the key of the outdated event was freed."""
    with transaction.atomic():
        if outdated is not None:
            ReceivedEvent.objects.filter(pk=outdated.pk, dedupe_key=entry.dedupe_key).update(
                dedupe_key=f"{entry.dedupe_key}#{outdated.pk}"
            )
        if not _insert([entry]):
            # Somebody else freed and took the key in the same moment; the sender's next try
            # finds theirs.
            raise JournalFailed("Another request with the same key was stored just now.")
