"""The last 24 hours of keys: how many of their requests were answered with which status."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from common.endpoint.problems import status_phrase
from sites.models import ApiKeyHour

HOURS: Final = 24


@dataclass(frozen=True, slots=True)
class StatusShare:
    """One status of the day; `share` is 0 to 1 of all requests."""

    status: int
    phrase: str
    count: int
    share: float


@dataclass(slots=True)
class HourOfUse:
    """The answers of one hour; `start` in UTC."""

    start: datetime
    by_status: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class DayOfUse:
    """24 hours, oldest first; the last one is still going on."""

    hours: list[HourOfUse]

    @property
    def total(self) -> int:
        return sum(hour.by_status.total() for hour in self.hours)

    @property
    def statuses(self) -> tuple[StatusShare, ...]:
        """Return each status that occurred, the lowest first."""
        counts: Counter[int] = Counter()
        for hour in self.hours:
            counts.update(hour.by_status)
        total = counts.total()
        return tuple(
            StatusShare(status, status_phrase(status), count, count / total)
            for status, count in sorted(counts.items())
        )


def days_of_use(key_ids: Iterable[int]) -> dict[int, DayOfUse]:
    """Return the last day of every given key, by primary key, in one query."""
    now = timezone.now()
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
    days = {key_id: _empty_day(first) for key_id in key_ids}
    for row in ApiKeyHour.objects.filter(key_id__in=list(days), hour__gte=first):
        place = int((row.hour - first) / timedelta(hours=1))
        # Another process's clock may already be in the next hour.
        hour = days[row.key_id].hours[min(place, HOURS - 1)]
        hour.by_status[row.status] += row.count
    return days


def _empty_day(first: datetime) -> DayOfUse:
    return DayOfUse([HourOfUse(first + timedelta(hours=place)) for place in range(HOURS)])
