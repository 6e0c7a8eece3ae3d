"""The text of a notice: what fails, since when, why that may be, and what to do.

Nothing of a payload, an answer or a secret is in it, and the address only without its query.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from common.admin.relative_time import duration_text, exact_text
from common.redaction import redact_url
from webhooks.outbound.models import Incident, NoticeKind, Subscription

_SUBJECTS: Final[Mapping[str, str]] = {
    NoticeKind.FAILING: "Deliveries fail",
    NoticeKind.REMINDER: "Deliveries have failed for a day",
    NoticeKind.LAST_CALL: "About to be disabled",
    NoticeKind.DISABLED: "Disabled",
    NoticeKind.RECOVERED: "Works again",
}
_OPENINGS: Final[Mapping[str, str]] = {
    NoticeKind.FAILING: "Deliveries of the subscription “{name}” of {site} fail.",
    NoticeKind.REMINDER: (
        "For a day nothing has reached the receiver of the subscription “{name}” of {site}."
    ),
    NoticeKind.LAST_CALL: (
        "For four days nothing has reached the receiver of the subscription “{name}” of {site}. "
        "After five it is disabled."
    ),
    NoticeKind.DISABLED: (
        "The subscription “{name}” of {site} was disabled. Nothing is sent any more."
    ),
    NoticeKind.RECOVERED: "Deliveries of the subscription “{name}” of {site} arrive again.",
}
_CLOSINGS: Final[Mapping[str, str]] = {
    NoticeKind.DISABLED: (
        "Nothing is lost: what happens from now on is held. Repair the receiver, send it a test "
        "from the page of the subscription, then enable it. You are asked what becomes of what is "
        "held."
    ),
    NoticeKind.RECOVERED: "There is nothing to do.",
}
_CLOSING: Final = (
    "Nothing is lost yet: failed deliveries are tried again, at growing intervals, and can be sent "
    "again by hand. After five days in which everything failed the subscription is disabled."
)
_CAUSES: Final[Mapping[str, tuple[str, ...]]] = {
    "dns": ("The host name in the URL is misspelt, or its DNS entry is gone.",),
    "refused": (
        "The receiver is down or is being restarted.",
        "The port in the URL is wrong, or a firewall closes it.",
    ),
    "reset": ("The receiver or a proxy before it broke down while it read the request.",),
    "timeout": (
        "The receiver does its work before it answers. It should store the request, answer, and "
        "work afterwards.",
        "The receiver has too little room: lower the rate or the concurrency on its page.",
    ),
    "tls": (
        "The certificate has expired, is for another host name, or lacks its intermediate one.",
    ),
    "blocked_address": (
        "The URL leads into a private network. If that is meant, whoever runs Patchbay adds it to "
        "OUTBOUND_ALLOWED_NETWORKS.",
    ),
    "unsendable": ("The settings of the subscription do not fit the event any more.",),
}
_STATUS_CAUSES: Final[Mapping[int, tuple[str, ...]]] = {
    401: ("The receiver does not know our signature or password: compare the secrets.",),
    403: ("The receiver refuses us: compare the secrets, and its list of allowed addresses.",),
    404: ("The path in the URL is wrong, or the receiver's endpoint was removed.",),
    410: ("The receiver said that it is gone for good: ask whoever runs it for the new address.",),
    413: ("The receiver takes no requests of this size: make the batches smaller.",),
    429: ("The receiver gets more than it wants: lower the rate on the page of the subscription.",),
}
_OTHER_STATUS: Final = {
    3: ("The receiver has moved. Redirects are not followed: put the new address into the URL.",),
    4: ("The receiver does not understand the request: look at its answer on the delivery.",),
    5: ("The receiver broke down over the request: its own log says why.",),
}


def subject(incident: Incident, kind: str) -> str:
    subscription = incident.subscription
    text = f"[Patchbay] {_SUBJECTS[kind]}: {subscription.name} ({subscription.site})"
    return " ".join(text.split())


def body(incident: Incident, kind: str, now: datetime) -> str:
    """Return the text, with times in the time zone of the site."""
    subscription = incident.subscription
    parts = [
        _OPENINGS[kind].format(name=subscription.name, site=subscription.site),
        _facts(incident, now),
    ]
    causes = _causes(incident) if kind != NoticeKind.RECOVERED else ()
    if causes:
        parts.append("\n".join(["What it often is:", *(f"- {each}" for each in causes)]))
    parts += [_CLOSINGS.get(kind, _CLOSING), _links(incident, kind), _why(subscription)]
    return "\n\n".join(parts) + "\n"


def _facts(incident: Incident, now: datetime) -> str:
    subscription = incident.subscription
    ended_at = incident.ended_at
    lasted = duration_text((ended_at or now) - incident.opened_at)
    with timezone.override(subscription.site.time_zone):
        facts = {
            "Receiver": redact_url(subscription.url).partition("?")[0],
            "Since": f"{exact_text(incident.opened_at)} ({lasted})",
        }
        if ended_at is not None:
            facts["Until"] = exact_text(ended_at)
    facts["Failed requests"] = f"{incident.failures:,}"
    facts["Last failure"] = incident.last_sentence
    if subscription.state_reason:
        facts["Reason"] = subscription.state_reason
    return "\n".join(f"{label}: {text}" for label, text in facts.items() if text)


def _causes(incident: Incident) -> tuple[str, ...]:
    code = incident.last_status_code
    if code is None:
        return _CAUSES.get(incident.last_error, ())
    return _STATUS_CAUSES.get(code, _OTHER_STATUS.get(code // 100, ()))


def _links(incident: Incident, kind: str) -> str:
    page = _url("admin:webhooks_subscription_change", incident.subscription_id)
    links = {
        "The subscription": page,
        "This incident": _url("admin:webhooks_incident_change", incident.pk),
    }
    if kind == NoticeKind.DISABLED:
        links["Test it"] = f"{page}?tab=test"
        links["Enable it again"] = _url(
            "admin:webhooks_subscription_resume", incident.subscription_id
        )
    return "\n".join(f"{label}: {url}" for label, url in links.items())


def _why(subscription: Subscription) -> str:
    return (
        f"You get this because you are a member of {subscription.site} to be told about delivery "
        "trouble by e-mail. An admin of the site changes that under Members: "
        f"{_url('admin:sites_site_change', subscription.site_id)}#members"
    )


def _url(name: str, *keys: int) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, args=keys)}"
