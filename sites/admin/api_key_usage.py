"""The last 24 hours of a key as a chart and in words."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from django.utils import timezone
from django.utils.safestring import SafeString

from common.admin.chart import Bar, bar_chart
from common.admin.status_chip import Tone, status_chip
from sites.api_keys.usage_day import DayOfUse, HourOfUse, days_of_use
from sites.models import ApiKey

SERIES: Final = {
    "good": "answered well",
    "quiet": "redirected",
    "refused": "refused (4xx)",
    "bad": "failed (5xx)",
}
_TONES: Final = {
    "good": Tone.GOOD,
    "quiet": Tone.QUIET,
    "refused": Tone.WARNING,
    "bad": Tone.BAD,
}
_SERIES_OF_CLASS: Final = {2: "good", 4: "refused", 5: "bad"}


def usage_context(key: ApiKey) -> dict[str, Any]:
    day = days_of_use([key.pk])[key.pk]
    return {
        "day": day,
        "day_chart": _chart(day, name=key.name),
        "series": {name: words for name, words in SERIES.items() if name in _occurring(day)},
        "status_rows": [
            {
                "chip": status_chip(str(each.status), _TONES[_series(each.status)]),
                "phrase": each.phrase,
                "count": each.count,
                "share": share_text(each.share),
            }
            for each in day.statuses
        ],
    }


def share_text(share: float) -> str:
    """Return a share of 0 to 1 in per cent; what is there is never rounded to nothing."""
    percent = share * 100
    if 0 < percent < 0.1:
        return "<0.1%"
    if 99.9 < percent < 100:
        return ">99.9%"
    return f"{percent:.0f}%" if percent in (0, 100) else f"{percent:.1f}%"


def _chart(day: DayOfUse, *, name: str) -> SafeString:
    noun = "request" if day.total == 1 else "requests"
    return bar_chart(
        [_bar(hour) for hour in day.hours],
        title=f"{name}, last 24 hours: {day.total} {noun}",
    )


def _bar(hour: HourOfUse) -> Bar:
    counts: Counter[str] = Counter()
    for status, count in hour.by_status.items():
        counts[_series(status)] += count
    return Bar(
        label=timezone.localtime(hour.start).strftime("%H:%M"),
        parts={series: counts[series] for series in SERIES},
        words=SERIES,
    )


def _occurring(day: DayOfUse) -> set[str]:
    return {_series(each.status) for each in day.statuses}


def _series(status: int) -> str:
    return _SERIES_OF_CLASS.get(status // 100, "quiet")
