from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils import timezone
from django.utils.safestring import SafeString

from common.admin.chart import Bar, bar_chart
from common.admin.status_chip import Tone, status_chip
from webhooks.inbound.sources.activity import DayOfActivity, SourceState

_TONES: Final[Mapping[SourceState, Tone]] = {
    SourceState.SWITCHED_OFF: Tone.QUIET,
    SourceState.WAITING: Tone.WAITING,
    SourceState.FAILING: Tone.BAD,
    SourceState.SILENT: Tone.WARNING,
    SourceState.RECEIVING: Tone.GOOD,
}
SERIES: Final = {
    "good": "processed",
    "quiet": "ignored",
    "bad": "failed",
    "refused": "rejected",
}


def state_chip(state: SourceState) -> SafeString:
    return status_chip(state.capitalize(), _TONES[state])


def activity_chart(day: DayOfActivity, *, name: str, small: bool = False) -> SafeString:
    """Return the chart of a day; a bar is an hour, from processed below to rejected on top."""
    bars = [
        Bar(
            label=timezone.localtime(hour.start).strftime("%H:%M"),
            parts={
                "good": hour.processed,
                "quiet": hour.ignored,
                "bad": hour.failed,
                "refused": hour.rejected,
            },
            words=SERIES,
        )
        for hour in day.hours
    ]
    title = (
        f"{name}, last 24 hours: {day.received} received, {day.failed} failed, "
        f"{day.rejected} rejected"
    )
    return bar_chart(bars, title=title, small=small)
