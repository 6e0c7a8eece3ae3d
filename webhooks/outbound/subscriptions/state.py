"""Why a subscription stands still, in words for staff; and its disabling, which nobody asked for.

It is disabled when the receiver said so, or when nothing reached it for days.
"""

from __future__ import annotations

import zoneinfo
from datetime import datetime
from typing import Final

from django.utils import timezone

from sites.audit import Actor, audit_record
from sites.models import bump_configuration_version
from webhooks.outbound.models import Subscription, SubscriptionState

POLICY: Final = Actor.system("delivery policy")
SITE_OFF: Final = (
    "The site is switched off. Once it is on again, this goes out by itself within minutes."
)


def paused_words(*, actor: Actor, at: datetime, time_zone: str, reason: str = "") -> str:
    """Return who paused a subscription and since when, by the clock of its site, and why.

    It becomes `state_reason`, and from there the reason of each delivery that is held.
    """
    since = timezone.localtime(at, zoneinfo.ZoneInfo(time_zone)).strftime("%Y-%m-%d %H:%M %Z")
    return f"Paused by {actor.label} since {since}. {reason}".rstrip()


def subscription_disable_by_policy(*, subscription: Subscription, reason: str) -> None:
    """Disable an active subscription that the caller has locked; in the caller's transaction.

    `reason` is a sentence for staff. What waits is held by the caller.
    """
    before = subscription.state
    now = timezone.now()
    subscription.state, subscription.state_reason = SubscriptionState.DISABLED, reason
    subscription.state_changed_at = now
    Subscription.objects.filter(pk=subscription.pk).update(
        state=SubscriptionState.DISABLED, state_reason=reason, state_changed_at=now
    )
    bump_configuration_version()
    audit_record(
        actor=POLICY,
        action="subscription.disabled",
        site=subscription.site,
        target=subscription,
        changes={"state": (before, SubscriptionState.DISABLED.value), "reason": ("", reason)},
    )
