"""Held deliveries in slices of their keys, oldest first, each dealt with in a few statements."""

from __future__ import annotations

from typing import Final, NamedTuple
from uuid import UUID

from django.db.models import Case, QuerySet, Value, When
from django.utils import timezone

from webhooks.outbound.holding.plan import Choice, thinnable
from webhooks.outbound.models import Delivery, DeliveryStatus, Subscription
from webhooks.outbound.subscriptions.backlog import held_deliveries

# On SQLite a slice holds the one write lock, and webhooks wait for it meanwhile.
SLICE: Final = 1_000

_DROPPED: Final = "Dropped by {by} when the subscription went on."
_THINNED: Final = "A later event of the same type and contact stands for it."


class Dealt(NamedTuple):
    """What became of a slice; `last` is its last key, None when there was nothing left."""

    last: UUID | None
    released: int = 0
    cancelled: int = 0


def deal_with_slice(
    subscription: Subscription,
    choice: Choice,
    *,
    after: UUID | None,
    upper_id: UUID | None,
    by: str,
) -> Dealt:
    """Deal with the next held deliveries after a key, in the caller's transaction.

    `choice` is for those up to `upper_id`, which somebody saw; later ones are always released.
    """
    rows = held_deliveries(subscription).order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    seen = rows.filter(pk__lte=upper_id) if upper_id else rows.none()
    keys = list(seen.values_list("pk", flat=True)[:SLICE])
    if not keys:
        choice = Choice.RELEASE
        keys = list(rows.values_list("pk", flat=True)[:SLICE])
    if not keys:
        return Dealt(None)
    own = held_deliveries(subscription).filter(pk__gte=keys[0], pk__lte=keys[-1])
    if choice is Choice.DROP:
        return Dealt(keys[-1], cancelled=_cancel(own, _DROPPED.format(by=by)))
    cancelled = 0
    if choice is Choice.THIN:
        outdated = _outdated(subscription, own, upper_id)
        cancelled = _cancel(own.filter(pk__in=outdated), _THINNED)
    return Dealt(keys[-1], released=release(own), cancelled=cancelled)


def release(rows: QuerySet[Delivery]) -> int:
    """Let held deliveries go out now; in what order, their keys say."""
    status = Case(
        When(attempts__gt=0, then=Value(DeliveryStatus.RETRYING)),
        default=Value(DeliveryStatus.PENDING),
    )
    return rows.order_by().update(status=status, due_at=timezone.now(), reason="")


def _cancel(rows: QuerySet[Delivery], reason: str) -> int:
    now = timezone.now()
    return rows.order_by().update(status=DeliveryStatus.CANCELLED, reason=reason, finished_at=now)


def _outdated(
    subscription: Subscription, rows: QuerySet[Delivery], upper_id: UUID | None
) -> list[UUID]:
    """Return the keys of those that a later held one of the same contact and type stands for."""
    slice_rows = list(thinnable(rows).values_list("pk", "event__contact", "event_type"))
    contacts = {contact for _, contact, _ in slice_rows}
    later = thinnable(held_deliveries(subscription)).filter(event__contact__in=contacts)
    if upper_id is not None:
        later = later.filter(pk__lte=upper_id)
    latest: dict[tuple[UUID | None, str], UUID] = {}
    for pk, contact, event_type in later.values_list("pk", "event__contact", "event_type"):
        known = latest.get((contact, event_type))
        if known is None or pk > known:
            latest[contact, event_type] = pk
    return [pk for pk, contact, kind in slice_rows if pk < latest.get((contact, kind), pk)]
