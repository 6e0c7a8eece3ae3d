"""Changes of state that nobody asked for: the receiver said so, or nothing reached it for days."""

from __future__ import annotations

from typing import Final

from django.utils import timezone

from sites.audit import Actor, audit_record
from sites.models import bump_configuration_version
from webhooks.outbound.models import Subscription, SubscriptionState

POLICY: Final = Actor.system("delivery policy")


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
