"""When a schedule is due: by the clock on the wall of the site, also where it is put forward."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sites.models import Site

_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
# A month has one day of each number, and no month is longer.
_FURTHEST_DAYS: Final = 32


def next_due(trigger: Mapping[str, Any], site: Site, after: datetime) -> datetime:
    """Return the first moment after `after`, in UTC.

    A time that the clock passes over happens when the clock stands as late; one that it passes
    twice happens the first time.
    """
    at = time.fromisoformat(trigger["at"])
    zone = ZoneInfo(site.time_zone)
    if trigger["every"] == "hour":
        return _next_hour(at.minute, zone, after)
    return next(
        moment
        for day in _days(trigger, after.astimezone(zone).date())
        if (moment := datetime.combine(day, at, zone).astimezone(UTC)) > after
    )


def _days(trigger: Mapping[str, Any], first: date) -> Iterator[date]:
    for number in range(_FURTHEST_DAYS + 1):
        day = first + number * _DAY
        if trigger["every"] == "week" and day.weekday() != trigger["weekday"]:
            continue
        if trigger["every"] == "month" and day.day != trigger["day"]:
            continue
        yield day


def _next_hour(minute: int, zone: ZoneInfo, after: datetime) -> datetime:
    """Return when the minute hand is there next; not every zone is whole hours from UTC."""
    local = after.astimezone(zone)
    ahead = timedelta(minutes=(minute - local.minute) % 60)
    moment = local.astimezone(UTC).replace(second=0, microsecond=0) + ahead
    return moment if moment > after else moment + _HOUR
