"""How busy sources are: the last 24 hours by the hour, and which of them need a look."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db.models import QuerySet, Sum
from django.utils import timezone

from sites.models import Site
from webhooks.inbound.models import Source, SourceHour

HOURS: Final = 24
SILENT_AFTER: Final = timedelta(hours=24)
# One bad row among thousands is for the list of failed events; a tenth is for somebody's attention.
FAILING_SHARE: Final = 0.1


class SourceState(StrEnum):
    SWITCHED_OFF = "switched off"
    WAITING = "waiting for the first request"
    FAILING = "failing"
    SILENT = "silent"
    RECEIVING = "receiving"


@dataclass(slots=True)
class HourCounts:
    """What happened in one hour, `start` in UTC."""

    start: datetime
    processed: int = 0
    ignored: int = 0
    failed: int = 0
    rejected: int = 0

    @property
    def total(self) -> int:
        return self.processed + self.ignored + self.troubled

    @property
    def troubled(self) -> int:
        return self.failed + self.rejected


@dataclass(slots=True)
class DayOfActivity:
    """24 hours, oldest first; the last one is still going on."""

    hours: list[HourCounts] = field(default_factory=list)

    @property
    def received(self) -> int:
        return sum(hour.processed + hour.ignored + hour.failed for hour in self.hours)

    @property
    def failed(self) -> int:
        return sum(hour.failed for hour in self.hours)

    @property
    def rejected(self) -> int:
        return sum(hour.rejected for hour in self.hours)


def activity_by_source(source_ids: Iterable[int]) -> dict[int, DayOfActivity]:
    """Return the last day of every given source, in one query."""
    days: dict[int, DayOfActivity] = defaultdict(_empty_day)
    rows = SourceHour.objects.filter(source_id__in=list(source_ids), hour__gte=_first_hour())
    for row in rows:
        _add(days[row.source_id], row)
    return days


def activity_of_sites(sites: QuerySet[Site]) -> DayOfActivity:
    """Return the last day of all sources of these sites together."""
    day = _empty_day()
    totals = (
        SourceHour.objects.filter(source__site__in=sites, hour__gte=_first_hour())
        .values("hour")
        .annotate(
            all_processed=Sum("processed"),
            all_ignored=Sum("ignored"),
            all_failed=Sum("failed"),
            all_rejected=Sum("rejected"),
        )
    )
    for total in totals:
        _add(
            day,
            SourceHour(
                hour=total["hour"],
                processed=total["all_processed"],
                ignored=total["all_ignored"],
                failed=total["all_failed"],
                rejected=total["all_rejected"],
            ),
        )
    return day


def state_of(source: Source, day: DayOfActivity) -> SourceState:
    """Say in a word how a source is doing, by its latest hour in which anything came."""
    if not (source.is_active and source.site.is_active):
        return SourceState.SWITCHED_OFF
    busy = [hour for hour in day.hours if hour.total]
    if busy and busy[-1].troubled >= busy[-1].total * FAILING_SHARE:
        return SourceState.FAILING
    if source.last_received_at is None:
        return SourceState.WAITING
    if timezone.now() - source.last_received_at > SILENT_AFTER:
        return SourceState.SILENT
    return SourceState.RECEIVING


def _first_hour() -> datetime:
    now = timezone.now()
    return now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)


def _empty_day() -> DayOfActivity:
    first = _first_hour()
    return DayOfActivity([HourCounts(first + timedelta(hours=place)) for place in range(HOURS)])


def _add(day: DayOfActivity, row: SourceHour) -> None:
    place = int((row.hour - day.hours[0].start) / timedelta(hours=1))
    if 0 <= place < HOURS:
        hour = day.hours[place]
        hour.processed += row.processed
        hour.ignored += row.ignored
        hour.failed += row.failed
        hour.rejected += row.rejected
