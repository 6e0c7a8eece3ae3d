"""A subscription in chips, charts and words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin.chart import Bar, bar_chart
from common.admin.relative_time import exact_text
from common.admin.status_chip import Tone, status_chip
from webhooks.outbound.formats.registry import format_for
from webhooks.outbound.models import Signing, Subscription
from webhooks.outbound.subscriptions.activity import (
    BANDS,
    Condition,
    DayOfDeliveries,
    band_text,
    condition_of,
)

SERIES: Final = {"good": "succeeded", "bad": "failed"}
_TONES: Final[Mapping[Condition, Tone]] = {
    Condition.ACTIVE: Tone.GOOD,
    Condition.FAILING: Tone.BAD,
    Condition.SLOWED: Tone.WAITING,
    Condition.PAUSED: Tone.QUIET,
    Condition.DISABLED: Tone.BAD,
    Condition.SITE_OFF: Tone.QUIET,
}


def state_chip(subscription: Subscription) -> SafeString:
    condition = condition_of(subscription)
    told = subscription.state_reason
    if condition is Condition.FAILING and subscription.failing_since:
        told = f"Every request failed since {exact_text(subscription.failing_since)}."
    if condition is Condition.SLOWED and subscription.slowed_until:
        told = f"The receiver asked for a break until {exact_text(subscription.slowed_until)}."
    return status_chip(condition.capitalize(), _TONES[condition], title=told)


def warning_chips(subscription: Subscription) -> list[SafeString]:
    """Return what everybody should know of its safety."""
    chips = []
    if subscription.signing == Signing.NONE:
        told = "The receiver cannot tell these requests from those of a stranger."
        chips.append(status_chip("Not signed", Tone.WARNING, title=told))
    if not subscription.verify_tls:
        told = "Whoever stands in between can read and change what is sent."
        chips.append(status_chip("Certificate not checked", Tone.WARNING, title=told))
    if format_for(subscription.format_key) is None:
        chips.append(status_chip("Format not installed", Tone.BAD))
    return chips


def format_label(subscription: Subscription) -> str:
    dialect = format_for(subscription.format_key)
    return dialect.label if dialect else subscription.format_key


def success_bar(day: DayOfDeliveries, *, name: str) -> SafeString:
    """Return the day's chart in small with the share of successes beside it."""
    share = day.success_share
    if share is None:
        return format_html('<span class="quiet">{}</span>', "nothing sent")
    return format_html(
        '<span class="nowrap">{} {}</span>', day_chart(day, name=name, small=True), percent(share)
    )


def percent(share: float) -> str:
    """Return a share as `99.2 %`; only what is all is 100 %."""
    shown = min(share * 100, 99.9) if share < 1 else 100
    return f"{shown:.1f} %" if 0 < shown < 100 else f"{shown:.0f} %"


def day_chart(day: DayOfDeliveries, *, name: str, small: bool = False) -> SafeString:
    bars = [
        Bar(
            label=timezone.localtime(hour.start).strftime("%H:%M"),
            parts={"good": hour.succeeded, "bad": hour.failed},
            words=SERIES,
        )
        for hour in day.hours
    ]
    title = f"{name}, last 24 hours: {day.succeeded} succeeded, {day.failed} failed"
    return bar_chart(bars, title=title, small=small)


def took_chart(day: DayOfDeliveries) -> SafeString:
    """Return how long the receiver took, one bar a band."""
    bars = [
        Bar(label=band_text(bound), parts={"quiet": count}, words={"quiet": "requests"})
        for bound, count in zip(BANDS, day.took, strict=True)
    ]
    return bar_chart(bars, title="Requests of the last 24 hours by how long the receiver took")


def events_text(subscription: Subscription) -> str:
    """Return in a line what it receives."""
    chosen = subscription.event_types
    if not chosen:
        return "All events"
    shown = ", ".join(chosen[:3])
    return shown if len(chosen) <= 3 else f"{shown} and {len(chosen) - 3} more"
