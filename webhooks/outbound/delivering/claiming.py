"""Claiming due deliveries under a lease, fairly: each subscription gets its share of what is free.

First the rows of subscriptions that have something due are locked, and those that another worker
holds are passed over. So rate, concurrency and order are settled in the database, whoever claims.
The attempt is counted with the claim: a delivery whose worker dies must not get a free try.
"""

# ruff: noqa: S608 - names of tables and columns come from the models; values are parameters.

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from common.identifiers import new_row_id
from webhooks.outbound.delivering.database_values import (
    aware,
    database_time,
    id_value,
    marks,
)
from webhooks.outbound.delivering.unit import Part, Unit
from webhooks.outbound.models import Delivery, Subscription, Trigger
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot

# A rate is evened out over this time, so that no second sees more than a tenth above it.
BURST_SECONDS: Final = 0.1

_DELIVERY: Final = Delivery._meta.db_table
_SUBSCRIPTION: Final = Subscription._meta.db_table
# Word by word the condition of the partial indexes.
_WAITING: Final = "d.status IN ('pending', 'retrying')"
_COLUMNS: Final = (
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


@dataclass(frozen=True, slots=True)
class Wanted:
    """A subscription, and how many more units of it the worker can take."""

    snapshot: SubscriptionSnapshot
    take: int


@dataclass(slots=True)
class Claimed:
    """What a claim brought.

    `wait_seconds` says for how long a subscription need not be asked again. `paced` has used up its
    rate, and `short` has deliveries due that wait for others of their key.
    """

    units: list[Unit] = field(default_factory=list)
    wait_seconds: dict[int, float] = field(default_factory=dict)
    paced: set[int] = field(default_factory=set)
    short: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Grant:
    """What one locked subscription may be given in this claim."""

    snapshot: SubscriptionSnapshot
    take: int
    paced_until: datetime | None


def claim(owner: str, wanted: Sequence[Wanted], *, limit: int, is_shared: bool) -> Claimed:
    """Claim up to `limit` units of the wanted subscriptions; the first in line are served first.

    With `is_shared`, other workers are running, and what they hold counts against the concurrency.
    """
    claimed = Claimed()
    now = timezone.now()
    if not wanted or (connection.vendor == "sqlite" and not _due(wanted, now)):
        return claimed  # without the write lock, which everybody else would wait for
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # Statistics from quieter times let a backlog look small enough to be sorted.
                cursor.execute("SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off")
        grants = _grants(wanted, _due(wanted, now), limit)
        if is_shared:
            _count_others(grants)
        for grant in grants:
            _keep_to_rate(grant, now, claimed)
        _claim_single(owner, [each for each in grants if each.take > 0], now, claimed)
        for grant in grants:
            if grant.take > 0 and grant.snapshot.is_batched:
                _claim_batches(owner, grant, now, claimed)
        _settle(grants, claimed, now)
    return claimed


def lease_end(snapshot: SubscriptionSnapshot, now: datetime) -> datetime:
    """Return when a lease ends: well after the call has ended, and waited for its turn before."""
    return now + timedelta(seconds=settings.WORKER_LEASE_SECONDS + 2 * snapshot.timeout_seconds)


def _due(wanted: Sequence[Wanted], now: datetime) -> list[tuple[int, datetime | None]]:
    """Return the active subscriptions with something due, locked on PostgreSQL."""
    ids = [each.snapshot.id for each in wanted]
    lock = "FOR NO KEY UPDATE OF s SKIP LOCKED" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT s.id, s.paced_until FROM {_SUBSCRIPTION} s WHERE s.id IN ({marks(ids)}) "
            "AND s.state = 'active' AND (s.slowed_until IS NULL OR s.slowed_until <= %s) "
            f"AND EXISTS (SELECT 1 FROM {_DELIVERY} d WHERE d.subscription_id = s.id "
            f"AND {_WAITING} AND (d.due_at <= %s OR s.batch_size > 1)) {lock}",
            [*ids, database_time(now), database_time(now)],
        )
        return [(pk, paced and aware(paced)) for pk, paced in cursor.fetchall()]


def _grants(
    wanted: Sequence[Wanted], due: Sequence[tuple[int, datetime | None]], limit: int
) -> list[Grant]:
    """Share what is free among those that have something due, each at least one."""
    paced = dict(due)
    asked = [each for each in wanted if each.snapshot.id in paced][:limit]
    share = max(limit // len(asked), 1) if asked else 0
    return [Grant(each.snapshot, min(each.take, share), paced[each.snapshot.id]) for each in asked]


def _count_others(grants: Sequence[Grant]) -> None:
    if not grants:
        return
    ids = [grant.snapshot.id for grant in grants]
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT subscription_id, count(DISTINCT unit) FROM {_DELIVERY} "
            f"WHERE status = 'sending' AND subscription_id IN ({marks(ids)}) "
            "GROUP BY subscription_id",
            ids,
        )
        under_way = dict(cursor.fetchall())
    for grant in grants:
        free = grant.snapshot.concurrency - under_way.get(grant.snapshot.id, 0)
        grant.take = min(grant.take, free)


def _keep_to_rate(grant: Grant, now: datetime, claimed: Claimed) -> None:
    rate = grant.snapshot.rate_per_second
    if not rate:
        return
    used_until = max(grant.paced_until or now, now)
    burst = max(BURST_SECONDS, 1 / rate)
    free = burst - (used_until - now).total_seconds()
    # The clock of the database keeps microseconds: a whole request may look a little short.
    grant.take = min(grant.take, int(free * rate + 0.001))
    if grant.take <= 0:
        claimed.wait_seconds[grant.snapshot.id] = max(1 / rate - free, 0.001)
        claimed.paced.add(grant.snapshot.id)


def _settle(grants: Sequence[Grant], claimed: Claimed, now: datetime) -> None:
    """Note what was used of each rate, and where order kept something back."""
    counts = Counter(unit.subscription_id for unit in claimed.units)
    for grant in grants:
        rate, count = grant.snapshot.rate_per_second, counts[grant.snapshot.id]
        if grant.snapshot.strict_order and count < grant.take:
            claimed.short.add(grant.snapshot.id)
        if rate and count:
            used_until = max(grant.paced_until or now, now) + timedelta(seconds=count / rate)
            Subscription.objects.filter(pk=grant.snapshot.id).update(paced_until=used_until)


def _claim_single(owner: str, grants: Sequence[Grant], now: datetime, claimed: Claimed) -> None:
    """Claim deliveries that go alone, and units that were tried before."""
    rows = _claim_together(owner, grants, now) if grants else []
    batches: dict[Any, list[Any]] = {}
    for row in rows:
        if row[3] == row[0]:
            claimed.units.append(_unit([row]))
        else:
            batches.setdefault(row[3], []).append(row)
    for unit_id, some in batches.items():
        mates = _claim_mates(owner, unit_id, now, grants)
        claimed.units.append(_unit(sorted([*some, *mates])))


def _claim_together(owner: str, grants: Sequence[Grant], now: datetime) -> list[Any]:
    if connection.vendor == "sqlite":
        return [row for grant in grants for row in _claim_of_one(owner, grant, now)]
    asked = [
        {
            "id": grant.snapshot.id,
            "take": grant.take,
            "tried": grant.snapshot.is_batched,
            "until": lease_end(grant.snapshot, now).isoformat(),
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
            f"RETURNING {', '.join(f'd.{column}' for column in _COLUMNS)}",
            [json.dumps(asked), now, owner],
        )
        return sorted(cursor.fetchall())


def _claim_of_one(owner: str, grant: Grant, now: datetime) -> list[Any]:
    tried = "AND d.status = 'retrying'" if grant.snapshot.is_batched else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_DELIVERY} SET status = 'sending', attempts = attempts + 1, "
            f"lease_owner = %s, lease_expires_at = %s WHERE id IN (SELECT d.id FROM {_DELIVERY} d "
            f"WHERE d.subscription_id = %s AND {_WAITING} AND d.due_at <= %s {tried} "
            f"AND {_FIRST_OF_KEY} ORDER BY d.due_at, d.id LIMIT %s) "
            f"RETURNING {', '.join(_COLUMNS)}",
            [owner, database_time(lease_end(grant.snapshot, now)), grant.snapshot.id,
             database_time(now), grant.take],
        )  # fmt: skip
        return sorted(cursor.fetchall())


def _claim_mates(owner: str, unit_id: Any, now: datetime, grants: Sequence[Grant]) -> list[Any]:
    """Claim the rest of a batch of which one delivery was due."""
    until = max(lease_end(grant.snapshot, now) for grant in grants)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_DELIVERY} AS d SET status = 'sending', attempts = attempts + 1, "
            "lease_owner = %s, lease_expires_at = %s "
            f"WHERE d.unit = %s AND {_WAITING} RETURNING {', '.join(_COLUMNS)}",
            [owner, database_time(until), unit_id],
        )
        return sorted(cursor.fetchall())


def _claim_batches(owner: str, grant: Grant, now: datetime, claimed: Claimed) -> None:
    """Claim whole new batches: full ones, and one whose window has passed."""
    snapshot = grant.snapshot
    size = snapshot.batch_size
    taken = sum(unit.subscription_id == snapshot.id for unit in claimed.units)
    for _ in range(grant.take - taken):
        count, oldest = _fresh_waiting(snapshot.id, size)
        if not count or (count < size and oldest > now):
            # It may fill up before its window ends.
            wait = min((oldest - now).total_seconds(), 1.0) if count else 1.0
            claimed.wait_seconds[snapshot.id] = wait
            return
        rows = _claim_fresh_batch(owner, snapshot, now)
        if not rows:
            claimed.wait_seconds[snapshot.id] = 0.2  # earlier ones of their keys are under way
            return
        claimed.units.append(_unit(rows))


def _fresh_waiting(subscription_id: int, size: int) -> tuple[int, datetime]:
    """Return how many wait for a batch, counting no further than its size, and the first's time."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT d.due_at FROM {_DELIVERY} d WHERE d.subscription_id = %s AND {_WAITING} "
            "AND d.status = 'pending' ORDER BY d.due_at, d.id LIMIT %s",
            [subscription_id, size],
        )
        times = [row[0] for row in cursor.fetchall()]
    return len(times), aware(times[0]) if times else timezone.now()


def _claim_fresh_batch(owner: str, snapshot: SubscriptionSnapshot, now: datetime) -> list[Any]:
    lock = "FOR UPDATE SKIP LOCKED" if connection.vendor == "postgresql" else ""
    unit_id = id_value(new_row_id())
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_DELIVERY} SET status = 'sending', attempts = attempts + 1, unit = %s, "
            f"lease_owner = %s, lease_expires_at = %s WHERE id IN (SELECT d.id FROM {_DELIVERY} d "
            f"WHERE d.subscription_id = %s AND {_WAITING} AND d.status = 'pending' "
            f"AND {_FREE_FOR_BATCH} ORDER BY d.due_at, d.id LIMIT %s {lock}) "
            f"RETURNING {', '.join(_COLUMNS)}",
            [unit_id, owner, database_time(lease_end(snapshot, now)), snapshot.id,
             snapshot.batch_size],
        )  # fmt: skip
        return sorted(cursor.fetchall())


def _unit(rows: Sequence[Any]) -> Unit:
    _, subscription_id, _, unit, attempts, trigger, last_error = rows[0]
    return Unit(
        id=unit,
        subscription_id=subscription_id,
        parts=[Part(row[0], row[2]) for row in rows],
        attempts=attempts,
        trigger=trigger if attempts == 1 else Trigger.RETRY,
        refused_before=last_error == "refused",
    )
