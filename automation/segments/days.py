"""Days and spans of time as a site sees them, asked of columns and of attributes alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from automation.segments.conditions import FieldValue

_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Bound:
    """A moment: what is stored as a day is compared with `day`, what as an instant with it."""

    day: date
    instant: datetime

    @property
    def instant_text(self) -> str:
        """The instant as the beginning of how attributes have it: without the Z, it sorts first."""
        return self.instant.astimezone(UTC).replace(tzinfo=None).isoformat()


@dataclass(frozen=True, slots=True)
class Span:
    """From `start`, which belongs to it, to before `end`; None is open."""

    start: Bound | None = None
    end: Bound | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """The moment for which a rule is asked, and the time zone in which its days are days."""

    now: datetime
    zone: ZoneInfo

    def span(self, operator: str, value: FieldValue) -> Span:
        """Return what an operator of a date means now."""
        return _SPANS[operator](self, value)

    def anniversaries(self, days: int) -> tuple[int, ...]:
        """Return today and that many days after it, each as month * 100 + day.

        Who was born on a leap day has it on 28 February of a year without one.
        """
        today = self._moment(timedelta()).day
        coming = [today + number * _DAY for number in range(min(days, 365) + 1)]
        found = {day.month * 100 + day.day for day in coming}
        if any((day.month, day.day) == (2, 28) and not _is_leap(day.year) for day in coming):
            found.add(229)
        return tuple(sorted(found))

    def _moment(self, distance: timedelta) -> Bound:
        # Whole seconds: a fraction in the text would sort before the Z of one without.
        instant = self.now.replace(microsecond=0) + distance
        return Bound(instant.astimezone(self.zone).date(), instant)

    def _start_of(self, day: date) -> Bound:
        return Bound(day, datetime.combine(day, time(), tzinfo=self.zone).astimezone(UTC))

    def _before(self, value: date) -> Span:
        return Span(end=self._start_of(value))

    def _after(self, value: date) -> Span:
        return Span(start=self._start_of(value + _DAY))

    def _on(self, value: date) -> Span:
        return Span(start=self._start_of(value), end=self._start_of(value + _DAY))

    def _last(self, days: int) -> Span:
        now = self._moment(timedelta())
        end = Bound(now.day + _DAY, now.instant + timedelta(seconds=1))
        return Span(start=self._moment(timedelta(days=-days)), end=end)

    def _longer_ago(self, days: int) -> Span:
        return Span(end=self._moment(timedelta(days=-days)))

    def _next(self, days: int) -> Span:
        last = self._moment(timedelta(days=days))
        end = Bound(last.day + _DAY, last.instant + timedelta(seconds=1))
        return Span(start=self._moment(timedelta()), end=end)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


_SPANS: Final[Mapping[str, Callable[..., Span]]] = {
    "before": Clock._before,
    "after": Clock._after,
    "on": Clock._on,
    "within_days": Clock._last,
    "older_than_days": Clock._longer_ago,
    "within_next_days": Clock._next,
}
