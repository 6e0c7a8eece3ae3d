"""A retry schedule as people plan with it: when each try would be, by the clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from webhooks.outbound.subscriptions.retry_settings import span_text

_WIDTH = 400
_EDGE = 8
_SPAN = _WIDTH - 2 * _EDGE
_HEIGHT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedTry:
    """One try: its wait as words, and when it is for an event of now, without the chance in it."""

    number: int
    wait: str
    at: datetime
    elapsed: timedelta

    @property
    def clock(self) -> str:
        local = timezone.localtime(self.at)
        days = (local.date() - timezone.localtime(self.at - self.elapsed).date()).days
        after = "" if not days else " tomorrow" if days == 1 else f" in {days} days"
        return f"{local:%H:%M:%S}{after}"


def planned_tries(schedule: Sequence[int], now: datetime) -> list[PlannedTry]:
    tries = []
    elapsed = timedelta()
    for number, seconds in enumerate(schedule, start=1):
        elapsed += timedelta(seconds=seconds)
        tries.append(
            PlannedTry(
                number=number,
                wait="at once" if not seconds else f"{span_text(seconds)} later",
                at=now + elapsed,
                elapsed=elapsed,
            )
        )
    return tries


def schedule_drawing(tries: Sequence[PlannedTry]) -> SafeString:
    """Return the tries as dots on a line that is stretched where they are close together."""
    longest = max((each.elapsed.total_seconds() for each in tries), default=0) or 1
    dots = [
        (
            f"{_EDGE + (each.elapsed.total_seconds() / longest) ** 0.25 * _SPAN:.1f}",
            _HEIGHT // 2,
            f"Try {each.number}: {each.clock}",
        )
        for each in tries
    ]
    return format_html(
        '<svg class="schedule" viewBox="0 0 {0} {1}" role="img" aria-label="{2}">'
        '<line class="schedule-line" x1="{3}" x2="{4}" y1="{5}" y2="{5}"/>{6}</svg>',
        _WIDTH,
        _HEIGHT,
        "; ".join(title for _, _, title in dots),
        _EDGE,
        _WIDTH - _EDGE,
        _HEIGHT // 2,
        format_html_join(
            "",
            '<circle class="schedule-try" cx="{}" cy="{}" r="5"><title>{}</title></circle>',
            dots,
        ),
    )
