"""How a subscription is doing: counts by hour, its row of failures, incidents, and when it ends.

Written with the attempts themselves, in the same transaction.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Max, Min, Sum

from common.bulk import insert_rows, update_rows
from webhooks.outbound.delivering.attempt import Tried
from webhooks.outbound.delivering.leases import subscription_hold_waiting
from webhooks.outbound.models import (
    Incident,
    Subscription,
    SubscriptionHour,
    SubscriptionState,
)
from webhooks.outbound.notices.operational_events import (
    disabled_publish,
    failing_publish,
    recovered_publish,
)
from webhooks.outbound.subscriptions.state import subscription_disable_by_policy

# The clock of the policy starts when several failures lie this far apart.
CLOCK_FAILURES: Final = 3
CLOCK_SPAN: Final = timedelta(hours=12)
DISABLED_AFTER: Final = timedelta(days=5)
# An incident opens with this failure in a row: a single one is tried again, and mostly works.
INCIDENT_FAILURES: Final = 3

_TABLE: Final = SubscriptionHour._meta.db_table
_BUCKETS: Final = (*(f"within_{bound}" for bound in SubscriptionHour.BOUNDS), "slower")
_COUNTS: Final = ("succeeded", "failed", *_BUCKETS)
_ADD: Final = "ON CONFLICT (subscription_id, hour) DO UPDATE SET " + ", ".join(
    f"{name} = {_TABLE}.{name} + excluded.{name}" for name in _COUNTS
)
_HEALTH: Final = ("last_attempt_at", "last_success_at", "failures_in_row", "failing_since",
                  "slowed_until")  # fmt: skip
_POLICY: Final = (
    "Every delivery failed for five days. The last attempt: {sentence} Repair the receiver, test "
    "the subscription, then enable it again."
)


@dataclass(slots=True)
class Tally:
    """What a batch of results says about one subscription, in order of their ends."""

    failures: int = 0
    successes: int = 0
    # Failures since the last success among these, or all of them.
    failures_at_end: int = 0
    first_failure_at_end: datetime | None = None
    last_failure: Tried | None = None
    last_attempt_at: datetime | None = None
    last_success_at: datetime | None = None
    slows_until: datetime | None = None
    disables: str = ""
    holds: bool = False


def health_record(results: Sequence[Tried], now: datetime) -> None:
    """Count results and draw the conclusions; tests of an operator do not count."""
    counted = [each for each in results if not each.is_test]
    if not counted:
        return
    _count_hours(counted)
    tallies = _tallies(counted)
    # In one order everywhere, so that two workers never wait for each other in a circle.
    rows = Subscription.objects.select_for_update(no_key=True).order_by("pk")
    locked = list(rows.filter(pk__in=tallies).defer("secrets", "headers"))
    healths = [_health(each, tallies[each.pk], now) for each in locked]
    update_rows(connection, Subscription, healths, columns=_HEALTH)
    for subscription, health in zip(locked, healths, strict=True):
        _conclude(subscription, tallies[subscription.pk], health, now)


def _tallies(results: Iterable[Tried]) -> dict[int, Tally]:
    tallies: dict[int, Tally] = {}
    for each in sorted(results, key=lambda one: one.started_at):
        tally = tallies.setdefault(each.unit.subscription_id, Tally())
        decision = each.decision
        tally.last_attempt_at = each.started_at
        if each.is_success:
            tally.successes += 1
            tally.last_success_at = each.started_at
            tally.failures_at_end, tally.first_failure_at_end = 0, None
        else:
            tally.failures += 1
            tally.failures_at_end += 1
            tally.first_failure_at_end = tally.first_failure_at_end or each.started_at
            tally.last_failure = each
            tally.holds = tally.holds or decision.due_at is not None
        if decision.slows_until is not None:
            tally.slows_until = max(tally.slows_until or decision.slows_until, decision.slows_until)
        tally.disables = decision.disables or tally.disables
    return tallies


def _health(subscription: Subscription, tally: Tally, now: datetime) -> dict[str, Any]:
    """Return the columns of a locked subscription as they are after these results."""
    before = 0 if tally.successes else subscription.failures_in_row
    since = None if tally.successes else subscription.failing_since
    slowed_until = subscription.slowed_until
    if tally.slows_until is not None:
        slowed_until = max(tally.slows_until, slowed_until or now)
    elif tally.successes and slowed_until and slowed_until <= now:
        slowed_until = None
    return {
        "id": subscription.pk,
        "last_attempt_at": tally.last_attempt_at,
        "last_success_at": tally.last_success_at or subscription.last_success_at,
        "failures_in_row": before + tally.failures_at_end,
        "failing_since": since or tally.first_failure_at_end,
        "slowed_until": slowed_until,
    }


def _conclude(
    subscription: Subscription, tally: Tally, health: dict[str, Any], now: datetime
) -> None:
    """Begin and end incidents, disable and hold; `subscription` is as it was before."""
    since = health["failing_since"]
    if tally.successes and (subscription.failures_in_row or _is_first_success(subscription)):
        incident_end(subscription, now)
    if health["failures_in_row"] >= INCIDENT_FAILURES or tally.disables:
        _incident_go_on(subscription, tally, since or now, now)
    _settle_state(subscription, tally, since, now)


def _settle_state(
    subscription: Subscription, tally: Tally, since: datetime | None, now: datetime
) -> None:
    """Disable where that is due, and hold what came back to a subscription that is not active."""
    reason = tally.disables
    if (
        not reason
        and tally.last_failure is not None
        and _has_failed_for_days(subscription, since, now)
    ):
        reason = _POLICY.format(sentence=tally.last_failure.decision.sentence)
    if reason and subscription.state == SubscriptionState.ACTIVE:
        subscription_disable_by_policy(subscription=subscription, reason=reason)
        incident = Incident.objects.filter(subscription=subscription, ended_at=None).first()
        if incident is not None:
            incident.has_disabled = True
            incident.save(update_fields=["has_disabled"])
            disabled_publish(subscription, incident, now, reason=reason)
        subscription_hold_waiting(subscription.pk, reason)
    elif subscription.state != SubscriptionState.ACTIVE and tally.holds:
        stopped = f"The subscription is {subscription.state}."
        subscription_hold_waiting(subscription.pk, subscription.state_reason or stopped)


def _has_failed_for_days(subscription: Subscription, since: datetime | None, now: datetime) -> bool:
    """Say whether all failed for five days after several failures over twelve hours."""
    if since is None or now - since < DISABLED_AFTER + CLOCK_SPAN:
        return False
    early = SubscriptionHour.objects.filter(
        subscription=subscription,
        failed__gt=0,
        hour__gte=since.replace(minute=0, second=0, microsecond=0),
        hour__lte=now - DISABLED_AFTER,
    ).aggregate(count=Sum("failed"), first=Min("hour"), last=Max("hour"))
    if (early["count"] or 0) < CLOCK_FAILURES:
        return False
    return bool(early["last"] - early["first"] >= CLOCK_SPAN)


def _is_first_success(subscription: Subscription) -> bool:
    """Say whether nothing had succeeded since a person or the policy changed its state."""
    changed, succeeded = subscription.state_changed_at, subscription.last_success_at
    return changed is not None and (succeeded is None or succeeded < changed)


def incident_end(subscription: Subscription, now: datetime) -> None:
    """End the incident of a subscription that works again, if it had one."""
    incident = Incident.objects.filter(subscription=subscription, ended_at=None).first()
    if incident is not None:
        incident.ended_at = now
        incident.save(update_fields=["ended_at"])
        recovered_publish(subscription, incident, now)


def _incident_go_on(
    subscription: Subscription, tally: Tally, since: datetime, now: datetime
) -> None:
    last = tally.last_failure
    assert last is not None
    said = {
        "last_error": last.decision.error,
        "last_status_code": last.answer.status if last.answer is not None else None,
        "last_sentence": last.decision.sentence,
    }
    incident = Incident.objects.filter(subscription=subscription, ended_at=None).first()
    if incident is not None and incident.has_disabled and subscription.state == "active":
        # Somebody enabled it since. Its new trouble is told of anew, and this is no recovery.
        Incident.objects.filter(pk=incident.pk).update(ended_at=now, recovery_told_at=now)
        incident = None
    if incident is not None:
        failures = incident.failures + tally.failures
        Incident.objects.filter(pk=incident.pk).update(failures=failures, **said)
        return
    incident = Incident.objects.create(
        subscription=subscription,
        opened_at=since,
        failures=subscription.failures_in_row + tally.failures,
        **said,
    )
    failing_publish(subscription, incident, now)


def _count_hours(results: Iterable[Tried]) -> None:
    hours: defaultdict[tuple[int, datetime], Counter[str]] = defaultdict(Counter)
    for each in results:
        hour = each.started_at.replace(minute=0, second=0, microsecond=0)
        counts = hours[each.unit.subscription_id, hour]
        counts["succeeded" if each.is_success else "failed"] += 1
        if each.decision.error != "unsendable":
            counts[_BUCKETS[bisect_left(SubscriptionHour.BOUNDS, each.duration_ms)]] += 1
    rows = [
        {"subscription_id": pk, "hour": hour, **{name: counts[name] for name in _COUNTS}}
        for (pk, hour), counts in sorted(hours.items(), key=lambda item: item[0])
    ]
    insert_rows(connection, SubscriptionHour, rows, conflict=_ADD)
