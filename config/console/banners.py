"""What every page says on top while the installation is not working as it should."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse

from common.admin.relative_time import duration_text
from sites.heartbeats import has_live_worker
from sites.site_filter import visible_sites
from webhooks.inbound.backlog import oldest_waiting_age
from webhooks.models import Subscription, SubscriptionState
from webhooks.outbound.overdue import Overdue, overdue, stuck_leases

# An idle worker takes an event within seconds; minutes mean that it does not keep up.
LATE_AFTER: Final = timedelta(minutes=5)
_CACHE_SECONDS: Final = 2
_CACHE_KEY: Final = "console.banners"
_DISABLED_KEY: Final = "console.disabled_subscriptions"


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """`tone` is `warning` or `bad`; `advice` says what to do."""

    tone: str
    title: str
    advice: str
    url: str = ""
    link_label: str = ""


def current_banners(request: HttpRequest) -> list[Banner]:
    """Return what is wrong right now; looked up at most every other second per process."""
    shared = cache.get_or_set(_CACHE_KEY, _look_up, _CACHE_SECONDS) or []
    return [*shared, *_disabled(request)]


def _look_up() -> list[Banner]:
    waiting, late = oldest_waiting_age(), overdue(LATE_AFTER)
    if not has_live_worker():
        return [_no_worker(waiting, late)]
    found = []
    if waiting is not None and waiting > LATE_AFTER:
        found.append(
            _health_banner(
                "warning",
                f"Events have waited for {duration_text(waiting)}.",
                "More comes in than the workers work off, or a worker is stuck. Look at the "
                "processes, and start another worker if the machine has room.",
                "System health",
            )
        )
    if late.oldest is not None:
        found.append(_late_deliveries(late))
    if stuck := stuck_leases():
        found.append(_stuck(stuck))
    return found


def _no_worker(waiting: timedelta | None, late: Overdue) -> Banner:
    kept = [("events", waiting), ("deliveries", late.oldest)]
    waits = [f"{what} have waited for {duration_text(age)}" for what, age in kept if age]
    return _health_banner(
        "bad",
        "; ".join(["No worker is running", *waits]) + ".",
        "Webhooks are still accepted and stored, and nothing is lost, but contacts do not change "
        "and nothing is delivered. Start ./patchbay run, or restart the worker service.",
        "See what is running",
    )


def _late_deliveries(late: Overdue) -> Banner:
    assert late.oldest is not None
    count = late.subscriptions
    where = "one subscription" if count == 1 else f"{count} subscriptions"
    if late.stalled is not None:
        return _health_banner(
            "bad",
            f"Deliveries of {where} are due, and none was tried for {duration_text(late.stalled)}.",
            "A worker runs, but does not send. Restart it, and look into logs/worker.log in the "
            "data folder for what stopped it.",
            "See what is running",
        )
    return Banner(
        tone="warning",
        title=f"Deliveries of {where} have been due for {duration_text(late.oldest)}.",
        advice=(
            "More happens than goes out. Where one receiver is slow, raise the concurrency or the "
            "rate on its page; where all wait, start another worker if the machine has room."
        ),
        url=reverse("admin:webhooks_subscription_changelist"),
        link_label="Subscriptions, with what waits",
    )


def _stuck(count: int) -> Banner:
    noun = "delivery is" if count == 1 else "deliveries are"
    return _health_banner(
        "bad",
        f"{count:,} {noun} held by a worker that is gone.",
        "A running worker takes such work back within a minute; this one does not. Restart the "
        "workers, and look into logs/worker.log in the data folder.",
        "See what is running",
    )


def _health_banner(tone: str, title: str, advice: str, link_label: str) -> Banner:
    return Banner(
        tone=tone, title=title, advice=advice, url=reverse("admin:health"), link_label=link_label
    )


def _disabled(request: HttpRequest) -> list[Banner]:
    """Return a banner on the subscriptions of the user's sites that the policy disabled."""
    rows = cache.get_or_set(_DISABLED_KEY, _disabled_rows, _CACHE_SECONDS) or []
    if not rows:
        return []
    sites = {site.pk for site in visible_sites(request)}
    mine = [(pk, name) for pk, name, site_id in rows if site_id in sites]
    if not mine:
        return []
    pk, name = mine[0]
    page = reverse("admin:webhooks_subscription_changelist") + "?state=disabled"
    if len(mine) == 1:
        page = reverse("admin:webhooks_subscription_change", args=[pk])
    named = f"“{name}” is" if len(mine) == 1 else f"{len(mine):,} subscriptions are"
    return [
        Banner(
            tone="warning",
            title=f"{named} disabled.",
            advice=(
                "Nothing is sent; what happens meanwhile is held and not lost. Repair the "
                "receiver, send it a test, then enable it, or delete what is not needed any more."
            ),
            url=page,
            link_label="Open it" if len(mine) == 1 else "Show them",
        )
    ]


def _disabled_rows() -> list[tuple[int, str, int]]:
    rows = Subscription.objects.filter(state=SubscriptionState.DISABLED)
    return list(rows.order_by("name").values_list("pk", "name", "site_id"))
