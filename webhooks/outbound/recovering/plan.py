"""What a recovery would do, before it is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Count, Max, Min, Q, QuerySet

from sites.skipped import Skipped, skipped_of
from webhooks.outbound.models import Delivery, Event, Subscription, Trigger
from webhooks.outbound.recovering.again import has_repeat, is_emptied, recoverable
from webhooks.outbound.recovering.conditions import in_state, is_waiting
from webhooks.outbound.recovering.missing import gaps
from webhooks.outbound.recovering.recover_filter import Mode, RecoverFilter
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot, subscriptions_by_id

# Each follows a number, one or many.
TESTS: Final = "made as a test"
EMPTIED: Final = "with nothing left to send: retention or an erasure took the contents"
REPEATED: Final = "sent again before; the newer delivery tells what became of that"
SUCCEEDED: Final = "that succeeded"
WAIT: Final = "on the way already"
HELD: Final = "held while the subscription is off, and released when it is switched on"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPlan:
    """What one subscription would get.

    `takes` is how long that lasts at its rate limit; None without one. `is_held` when it is paused
    or disabled, so that nothing goes out until it is switched on.
    """

    subscription: SubscriptionSnapshot
    count: int
    takes: timedelta | None
    is_held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoverPlan:
    """Pass `filters` on to `recover_start`: they are fixed to this moment.

    `first_at` and `last_at` are when the oldest and the newest came about. `is_at_most`: events
    whose payload decides are looked at one by one while the job runs.
    """

    filters: RecoverFilter
    total: int
    is_at_most: bool
    endpoints: tuple[EndpointPlan, ...]
    first_at: datetime | None
    last_at: datetime | None
    skipped: tuple[Skipped, ...]

    @property
    def takes(self) -> timedelta | None:
        """How long the slowest subscription with a rate limit takes."""
        return max((each.takes for each in self.endpoints if each.takes), default=None)


def recover_plan(*, filters: RecoverFilter) -> RecoverPlan:
    """Return how many would be sent to whom, from when to when, and what is left out and why."""
    newest = filters.upper_id or _newest(filters)
    if newest is None:
        return _plan(filters, (), None, None)
    fixed = replace(filters, upper_id=newest)
    return _missing_plan(fixed) if fixed.mode is Mode.MISSING else _again_plan(fixed)


def _newest(filters: RecoverFilter) -> UUID | None:
    newest = []
    for site_id in filters.site_ids:
        rows: QuerySet[Delivery] | QuerySet[Event] = (
            Event.objects.filter(site_id=site_id)
            if filters.mode is Mode.MISSING
            else Delivery.objects.filter(site_id=site_id)
        )
        newest.append(rows.order_by("-pk").values_list("pk", flat=True).first())
    return max((each for each in newest if each is not None), default=None)


def _again_plan(filters: RecoverFilter) -> RecoverPlan:
    counts: dict[int, int] = {}
    times: list[datetime] = []
    for state in filters.states:
        rows = recoverable(filters.deliveries(state)).order_by()
        for row in rows.values("subscription_id").annotate(
            count=Count("pk"), first_at=Min("created_at"), last_at=Max("created_at")
        ):
            key = row["subscription_id"]
            counts[key] = counts.get(key, 0) + row["count"]
            times += (row["first_at"], row["last_at"])
    known = subscriptions_by_id()
    endpoints = [_endpoint(known[key], count) for key, count in counts.items() if key in known]
    return _plan(
        filters,
        endpoints,
        min(times, default=None),
        max(times, default=None),
        skipped=tuple(each for each in _skipped(filters) if each.count),
    )


def _missing_plan(filters: RecoverFilter) -> RecoverPlan:
    endpoints: list[EndpointPlan] = []
    times: list[datetime] = []
    is_at_most = False
    for gap in gaps(filters):
        found = gap.events.order_by().aggregate(
            count=Count("pk"), first_at=Min("created_at"), last_at=Max("created_at")
        )
        if found["count"]:
            endpoints.append(_endpoint(gap.subscription, found["count"]))
            times += (found["first_at"], found["last_at"])
            is_at_most = is_at_most or not gap.is_exact
    return _plan(
        filters,
        endpoints,
        min(times, default=None),
        max(times, default=None),
        is_at_most=is_at_most,
    )


def _plan(  # noqa: PLR0913 - its own fields
    filters: RecoverFilter,
    endpoints: list[EndpointPlan] | tuple[EndpointPlan, ...],
    first_at: datetime | None,
    last_at: datetime | None,
    *,
    is_at_most: bool = False,
    skipped: tuple[Skipped, ...] = (),
) -> RecoverPlan:
    return RecoverPlan(
        filters=filters,
        total=sum(each.count for each in endpoints),
        is_at_most=is_at_most,
        endpoints=tuple(sorted(endpoints, key=lambda each: -each.count)),
        first_at=first_at,
        last_at=last_at,
        skipped=skipped,
    )


def _endpoint(subscription: SubscriptionSnapshot, count: int) -> EndpointPlan:
    requests = -(-count // subscription.batch_size)
    rate = subscription.rate_per_second
    return EndpointPlan(
        subscription=subscription,
        count=count,
        takes=timedelta(seconds=-(-requests // rate)) if rate else None,
        is_held=not subscription.is_active,
    )


def _skipped(filters: RecoverFilter) -> Iterator[Skipped]:
    """Yield what a log of the same filter shows beyond what would be sent."""
    for state in filters.states:
        rows = filters.deliveries(state)
        tests = Q(trigger=Trigger.TEST)
        yield skipped_of(rows.filter(tests), TESTS)
        yield skipped_of(rows.exclude(tests).filter(is_emptied()), EMPTIED)
        yield skipped_of(rows.exclude(tests).exclude(is_emptied()).filter(has_repeat()), REPEATED)
    if filters.state in ("", "succeeded") and "succeeded" not in filters.states:
        yield skipped_of(filters.deliveries("succeeded"), SUCCEEDED)
    if filters.state in ("", "pending", "retrying"):
        yield _on_their_way(filters)
    if filters.state in ("", "held"):
        yield skipped_of(filters.deliveries("held"), HELD)


def _on_their_way(filters: RecoverFilter) -> Skipped:
    # By subscription, as the index of what waits has them.
    keys = [filters.subscription_id] if filters.subscription_id else list(
        Subscription.objects.filter(site_id__in=filters.site_ids).values_list("pk", flat=True)
    )  # fmt: skip
    rows = filters.deliveries(filters.state).filter(subscription_id__in=keys)
    waiting = skipped_of(rows.filter(is_waiting()), WAIT)
    sending = skipped_of(rows.filter(in_state("sending")), WAIT)
    return replace(waiting, count=waiting.count + sending.count)
