"""Inserting a batch on SQLite: bound values, one IMMEDIATE transaction."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, transaction

from webhooks.inbound.journal.columns import GIVEN, TABLE, column_list, starting_values
from webhooks.inbound.journal.entry import JournalEntry


def insert(entries: Sequence[JournalEntry]) -> set[uuid.UUID]:
    """Insert those whose key is free and return their ids; committed outside a transaction."""
    rows = [_row(entry) for entry in entries]
    ids = [entry.id for entry in entries]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_statement(), rows)
        if cursor.rowcount == len(rows):
            return set(ids)
        marks = ", ".join(["%s"] * len(ids))
        cursor.execute(
            f'SELECT "id" FROM "{TABLE}" WHERE "id" IN ({marks})',  # noqa: S608 - placeholders only
            [entry_id.hex for entry_id in ids],
        )
        return {uuid.UUID(value) for (value,) in cursor.fetchall()}


@lru_cache(maxsize=1)
def _statement() -> str:
    marks = ", ".join(["%s"] * (len(GIVEN) + len(starting_values())))
    # Not OR IGNORE: that would also swallow a row that breaks another constraint.
    return (
        f'INSERT INTO "{TABLE}" ({column_list()}) VALUES ({marks}) '  # noqa: S608 - own names only
        'ON CONFLICT ("source_id", "dedupe_key") DO NOTHING'
    )


def _row(entry: JournalEntry) -> tuple[Any, ...]:
    at = str(entry.received_at.replace(tzinfo=None))
    return (
        entry.id.hex,
        entry.site_id,
        entry.source_id,
        entry.dedupe_key,
        entry.event_id,
        entry.event_type,
        at,
        at,
        entry.remote_address,
        json.dumps(entry.headers),
        json.dumps(entry.query),
        entry.body,
        len(entry.body),
        json.dumps(entry.history) if entry.notes else "[]",
        *(value for _, value in starting_values()),
    )
