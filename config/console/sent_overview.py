"""What went out in the last 24 hours: for the first page of the console."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString

from common.admin.relative_time import duration_text
from sites.models import Site
from webhooks.outbound.admin.subscription_words import day_chart, percent, state_chip
from webhooks.outbound.models import Subscription
from webhooks.outbound.subscriptions.activity import DayOfDeliveries, activity_of
from webhooks.outbound.subscriptions.backlog import (
    MOST_COUNTED,
    backlogs,
    count_text,
    failed_for_good,
)

_MOST_LISTED: Final = 5


@dataclass(frozen=True, slots=True)
class FailingSubscription:
    subscription: Subscription
    chip: SafeString
    failed: int
    share: str
    chart: SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class SentOverview:
    """Requests of the last 24 hours, and deliveries as they are now.

    Words are empty where nothing was sent, and where no delivery failed for good or is held.
    """

    sent: int
    failed_for_good: str
    share: str
    p95: str
    pending: str
    is_waiting: bool
    oldest_pending: str
    held: str
    failing: list[FailingSubscription]
    more_failing: int


def sent_overview(sites: QuerySet[Site]) -> SentOverview | None:
    """Return what the subscriptions of these sites did, or None where there is none."""
    rows = Subscription.objects.filter(site__in=sites).defer("secrets", "headers")
    subscriptions = list(rows.select_related("site"))
    if not subscriptions:
        return None
    days = activity_of(each.pk for each in subscriptions)
    waiting = backlogs([each.pk for each in subscriptions]).values()
    oldest = min(
        (each.oldest_pending_at for each in waiting if each.oldest_pending_at), default=None
    )
    total = _total(days.values())
    failing = _failing(subscriptions, days)
    return SentOverview(
        sent=total.succeeded + total.failed,
        failed_for_good=_failed_words(failed_for_good(Q(site__in=[each.pk for each in sites]))),
        share="" if total.success_share is None else percent(total.success_share),
        p95=total.p95_text,
        pending=_total_text(each.pending for each in waiting),
        is_waiting=any(each.pending for each in waiting),
        oldest_pending=_age(oldest),
        held=_total_text(each.held for each in waiting) if any(e.held for e in waiting) else "",
        failing=failing[:_MOST_LISTED],
        more_failing=max(len(failing) - _MOST_LISTED, 0),
    )


def _total(days: Iterable[DayOfDeliveries]) -> DayOfDeliveries:
    total = DayOfDeliveries(hours=[])
    for day in days:
        total.hours += day.hours
        total.took = [one + other for one, other in zip(total.took, day.took, strict=True)]
    return total


def _failing(
    subscriptions: Iterable[Subscription], days: dict[int, DayOfDeliveries]
) -> list[FailingSubscription]:
    """Return those with failed requests, the most first."""
    found = [
        FailingSubscription(
            subscription=each,
            chip=state_chip(each),
            failed=days[each.pk].failed,
            share=percent(days[each.pk].success_share or 0),
            chart=day_chart(days[each.pk], name=each.name, small=True),
        )
        for each in subscriptions
        if days[each.pk].failed
    ]
    return sorted(found, key=lambda each: -each.failed)


def _total_text(counts: Iterable[int]) -> str:
    counts = list(counts)
    return f"{sum(counts):,}{'+' if any(each > MOST_COUNTED for each in counts) else ''}"


def _failed_words(count: int) -> str:
    if not count:
        return ""
    return f"{count_text(count)} {'delivery' if count == 1 else 'deliveries'} failed for good"


def _age(at: datetime | None) -> str:
    return "" if at is None else duration_text(timezone.now() - at)
