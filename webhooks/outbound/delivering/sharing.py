"""Who is served in a claim, and with how much: what is free is shared among those who have work.

The rows of subscriptions that have something due are locked, and those that another worker holds
are passed over. So rate and concurrency are settled in the database, whoever claims.
"""

# ruff: noqa: S608 - names of tables and columns come from the models; values are parameters.

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import connection

from webhooks.outbound.delivering.database_values import aware, database_time, marks
from webhooks.outbound.delivering.unit import Unit
from webhooks.outbound.models import Delivery, Subscription
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot

# A rate is evened out over this time, so that no second sees more than a tenth above it.
BURST_SECONDS: Final = 0.1

_DELIVERY: Final = Delivery._meta.db_table
_SUBSCRIPTION: Final = Subscription._meta.db_table
# Word by word the condition of the partial indexes.
_WAITING: Final = "d.status IN ('pending', 'retrying')"
# Asked with EXISTS, PostgreSQL reads all deliveries there are once many of them wait.
_FIRST_DUE: Final = (
    f"(SELECT d.due_at FROM {_DELIVERY} d WHERE d.subscription_id = s.id AND {_WAITING} "
    "ORDER BY d.due_at LIMIT 1)"
)


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


def due_locked(wanted: Sequence[Wanted], now: datetime) -> list[tuple[int, datetime | None]]:
    """Return the active subscriptions with something due, locked on PostgreSQL."""
    ids = [each.snapshot.id for each in wanted]
    lock = "FOR NO KEY UPDATE OF s SKIP LOCKED" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT s.id, s.paced_until FROM {_SUBSCRIPTION} s WHERE s.id IN ({marks(ids)}) "
            "AND s.state = 'active' AND (s.slowed_until IS NULL OR s.slowed_until <= %s) "
            f"AND ({_FIRST_DUE} <= %s OR (s.batch_size > 1 AND {_FIRST_DUE} IS NOT NULL)) {lock}",
            [*ids, database_time(now), database_time(now)],
        )
        return [(pk, paced and aware(paced)) for pk, paced in cursor.fetchall()]


def shared_out(
    wanted: Sequence[Wanted], due: Sequence[tuple[int, datetime | None]], limit: int
) -> list[Grant]:
    """Share what is free among those that have something due, each at least one."""
    paced = dict(due)
    asked = [each for each in wanted if each.snapshot.id in paced][:limit]
    share = max(limit // len(asked), 1) if asked else 0
    return [Grant(each.snapshot, min(each.take, share), paced[each.snapshot.id]) for each in asked]


def count_others(grants: Sequence[Grant]) -> None:
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


def keep_to_rate(grant: Grant, now: datetime, claimed: Claimed) -> None:
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


def settle(grants: Sequence[Grant], claimed: Claimed, now: datetime) -> None:
    """Note what was used of each rate, and where order kept something back."""
    counts = Counter(unit.subscription_id for unit in claimed.units)
    for grant in grants:
        rate, count = grant.snapshot.rate_per_second, counts[grant.snapshot.id]
        if grant.snapshot.strict_order and count < grant.take:
            claimed.short.add(grant.snapshot.id)
        if rate and count:
            used_until = max(grant.paced_until or now, now) + timedelta(seconds=count / rate)
            Subscription.objects.filter(pk=grant.snapshot.id).update(paced_until=used_until)
