"""A segment in chips and words: how current its members are, and when they are computed next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from automation.admin.segments.recent_moves import MOST_COUNTED, RecentMoves
from automation.models import Segment
from common.admin.relative_time import relative_time
from common.admin.status_chip import Tone, status_chip

# What a schedule that works at all is never late by.
LATE: Final = timedelta(minutes=30)


def state_chip(segment: Segment) -> SafeString:
    """Return whether the members can be relied on, and if not, why."""
    if segment.trouble:
        return status_chip("Trouble", Tone.BAD, title=segment.trouble)
    if segment.computed_at is None:
        return status_chip("Not computed yet", Tone.WAITING)
    if segment.rule_changed_at > segment.computed_at:
        told = "The members are still those of the rule as it was before."
        return status_chip("Rule changed", Tone.WAITING, title=told)
    due = due_at(segment)
    if due is not None and segment.site.is_active and timezone.now() > due + LATE:
        told = "It was due long ago. Look under Health whether the queue runs."
        return status_chip("Late", Tone.WARNING, title=told)
    return status_chip("Up to date", Tone.GOOD)


def due_at(segment: Segment) -> datetime | None:
    """Return when the members are computed next by the clock; None when nothing is planned."""
    if segment.attempted_at is None or segment.rule_changed_at > segment.attempted_at:
        return segment.rule_changed_at
    if segment.every_minutes is None:
        return None
    return segment.attempted_at + timedelta(minutes=segment.every_minutes)


def due_words(segment: Segment) -> SafeString:
    due = due_at(segment)
    if due is None:
        return format_html('<span class="quiet">{}</span>', "when asked")
    if not segment.site.is_active:
        return format_html('<span class="quiet">{}</span>', "when the site is on")
    if due <= timezone.now():
        return format_html("{}", "in a moment")
    return relative_time(due)


def took_words(segment: Segment) -> str:
    if segment.computed_ms is None:
        return ""
    if segment.computed_ms < 1_000:
        return f"took {segment.computed_ms} ms"
    return f"took {segment.computed_ms / 1_000:.1f} s"


def moves_words(moves: RecentMoves) -> SafeString:
    """Return how many came and went, in signs and in words."""
    if moves.is_more:
        return format_html("more than {}", f"{MOST_COUNTED:,}")
    if not (moves.entered or moves.left):
        return format_html('<span class="quiet">{}</span>', "none")
    return format_html(
        '<span title="{0} entered, {1} left"><span class="moves-in">+{0}</span> '
        '<span class="moves-out">−{1}</span></span>',  # noqa: RUF001 - a minus, as wide as the plus
        f"{moves.entered:,}",
        f"{moves.left:,}",
    )


def every_words(minutes: int | None) -> str:
    if minutes is None:
        return "Only when somebody asks"
    for size, unit in ((1_440, "day"), (60, "hour"), (1, "minute")):
        if minutes % size == 0:
            count = minutes // size
            return f"Every {unit}" if count == 1 else f"Every {count:,} {unit}s"
    raise AssertionError(minutes)
