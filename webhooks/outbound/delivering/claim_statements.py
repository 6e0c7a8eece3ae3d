"""The statements that put deliveries under a lease, for both databases.

Called inside a transaction that has locked the subscriptions. All return rows of `COLUMNS`, in
order of their ids.
"""

# ruff: noqa: S608 - names of tables and columns come from the models; values are parameters.

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.utils import timezone

from common.identifiers import new_row_id
from webhooks.outbound.building import MOST_BODY_BYTES
from webhooks.outbound.delivering.database_values import (
    aware,
    database_time,
    event_bytes,
    id_value,
)
from webhooks.outbound.delivering.sharing import Grant
from webhooks.outbound.models import Delivery, Event
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot

# Of a batch, with room for what a format writes around each event and for encryption.
MOST_BATCH_BYTES: Final = MOST_BODY_BYTES // 2
_AROUND_EVENT: Final = 500

_DELIVERY: Final = Delivery._meta.db_table
_EVENT: Final = Event._meta.db_table
# Word by word the condition of the partial indexes.
_WAITING: Final = "d.status IN ('pending', 'retrying')"
COLUMNS: Final = (
    "id", "subscription_id", "event_id", "unit", "attempts", "trigger", "last_error",
)  # fmt: skip
# In strict order nothing goes while an earlier one of its key waits or is under way.
_UNDER_WAY_BEFORE: Final = (
    "(d.order_key = '' OR NOT EXISTS (SELECT 1 FROM " + _DELIVERY + " e "
    "WHERE e.subscription_id = d.subscription_id AND e.order_key = d.order_key "
    "AND e.status IN ('pending', 'retrying', 'sending') AND NOT (e.order_key = '') "
    "AND e.id < d.id {more}))"
)
_FIRST_OF_KEY: Final = _UNDER_WAY_BEFORE.format(more="")
# Within a batch the order is kept: what waits for its first attempt goes along.
_FREE_FOR_BATCH: Final = _UNDER_WAY_BEFORE.format(more="AND e.status <> 'pending'")


def claim_alone(owner: str, grants: Sequence[Grant], now: datetime) -> list[Any]:
    if connection.vendor == "sqlite":
        return [row for grant in grants for row in _claim_of_one(owner, grant, now)]
    asked = [
        {
            "id": grant.snapshot.id,
            "take": grant.take,
            "tried": grant.snapshot.is_batched,
            "until": _lease_end(grant.snapshot, now).isoformat(),
        }
        for grant in grants
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH w AS (SELECT * FROM jsonb_to_recordset(%s::jsonb) "
            "AS w(id bigint, take int, tried boolean, until timestamptz)), "
            "c AS MATERIALIZED (SELECT c.id, w.until FROM w CROSS JOIN LATERAL ("
            f"SELECT d.id FROM {_DELIVERY} d WHERE d.subscription_id = w.id AND {_WAITING} "
            f"AND d.due_at <= %s AND (NOT w.tried OR d.status = 'retrying') AND {_FIRST_OF_KEY} "
            "ORDER BY d.due_at, d.id LIMIT w.take FOR UPDATE SKIP LOCKED) c) "
            f"UPDATE {_DELIVERY} d SET status = 'sending', attempts = attempts + 1, "
            "lease_owner = %s, lease_expires_at = c.until FROM c "
            "WHERE d.id = c.id AND d.id = ANY(ARRAY(SELECT id FROM c)) "
            f"RETURNING {', '.join(f'd.{column}' for column in COLUMNS)}",
            [json.dumps(asked), now, owner],
        )
        # By the numbers: ids compare in Python, and twice for each pair of rows.
        return sorted(cursor.fetchall(), key=lambda row: row[0].int)


def _claim_of_one(owner: str, grant: Grant, now: datetime) -> list[Any]:
    tried = "AND d.status = 'retrying'" if grant.snapshot.is_batched else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_DELIVERY} SET status = 'sending', attempts = attempts + 1, "
            f"lease_owner = %s, lease_expires_at = %s WHERE id IN (SELECT d.id FROM {_DELIVERY} d "
            f"WHERE d.subscription_id = %s AND {_WAITING} AND d.due_at <= %s {tried} "
            f"AND {_FIRST_OF_KEY} ORDER BY d.due_at, d.id LIMIT %s) "
            f"RETURNING {', '.join(COLUMNS)}",
            [owner, database_time(_lease_end(grant.snapshot, now)), grant.snapshot.id,
             database_time(now), grant.take],
        )  # fmt: skip
        return sorted(cursor.fetchall())


def claim_mates(owner: str, unit_id: Any, now: datetime, grants: Sequence[Grant]) -> list[Any]:
    """Claim the rest of a batch of which one delivery was due."""
    until = max(_lease_end(grant.snapshot, now) for grant in grants)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_DELIVERY} AS d SET status = 'sending', attempts = attempts + 1, "
            "lease_owner = %s, lease_expires_at = %s "
            f"WHERE d.unit = %s AND {_WAITING} RETURNING {', '.join(COLUMNS)}",
            [owner, database_time(until), unit_id],
        )
        return sorted(cursor.fetchall())


def fresh_waiting(subscription_id: int, size: int) -> tuple[int, datetime]:
    """Return how many wait for a batch, counting no further than its size, and the first's time."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT d.due_at FROM {_DELIVERY} d WHERE d.subscription_id = %s AND {_WAITING} "
            "AND d.status = 'pending' ORDER BY d.due_at, d.id LIMIT %s",
            [subscription_id, size],
        )
        times = [row[0] for row in cursor.fetchall()]
    return len(times), aware(times[0]) if times else timezone.now()


def claim_fresh_batch(owner: str, snapshot: SubscriptionSnapshot, now: datetime) -> list[Any]:
    """Claim a new batch: as many as it may hold and one request can carry, at least one."""
    lock = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    first = (
        f"SELECT d.id, d.due_at, d.event_id FROM {_DELIVERY} d WHERE d.subscription_id = %s "
        f"AND {_WAITING} AND d.status = 'pending' AND {_FREE_FOR_BATCH} "
        f"ORDER BY d.due_at, d.id LIMIT %s {lock}"
    )
    weighed = (
        f"SELECT f.id, row_number() OVER w AS place, sum({event_bytes('t')} + {_AROUND_EVENT}) "
        f"OVER w AS weight FROM ({first}) f JOIN {_EVENT} t ON t.id = f.event_id "
        "WINDOW w AS (ORDER BY f.due_at, f.id)"
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_DELIVERY} SET status = 'sending', attempts = attempts + 1, unit = %s, "
            "lease_owner = %s, lease_expires_at = %s WHERE id IN "
            f"(SELECT id FROM ({weighed}) b WHERE place = 1 OR weight <= %s) "
            f"RETURNING {', '.join(COLUMNS)}",
            [id_value(new_row_id()), owner, database_time(_lease_end(snapshot, now)),
             snapshot.id, snapshot.batch_size, MOST_BATCH_BYTES],
        )  # fmt: skip
        return sorted(cursor.fetchall())


def _lease_end(snapshot: SubscriptionSnapshot, now: datetime) -> datetime:
    """Return when a lease ends: well after the call has ended, and waited for its turn before."""
    return now + timedelta(seconds=settings.WORKER_LEASE_SECONDS + 2 * snapshot.timeout_seconds)
