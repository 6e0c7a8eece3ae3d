"""Inserting a batch on PostgreSQL: all rows as one JSON parameter.

psycopg adapts lists in Python, value by value; one text costs a third of that. The text is bound
by the server: Django's cursors quote parameters into the statement, half a megabyte at a time.
"""

from __future__ import annotations

import json
import uuid
from binascii import b2a_base64
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import psycopg
from django.db import connection
from psycopg.sql import Literal

from webhooks.inbound.journal.columns import GIVEN, TABLE, column_list, starting_values
from webhooks.inbound.journal.entry import JournalEntry
from webhooks.waking import RECEIVED

_RECORD: Final = (
    "id uuid, site_id bigint, source_id bigint, dedupe_key text, event_id text, event_type text, "
    "received_at timestamptz, due_at timestamptz, remote_address text, headers jsonb, "
    "query jsonb, body text, body_bytes integer, history jsonb"
)


def insert(entries: Sequence[JournalEntry]) -> set[uuid.UUID]:
    """Insert those whose key is free and return their ids; committed outside a transaction.

    Workers are notified in the same transaction, so they wake when there is something to see.
    """
    rows = json.dumps([_row(entry) for entry in entries])
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_statement(), [rows], prepare=True)
        return {row[0] for row in cursor.fetchall()}


@lru_cache(maxsize=1)
def _statement() -> str:
    given = ", ".join("decode(r.body, 'base64')" if c == "body" else f"r.{c}" for c in GIVEN)
    constants = ", ".join(Literal(value).as_string() for _, value in starting_values())
    return (
        f'WITH stored AS (INSERT INTO "{TABLE}" ({column_list()}) '  # noqa: S608 - own names only
        f"SELECT {given}, {constants} FROM jsonb_to_recordset(%s::jsonb) AS r({_RECORD}) "
        "ON CONFLICT (source_id, dedupe_key) DO NOTHING RETURNING id) "
        f"SELECT id, pg_notify('{RECEIVED}', '') FROM stored"
    )


def _row(entry: JournalEntry) -> dict[str, Any]:
    at = entry.received_at.isoformat()
    return {
        "id": str(entry.id),
        "site_id": entry.site_id,
        "source_id": entry.source_id,
        "dedupe_key": entry.dedupe_key,
        "event_id": entry.event_id,
        "event_type": entry.event_type,
        "received_at": at,
        "due_at": at,
        "remote_address": entry.remote_address,
        "headers": entry.headers,
        "query": entry.query,
        "body": b2a_base64(entry.body, newline=False).decode("ascii"),
        "body_bytes": len(entry.body),
        "history": entry.history if entry.notes else [],
    }
