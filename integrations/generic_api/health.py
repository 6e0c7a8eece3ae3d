"""How a site's API is doing: the last call, the last 24 hours, the last failure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet, Sum
from django.utils import timezone

from common.identifiers import row_id_floor
from integrations.generic_api.calls import STOPPING
from integrations.models import ApiCall, Direction, GenericApi, GenericApiHour, Purpose
from sites.models import Site

HOURS: Final = 24
# A call gets its id a moment after its time, and may stand in the next hour's range of ids.
_SLACK: Final = timedelta(minutes=1)
# Neither is read for the head of a page.
_BODIES: Final = ("request_body", "response_body", "request_headers", "response_headers")


@dataclass(slots=True, kw_only=True)
class HourOfCalls:
    """What happened in one hour, `start` in UTC."""

    start: datetime
    succeeded: int = 0
    ignored: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.succeeded + self.ignored + self.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiHealth:
    """24 hours, oldest first, the last one still going on. Trials and calls to us do not count.

    `last_call` and `last_failure` may be older than a day; None when there was none, or when
    retention has removed it. Their bodies are not loaded.
    """

    hours: tuple[HourOfCalls, ...]
    last_call: ApiCall | None = None
    last_failure: ApiCall | None = None

    @property
    def succeeded(self) -> int:
        return sum(hour.succeeded for hour in self.hours)

    @property
    def ignored(self) -> int:
        return sum(hour.ignored for hour in self.hours)

    @property
    def failed(self) -> int:
        return sum(hour.failed for hour in self.hours)

    @property
    def share(self) -> float | None:
        """How many of the calls succeeded, from 0 to 1; None without a call."""
        total = self.succeeded + self.ignored + self.failed
        return self.succeeded / total if total else None


def health_of(site: Site) -> ApiHealth:
    """Return how the calls of one site went, in five queries at most."""
    first = _first_hour()
    hours = tuple(HourOfCalls(start=first + timedelta(hours=place)) for place in range(HOURS))
    rows = GenericApiHour.objects.filter(site=site)
    for row in rows.filter(hour__gte=first):
        place = int((row.hour - first) / timedelta(hours=1))
        if place < HOURS:
            hour = hours[place]
            hour.succeeded, hour.ignored, hour.failed = row.succeeded, row.ignored, row.failed
    return ApiHealth(
        hours=hours,
        last_call=_last_call(site, rows),
        last_failure=_last_call(site, rows.filter(failed__gt=0), outcomes=STOPPING),
    )


def briefs(sites: Sequence[Site]) -> dict[int, str]:
    """Return a few words per site id, in two queries for any number of sites."""
    words = {site.pk: "Not set up" for site in sites}
    apis = GenericApi.objects.filter(site__in=sites).order_by()
    totals = (
        GenericApiHour.objects.filter(site__in=sites, hour__gte=_first_hour())
        .order_by()
        .values("site_id")
        .annotate(good=Sum("succeeded"), passed=Sum("ignored"), bad=Sum("failed"))
    )
    counts = {row["site_id"]: (row["good"], row["passed"], row["bad"]) for row in totals}
    for site_id, is_active, is_served in apis.values_list("site_id", "is_active", "is_served"):
        words[site_id] = _brief(is_active, is_served, *counts.get(site_id, (0, 0, 0)))
    return words


def _brief(is_active: bool, is_served: bool, good: int, passed: int, bad: int) -> str:
    states = (("active", is_active), ("served to Onsite", is_served))
    state = " and ".join(name for name, applies in states if applies) or "off"
    words = state[0].upper() + state[1:]
    total = good + passed + bad
    if not total:
        return words
    # Rounded down: one failure among thousands is not 100%.
    noun = "call" if total == 1 else "calls"
    return f"{words}, {100 * good // total}% of {total:,} {noun} succeeded in 24 h"


def _last_call(
    site: Site, hours: QuerySet[GenericApiHour], outcomes: Iterable[str] = ()
) -> ApiCall | None:
    """Return the newest call of the newest of these hours.

    The hour gives a range of ids: without it, a site that only serves Onsite would have all its
    rows read to find that it never called anybody.
    """
    newest = hours.order_by("-hour").values_list("hour", flat=True).first()
    if newest is None:
        return None
    calls = ApiCall.objects.filter(
        site=site,
        pk__gte=row_id_floor(newest),
        pk__lt=row_id_floor(newest + timedelta(hours=1) + _SLACK),
        direction=Direction.SENT,
    ).exclude(purpose=Purpose.TRIAL)
    if outcomes:
        calls = calls.filter(outcome__in=outcomes)
    return calls.defer(*_BODIES).order_by("-pk").first()


def _first_hour() -> datetime:
    now = timezone.now()
    return now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=HOURS - 1)
