"""Claiming due deliveries under a lease, fairly: each subscription gets its share of what is free.

The attempt is counted with the claim: a delivery whose worker dies must not get a free try.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from webhooks.outbound.delivering.claim_statements import (
    claim_alone,
    claim_fresh_batch,
    claim_mates,
    fresh_waiting,
)
from webhooks.outbound.delivering.sharing import (
    Claimed,
    Grant,
    Wanted,
    count_others,
    due_locked,
    keep_to_rate,
    settle,
    shared_out,
)
from webhooks.outbound.delivering.unit import Part, Unit
from webhooks.outbound.models import Trigger


def claim(owner: str, wanted: Sequence[Wanted], *, limit: int, is_shared: bool) -> Claimed:
    """Claim up to `limit` units of the wanted subscriptions; the first in line are served first.

    With `is_shared`, other workers are running, and what they hold counts against the concurrency.
    """
    claimed = Claimed()
    now = timezone.now()
    if not wanted or (connection.vendor == "sqlite" and not due_locked(wanted, now)):
        return claimed  # without the write lock, which everybody else would wait for
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                # Statistics from quieter times let a backlog look small enough to be sorted.
                cursor.execute("SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off")
        grants = shared_out(wanted, due_locked(wanted, now), limit)
        if is_shared:
            count_others(grants)
        for grant in grants:
            keep_to_rate(grant, now, claimed)
        _claim_single(owner, [each for each in grants if each.take > 0], now, claimed)
        for grant in grants:
            if grant.take > 0 and grant.snapshot.is_batched:
                _claim_batches(owner, grant, now, claimed)
        settle(grants, claimed, now)
    return claimed


def _claim_single(owner: str, grants: Sequence[Grant], now: datetime, claimed: Claimed) -> None:
    """Claim deliveries that go alone, and units that were tried before."""
    rows = claim_alone(owner, grants, now) if grants else []
    batches: dict[Any, list[Any]] = {}
    for row in rows:
        if row[3] == row[0]:
            claimed.units.append(_unit([row]))
        else:
            batches.setdefault(row[3], []).append(row)
    for unit_id, some in batches.items():
        mates = claim_mates(owner, unit_id, now, grants)
        claimed.units.append(_unit(sorted([*some, *mates])))


def _claim_batches(owner: str, grant: Grant, now: datetime, claimed: Claimed) -> None:
    """Claim whole new batches: full ones, and one whose window has passed."""
    snapshot = grant.snapshot
    size = snapshot.batch_size
    taken = sum(unit.subscription_id == snapshot.id for unit in claimed.units)
    for _ in range(grant.take - taken):
        count, oldest = fresh_waiting(snapshot.id, size)
        if not count or (count < size and oldest > now):
            # It may fill up before its window ends.
            wait = min((oldest - now).total_seconds(), 1.0) if count else 1.0
            claimed.wait_seconds[snapshot.id] = wait
            return
        rows = claim_fresh_batch(owner, snapshot, now)
        if not rows:
            claimed.wait_seconds[snapshot.id] = 0.2  # earlier ones of their keys are under way
            return
        claimed.units.append(_unit(rows))


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
