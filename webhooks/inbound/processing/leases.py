"""Who works on which received event: claims under a lease, and the ways a lease ends.

A claim counts the attempt before any work is done: an event whose worker dies must not get a free
try. Events that were tried before are claimed one at a time, so that one that kills its worker
takes no neighbour down with it. A result counts only while the lease is held; see `held_rows`.
"""

# ruff: noqa: S608 - names of tables and columns come from the model; values are parameters.

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from common.bulk import rows_as_table, rows_parameter
from common.flushing import transaction_flush_later
from webhooks.inbound.models import ReceivedEvent, Status

BATCH_SIZE: Final = 500
# A body with many rows becomes thirty times as much once it is parsed, and all of a claim is parsed
# together; a larger one comes alone.
BATCH_BYTES: Final = 1024 * 1024
MAX_ATTEMPTS: Final = 3

_TABLE: Final = ReceivedEvent._meta.db_table
_COLUMNS: Final = (
    "id", "source_id", "received_at", "remote_address", "headers", "query", "body", "attempts",
    "processed_at", "history",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Which:
    """A kind of waiting event: literals, so that SQLite sees the condition of the partial index."""

    condition: str
    order: str


_FRESH: Final = _Which("status = 'received' AND attempts = 0", "id")
_TRIED: Final = _Which("status = 'received' AND attempts > 0", "due_at")


@dataclass(slots=True, kw_only=True)
class ClaimedEvent:
    """A received event in the hands of this process; `attempts` counts the one that begins now."""

    id: UUID
    source_id: int
    received_at: datetime
    attempts: int = 1
    body: bytes | None = None
    remote_address: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    processed_at: datetime | None = None
    history: list[dict[str, str]] = field(default_factory=list)


def claim_fresh(
    owner: str, *, limit: int = BATCH_SIZE, limit_bytes: int = BATCH_BYTES
) -> list[ClaimedEvent]:
    """Claim events that nobody tried yet, in order of arrival.

    At most `limit` events and `limit_bytes` of bodies, yet never less than one event.
    """
    return _claim(owner, _FRESH, limit, limit_bytes)


def claim_retry(owner: str) -> list[ClaimedEvent]:
    """Claim the one event that was tried before and is longest due, if there is any."""
    return _claim(owner, _TRIED, 1, BATCH_BYTES)


def held_rows(owner: str, ids: Iterable[UUID]) -> set[UUID]:
    """Return which of these events the owner still holds, and keep it so until the commit.

    Called first in the transaction that applies them: what is not returned was taken over by
    someone else, or is gone, and must not be applied.
    """
    lock = "FOR UPDATE OF t" if connection.vendor == "postgresql" else ""
    ids_table = rows_as_table(connection, ReceivedEvent, ("id",))
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT t.id FROM {ids_table} AS v JOIN {_TABLE} AS t ON t.id = v.id "
            f"WHERE t.lease_owner = %s AND t.status = 'processing' ORDER BY t.id {lock}",
            [rows_parameter([{"id": each.hex} for each in ids]), owner],
        )
        return {_uuid(row[0]) for row in cursor.fetchall()}


def release_all(owner: str) -> int:
    """Hand back what this owner holds and did not work on; the attempt is given back with it."""
    held = ReceivedEvent.objects.filter(status=Status.PROCESSING, lease_owner=owner)
    return held.update(
        status=Status.RECEIVED,
        attempts=F("attempts") - 1,
        lease_owner="",
        lease_expires_at=None,
    )


def database_time(value: datetime) -> Any:
    """Return an instant as a parameter of a statement that no model writes."""
    return connection.ops.adapt_datetimefield_value(value)


def _claim(owner: str, which: _Which, limit: int, limit_bytes: int) -> list[ClaimedEvent]:
    now = timezone.now()
    due_at, expires_at = database_time(now), database_time(now + _lease_time())
    if connection.vendor == "sqlite" and not _is_any_due(which, due_at):
        return []  # without the write lock, which the reception of events would wait for
    with transaction.atomic(), connection.cursor() as cursor:
        transaction_flush_later(connection)
        if connection.vendor == "postgresql":
            # Statistics from quieter times let a backlog look small enough to be sorted as a whole;
            # the index has it in order.
            cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(
            _claim_statement(which, connection.vendor),
            [due_at, limit, owner, expires_at, limit_bytes],
        )
        claimed = [_event(row) for row in cursor.fetchall()]
    return sorted(claimed, key=lambda event: event.id)


@cache
def _claim_statement(which: _Which, vendor: str) -> str:
    lock, chosen = "", "IN ({})"
    if vendor == "postgresql":
        # Fetched as an array, since a join of some hundred with millions may be planned as a scan.
        lock, chosen = "FOR UPDATE SKIP LOCKED", "= ANY(ARRAY({}))"
    chosen = chosen.format("SELECT id FROM summed WHERE total <= %s OR total = body_bytes")
    return (
        f"WITH candidates AS (SELECT id, body_bytes FROM {_TABLE} "
        f"WHERE {which.condition} AND due_at <= %s ORDER BY {which.order} LIMIT %s {lock}), "
        "summed AS (SELECT id, body_bytes, sum(body_bytes) OVER (ORDER BY id) AS total "
        "FROM candidates) "
        f"UPDATE {_TABLE} SET status = 'processing', attempts = attempts + 1, "
        f"lease_owner = %s, lease_expires_at = %s WHERE id {chosen} "
        f"RETURNING {', '.join(_COLUMNS)}"
    )


def _is_any_due(which: _Which, due_at: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT 1 FROM {_TABLE} WHERE {which.condition} AND due_at <= %s LIMIT 1", [due_at]
        )
        return cursor.fetchone() is not None


def _lease_time() -> timedelta:
    return timedelta(seconds=settings.WORKER_LEASE_SECONDS)


def _event(row: tuple[Any, ...]) -> ClaimedEvent:
    (key, source_id, received_at, remote_address, headers, query, body, attempts, processed_at,
     history) = row  # fmt: skip
    return ClaimedEvent(
        id=_uuid(key),
        source_id=source_id,
        received_at=_aware(received_at),
        remote_address=remote_address,
        headers=json.loads(headers),
        query={} if query == "{}" else json.loads(query),
        body=None if body is None else bytes(body),
        attempts=attempts,
        processed_at=processed_at and _aware(processed_at),
        history=[] if history == "[]" else json.loads(history),
    )


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(hex=value)


def _aware(value: datetime) -> datetime:
    # SQLite's adapter reads times, and knows nothing of their zone.
    return value if value.tzinfo else value.replace(tzinfo=UTC)
