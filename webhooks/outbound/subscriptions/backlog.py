"""What a subscription has waiting: counted no further than a page needs, by partial indexes."""

# ruff: noqa: S608 - table names come from model declarations; values are parameters.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection
from django.db.models import Q, QuerySet

from common.sql_constant import SqlConstant
from webhooks.outbound.models import Delivery, Subscription
from webhooks.outbound.models.delivery import TROUBLED, WAITING

MOST_COUNTED: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """Deliveries of one subscription that wait, and that are held; beyond the most, one more."""

    pending: int = 0
    held: int = 0
    oldest_pending_at: datetime | None = None

    @property
    def pending_text(self) -> str:
        return count_text(self.pending)

    @property
    def held_text(self) -> str:
        return count_text(self.held)


def count_text(count: int) -> str:
    return f"{MOST_COUNTED:,}+" if count > MOST_COUNTED else f"{count:,}"


def held_deliveries(subscription: Subscription) -> QuerySet[Delivery]:
    """Return what is held, with the condition of the partial index that has it in order of key."""
    return _troubled("held").filter(subscription=subscription)


def failed_for_good(among: Q) -> int:
    """Return how many of these deliveries are not tried again; beyond the most, one more."""
    return _troubled("failed").filter(among).order_by()[: MOST_COUNTED + 1].count()


def backlogs(subscription_ids: Sequence[int]) -> dict[int, Backlog]:
    """Return the backlog of each subscription."""
    if not subscription_ids:
        return {}
    counts = _counts(subscription_ids)
    return {
        pk: Backlog(
            pending=pending, held=held, oldest_pending_at=_oldest_waiting(pk) if pending else None
        )
        for pk, pending, held in counts
    }


def _counts(subscription_ids: Sequence[int]) -> list[tuple[int, int, int]]:
    quote = connection.ops.quote_name
    deliveries = quote(Delivery._meta.db_table)
    waiting = ", ".join(f"'{status}'" for status in WAITING)
    troubled = ", ".join(f"'{status}'" for status in TROUBLED)

    def counted(condition: str) -> str:
        rows = f"SELECT 1 FROM {deliveries} d WHERE d.subscription_id = s.id AND {condition}"
        return f"(SELECT count(*) FROM ({rows} LIMIT {MOST_COUNTED + 1}) AS counted)"

    keys = ", ".join(["%s"] * len(subscription_ids))
    sql = (
        f"SELECT s.id, {counted(f'd.status IN ({waiting})')}, "
        f"""{counted(f"d.status = 'held' AND d.status IN ({troubled})")} """
        f"FROM {quote(Subscription._meta.db_table)} s WHERE s.id IN ({keys})"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, list(subscription_ids))
        return [(pk, pending, held) for pk, pending, held in cursor.fetchall()]


def _oldest_waiting(subscription_id: int) -> datetime | None:
    """Return when the one that waits longest came about: by its turn, or among the failed ones."""
    mine = Q(subscription=subscription_id)
    first = Delivery.objects.filter(mine, status__in=[SqlConstant(each) for each in WAITING])
    found = [
        *first.order_by("due_at", "id").values_list("created_at", flat=True)[:1],
        *_troubled("retrying").filter(mine).order_by("id").values_list("created_at", flat=True)[:1],
    ]
    return min(found, default=None)


def _troubled(status: str) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        status=SqlConstant(status), status__in=[SqlConstant(each) for each in TROUBLED]
    )
