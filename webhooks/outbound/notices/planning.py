"""Which notice an incident is due, and for whom: decided once, under a lock on the incident."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from sites.models import Membership
from webhooks.outbound.models import Incident, Notice, NoticeKind, SubscriptionState

# What has passed by then was a hiccup: nobody is told of it, nor of its end.
TOLD_AFTER: Final = timedelta(minutes=10)
REMINDED_AFTER: Final = timedelta(days=1)
LAST_CALL_AFTER: Final = timedelta(days=4)
_ORDER: Final = list(NoticeKind)


def notices_plan(now: datetime) -> int:
    """Store the notices that incidents are due; return how many."""
    return sum(_plan(pk, now) for pk in _candidates())


def _candidates() -> Iterable[int]:
    untold = Q(ended_at__isnull=False, recovery_told_at__isnull=True) & ~Q(told_kind="")
    rows = Incident.objects.filter(Q(ended_at__isnull=True) | untold).order_by("pk")
    return list(rows.values_list("pk", flat=True))


@transaction.atomic
def _plan(incident_id: int, now: datetime) -> int:
    rows = Incident.objects.select_for_update(of=("self",)).select_related("subscription")
    incident = rows.defer("subscription__secrets", "subscription__headers").get(pk=incident_id)
    kind = due_kind(incident, now)
    if kind is None:
        return 0
    if kind is NoticeKind.RECOVERED:
        incident.recovery_told_at = now
        users = _told_users(incident)
    else:
        incident.told_kind = kind
        incident.told_at = incident.told_at or now
        users = _asking_users(incident)
    incident.save(update_fields=["told_kind", "told_at", "recovery_told_at"])
    notices = [
        Notice(incident=incident, kind=kind, user_id=user_id, created_at=now, due_at=now)
        for user_id in users
    ]
    return len(Notice.objects.bulk_create(notices))


def due_kind(incident: Incident, now: datetime) -> NoticeKind | None:
    """Return the notice that the incident has come to and that was not decided on yet."""
    if incident.ended_at is not None:
        is_due = incident.told_kind and incident.recovery_told_at is None
        return NoticeKind.RECOVERED if is_due else None
    kind = _open_kind(incident, now)
    told = _ORDER.index(NoticeKind(incident.told_kind)) if incident.told_kind else -1
    return kind if kind is not None and _ORDER.index(kind) > told else None


def _open_kind(incident: Incident, now: datetime) -> NoticeKind | None:
    subscription = incident.subscription
    if subscription.state == SubscriptionState.DISABLED and incident.has_disabled:
        return NoticeKind.DISABLED
    if subscription.state != SubscriptionState.ACTIVE:
        return None  # somebody paused it, and knows
    failing_for = now - (subscription.failing_since or now)
    if failing_for >= LAST_CALL_AFTER:
        return NoticeKind.LAST_CALL
    if incident.acknowledged_at is not None:
        return None
    if failing_for >= REMINDED_AFTER:
        return NoticeKind.REMINDER
    return NoticeKind.FAILING if now - incident.opened_at >= TOLD_AFTER else None


def wants_notices(site_id: int) -> Iterable[Membership]:
    """Return the members who asked to be told and can be."""
    asked = Membership.objects.filter(site=site_id, wants_trouble_mail=True, user__is_active=True)
    return asked.exclude(user__email="").select_related("user").order_by("user__username")


def _asking_users(incident: Incident) -> list[int]:
    return [each.user_id for each in wants_notices(incident.subscription.site_id)]


def _told_users(incident: Incident) -> list[int]:
    """Return who may have heard of the trouble, and so should hear of its end."""
    heard = incident.notices.filter(attempts__gt=0).order_by("user")
    return list(heard.values_list("user_id", flat=True).distinct())
