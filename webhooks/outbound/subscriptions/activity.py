"""How subscriptions do: the last 24 hours by the hour, how long receivers take, and their state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.utils import timezone

from webhooks.outbound.models import Subscription, SubscriptionHour, SubscriptionState

HOURS: Final = 24
# Columns of the histogram by their bound in milliseconds; None is for what took longer.
_COLUMNS: Final = tuple(f"within_{bound}" for bound in SubscriptionHour.BOUNDS)
BANDS: Final[tuple[int | None, ...]] = (*SubscriptionHour.BOUNDS, None)


class Condition(StrEnum):
    """What a person wants to know of a subscription first."""

    ACTIVE = "active"
    FAILING = "failing"
    SLOWED = "slowed down"
    PAUSED = "paused"
    DISABLED = "disabled"
    SITE_OFF = "site switched off"


@dataclass(slots=True)
class HourOfDeliveries:
    start: datetime
    succeeded: int = 0
    failed: int = 0


@dataclass(slots=True)
class DayOfDeliveries:
    """24 hours, oldest first; `took` counts requests by band of time, in the order of `BANDS`."""

    hours: list[HourOfDeliveries]
    took: list[int] = field(default_factory=lambda: [0] * len(BANDS))

    @property
    def succeeded(self) -> int:
        return sum(hour.succeeded for hour in self.hours)

    @property
    def failed(self) -> int:
        return sum(hour.failed for hour in self.hours)

    @property
    def success_share(self) -> float | None:
        """Return the share of requests that succeeded, None where none was made."""
        total = self.succeeded + self.failed
        return self.succeeded / total if total else None

    @property
    def p95_text(self) -> str:
        """Return within how long 95 of 100 requests were answered, as far as bands tell."""
        total, seen = sum(self.took), 0
        for bound, count in zip(BANDS, self.took, strict=True):
            seen += count
            if total and seen * 100 >= total * 95:
                return band_text(bound)
        return ""


def band_text(bound: int | None) -> str:
    """Return a band as words: `≤ 200 ms`, `≤ 5 s`, `> 15 s`."""
    if bound is None:
        return f"> {SubscriptionHour.BOUNDS[-1] // 1000} s"
    return f"≤ {bound // 1000} s" if bound >= 1000 else f"≤ {bound} ms"


def activity_of(subscription_ids: Iterable[int]) -> dict[int, DayOfDeliveries]:
    """Return the last day of each subscription, in one query."""
    days = {pk: _empty_day() for pk in subscription_ids}
    rows = SubscriptionHour.objects.filter(subscription__in=list(days), hour__gte=_first_hour())
    for row in rows:
        _add(days[row.subscription_id], row)
    return days


def condition_of(subscription: Subscription) -> Condition:
    if subscription.state == SubscriptionState.DISABLED:
        return Condition.DISABLED
    if subscription.state == SubscriptionState.PAUSED:
        return Condition.PAUSED
    if not subscription.site.is_active:
        return Condition.SITE_OFF
    if subscription.failing_since is not None:
        return Condition.FAILING
    if subscription.slowed_until is not None and subscription.slowed_until > timezone.now():
        return Condition.SLOWED
    return Condition.ACTIVE


def _first_hour() -> datetime:
    now = timezone.now()
    return now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)


def _empty_day() -> DayOfDeliveries:
    first = _first_hour()
    return DayOfDeliveries([HourOfDeliveries(first + timedelta(hours=n)) for n in range(HOURS)])


def _add(day: DayOfDeliveries, row: SubscriptionHour) -> None:
    place = int((row.hour - day.hours[0].start) / timedelta(hours=1))
    if 0 <= place < HOURS:
        day.hours[place].succeeded += row.succeeded
        day.hours[place].failed += row.failed
        for band, column in enumerate((*_COLUMNS, "slower")):
            day.took[band] += getattr(row, column)
