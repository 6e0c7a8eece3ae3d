"""Links to the portal: signed, for a while, for one subscription, and revocable.

The link is the credential. Nothing is stored of it but the stamp of the subscription, which is
signed along: raising it ends every link that was made before.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from sites.audit import Actor, audit_record
from webhooks.outbound.models import Subscription, SubscriptionState

USUAL_SECONDS: Final = 3_600
LONGEST_SECONDS: Final = int(timedelta(days=7).total_seconds())
LEAST_SECONDS: Final = 60
LONGEST_NAME: Final = 80
_SALT: Final = "webhooks.outbound.portal"
# Longer than any that we make: nothing to verify.
_LONGEST_TOKEN: Final = 800


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalLink:
    url: str = field(repr=False)
    name: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """Who looks at what: the name that the link was made for, and the subscription."""

    subscription: Subscription
    name: str
    expires_at: datetime

    @property
    def actor_label(self) -> str:
        return f"portal: {self.name}"


@transaction.atomic
def portal_link(
    *, subscription: Subscription, actor: Actor, name: str = "", seconds: int = USUAL_SECONDS
) -> PortalLink:
    """Return a new link for a person or company `name`; raises ValidationError by field."""
    called = name.strip() or subscription.name[:LONGEST_NAME]
    errors = {}
    if len(called) > LONGEST_NAME or not called.isprintable():
        errors["name"] = f"Use at most {LONGEST_NAME} characters that can be seen."
    if not LEAST_SECONDS <= seconds <= LONGEST_SECONDS:
        errors["seconds"] = "A link lasts from one minute to 7 days."
    if errors:
        raise ValidationError(errors)
    stamp = Subscription.objects.values_list("portal_stamp", flat=True).get(pk=subscription.pk)
    expires_at = (timezone.now() + timedelta(seconds=seconds)).replace(microsecond=0)
    token = signing.dumps(
        {
            "s": subscription.public_id,
            "p": stamp,
            "e": int(expires_at.timestamp()),
            "n": called,
        },
        salt=_SALT,
    )
    audit_record(
        actor=actor,
        action="subscription.portal_link_made",
        site=subscription.site,
        target=subscription,
        changes={"name": (None, called), "expires_at": (None, expires_at)},
    )
    address = reverse("portal", kwargs={"token": token})
    return PortalLink(url=f"{settings.PUBLIC_URL}{address}", name=called, expires_at=expires_at)


@transaction.atomic
def portal_links_revoke(*, subscription: Subscription, actor: Actor) -> None:
    """End every link that was made so far."""
    rows = Subscription.objects.filter(pk=subscription.pk)
    rows.update(portal_stamp=F("portal_stamp") + 1)
    audit_record(
        actor=actor,
        action="subscription.portal_links_revoked",
        site=subscription.site,
        target=subscription,
    )


def visit_of(token: str) -> Visit | None:
    """Return what a link opens, None for one that is forged, over or revoked."""
    if len(token) > _LONGEST_TOKEN:
        return None
    try:
        signed: dict[str, Any] = signing.loads(token, salt=_SALT)
    except signing.BadSignature:
        return None
    expires_at = datetime.fromtimestamp(signed["e"], UTC)
    if expires_at <= timezone.now():
        return None
    rows = Subscription.objects.select_related("site").defer("secrets", "headers")
    found = rows.filter(
        public_id=signed["s"], portal_stamp=signed["p"], site__is_active=True
    ).first()
    if found is None:
        return None
    if found.state != SubscriptionState.DISABLED:
        # Staff wrote it for themselves.
        found.state_reason = ""
    return Visit(subscription=found, name=signed["n"], expires_at=expires_at)
