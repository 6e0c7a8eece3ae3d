"""What every page says on top while the installation is not working as it should."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.core.cache import cache
from django.urls import reverse

from common.admin.relative_time import duration_text
from sites.heartbeats import has_live_worker
from webhooks.inbound.backlog import oldest_waiting_age

# An idle worker takes an event within seconds; minutes mean that it does not keep up.
LATE_AFTER: Final = timedelta(minutes=5)
_CACHE_SECONDS: Final = 2
_CACHE_KEY: Final = "console.banners"


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """`tone` is `warning` or `bad`; `advice` says what to do."""

    tone: str
    title: str
    advice: str
    url: str = ""
    link_label: str = ""


def current_banners() -> list[Banner]:
    """Return what is wrong right now; looked up at most every other second per process."""
    return cache.get_or_set(_CACHE_KEY, _look_up, _CACHE_SECONDS) or []


def _look_up() -> list[Banner]:
    waiting = oldest_waiting_age()
    if not has_live_worker():
        title = "No worker is running."
        if waiting is not None:
            title = f"No worker is running; events have waited for {duration_text(waiting)}."
        return [
            Banner(
                tone="bad",
                title=title,
                advice=(
                    "Webhooks are still accepted and stored, and nothing is lost, but contacts do "
                    "not change. Start ./patchbay run, or restart the worker service."
                ),
                url=reverse("admin:health"),
                link_label="See what is running",
            )
        ]
    if waiting is not None and waiting > LATE_AFTER:
        return [
            Banner(
                tone="warning",
                title=f"Events have waited for {duration_text(waiting)}.",
                advice=(
                    "More comes in than the workers work off, or a worker is stuck. Look at the "
                    "processes, and start another worker if the machine has room."
                ),
                url=reverse("admin:health"),
                link_label="System health",
            )
        ]
    return []
