"""How the API is doing, as the head of the section shows it."""

from __future__ import annotations

from typing import Any, Final

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from common.admin.chart import Bar, bar_chart
from integrations.admin.call_words import outcome_chip
from integrations.generic_api.health import ApiHealth, health_of
from sites.models import Site

_SERIES: Final = {"good": "succeeded", "quiet": "ignored", "bad": "failed"}


def health_context(site: Site) -> dict[str, Any]:
    health = health_of(site)
    return {
        "health": health,
        # Rounded down: one failure among thousands is not all of them.
        "share": "no calls" if health.share is None else f"{int(health.share * 100)}%",
        "last_call_chip": outcome_chip(health.last_call.outcome) if health.last_call else "",
        "chart": _chart(health),
        "calls_url": f"{reverse('admin:integrations_apicall_changelist')}?site={site.pk}",
    }


def _chart(health: ApiHealth) -> SafeString:
    bars = [
        Bar(
            label=timezone.localtime(hour.start).strftime("%H:%M"),
            parts={"good": hour.succeeded, "quiet": hour.ignored, "bad": hour.failed},
            words=_SERIES,
        )
        for hour in health.hours
    ]
    title = (
        f"Last 24 hours: {health.succeeded} succeeded, {health.ignored} ignored, "
        f"{health.failed} failed"
    )
    return bar_chart(bars, title=title, small=True)
