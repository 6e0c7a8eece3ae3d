from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import models
from django.db.models import Count, QuerySet

from webhooks.outbound.models import Delivery, Subscription, Trigger
from webhooks.outbound.subscriptions.backlog import Backlog, backlogs, held_deliveries

# Up to here it is counted what thinning would leave, and of which types they are.
MOST_LOOKED_INTO: Final = 20_000
_MOST_TYPES: Final = 8


class Choice(models.TextChoices):
    """What becomes of held deliveries."""

    RELEASE = "release", "Send them all"
    THIN = "thin", "Send only the latest of each contact and event type"
    DROP = "drop", "Drop them"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldPlan:
    """What is held at this moment, up to the delivery `upper_id`.

    `left_by_thinning` is None where there are too many to look into; `types` are the most frequent
    ones with their counts, empty in the same case.
    """

    total: int
    upper_id: UUID | None
    first_at: datetime | None
    last_at: datetime | None
    left_by_thinning: int | None
    types: tuple[tuple[str, int], ...]
    backlog: Backlog


def held_plan(subscription: Subscription) -> HeldPlan:
    rows = held_deliveries(subscription)
    newest = rows.order_by("-pk").values_list("pk", "created_at").first()
    oldest = rows.order_by("pk").values_list("created_at", flat=True).first()
    total = rows.count()
    is_small = total <= MOST_LOOKED_INTO
    return HeldPlan(
        total=total,
        upper_id=newest[0] if newest else None,
        first_at=oldest,
        last_at=newest[1] if newest else None,
        left_by_thinning=_left_by_thinning(rows, total) if is_small else None,
        types=_types(rows) if is_small else (),
        backlog=backlogs([subscription.pk])[subscription.pk],
    )


def thinnable(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """Return those that a later one can stand for: of a contact, by themselves, and never tried.

    One that was tried may be part of a batch, whose bytes are kept as they were.
    """
    return rows.filter(trigger=Trigger.EVENT, attempts=0, event__contact__isnull=False)


def _left_by_thinning(rows: QuerySet[Delivery], total: int) -> int:
    candidates = thinnable(rows).order_by()
    latest = candidates.values("event__contact", "event_type").distinct().count()
    return total - candidates.count() + latest


def _types(rows: QuerySet[Delivery]) -> tuple[tuple[str, int], ...]:
    counted = rows.order_by().values_list("event_type").annotate(count=Count("pk"))
    return tuple(counted.order_by("-count", "event_type")[:_MOST_TYPES])
