"""Times as people say them, with the exact instant on hover."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

_STEPS = (
    (timedelta(days=365), "year"),
    (timedelta(days=30), "month"),
    (timedelta(days=1), "day"),
    (timedelta(hours=1), "h"),
    (timedelta(minutes=1), "min"),
    (timedelta(seconds=1), "s"),
)
_WORDS = {"year", "month", "day"}


def duration_text(span: timedelta) -> str:
    """Return the largest unit of a span alone: `3 min`, `2 days`."""
    for size, unit in _STEPS:
        count = span // size
        if count >= 1:
            return f"{count} {unit}{'s' if unit in _WORDS and count > 1 else ''}"
    return "0 s"


def relative_text(at: datetime, now: datetime) -> str:
    if abs(now - at) < timedelta(seconds=5):
        return "just now"
    return f"{duration_text(now - at)} ago" if at <= now else f"in {duration_text(at - now)}"


def relative_time(at: datetime | None, *, never: str = "never") -> SafeString:
    """Return a `<time>` element; `never` stands in for None."""
    if at is None:
        return format_html('<span class="quiet">{}</span>', never)
    return format_html(
        '<time datetime="{}" title="{}" tabindex="0">{}</time>',
        at.isoformat(timespec="milliseconds"),
        exact_text(at),
        relative_text(at, timezone.now()),
    )


def exact_text(at: datetime) -> str:
    """Return the instant to the second with its zone: `2026-11-21 04:00:12 UTC`."""
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S %Z")
