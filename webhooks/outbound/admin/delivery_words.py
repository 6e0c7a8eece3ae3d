"""Deliveries in words: their state, what became of them, and what to do next."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from django.utils.safestring import SafeString

from common.admin.relative_time import relative_text
from common.admin.shortened import shortened
from common.admin.status_chip import Tone, status_chip
from common.masks import mask_identities
from webhooks.outbound.models import (
    Attempt,
    Delivery,
    DeliveryStatus,
    SubscriptionState,
    Trigger,
)
from webhooks.outbound.recovering.conditions import IN_PROGRESS, error_words

TONES: Final = {
    DeliveryStatus.PENDING: Tone.WAITING,
    DeliveryStatus.SENDING: Tone.BUSY,
    DeliveryStatus.RETRYING: Tone.WARNING,
    DeliveryStatus.SUCCEEDED: Tone.GOOD,
    DeliveryStatus.FAILED: Tone.BAD,
    DeliveryStatus.HELD: Tone.WAITING,
    DeliveryStatus.CANCELLED: Tone.QUIET,
}
_HELD: Final = (
    "Held: its subscription is off. When it is switched on again, what to do with everything that "
    "was held is asked."
)
_ACTIVE: Final = SubscriptionState.ACTIVE
_SITE_OFF: Final = "Held: its site is switched off, its subscription is not."
_ADVICE: Final = {
    DeliveryStatus.FAILED: (
        "Correct what the reason names, here or at the receiver, then send it again: the message "
        "id stays the same, so that the receiver can tell a repeat."
    ),
}


def delivery_chip(delivery: Delivery) -> SafeString:
    status = DeliveryStatus(delivery.status)
    return status_chip(str(status.label), TONES[status], title=mask_identities(delivery.reason))


def attempt_chip(attempt: Attempt) -> SafeString:
    """Return the answer of a try as a chip: its code, or what went wrong without one."""
    label = str(attempt.status_code) if attempt.status_code else error_words(attempt.error)
    return status_chip(label or "No answer", Tone.BAD if attempt.error else Tone.GOOD)


def answer_words(delivery: Delivery) -> str:
    """Return the last answer in a word or two, for a list; nothing before the first try."""
    if delivery.last_status_code:
        return str(delivery.last_status_code)
    return error_words(delivery.last_error)


def outcome_words(delivery: Delivery) -> str:
    """Return what became of a delivery in a few words, for a list."""
    status = delivery.status
    if status in (DeliveryStatus.PENDING, DeliveryStatus.RETRYING):
        when = _due_words(delivery)
        return f"Next try {when}" if delivery.attempts else f"First try {when}"
    if status == DeliveryStatus.SENDING:
        return "A worker is sending it"
    if status == DeliveryStatus.SUCCEEDED:
        return f"Arrived at {ordinal(delivery.attempts)} try"
    told = shortened(mask_identities(delivery.reason))
    if status == DeliveryStatus.HELD:
        return told or "Its subscription is off"
    return told or "No reason was recorded"


def summary_words(delivery: Delivery) -> str:
    """Return the sentence on top of a delivery's page."""
    count = delivery.attempts
    told = {
        DeliveryStatus.PENDING: f"Stored; the first try is {_due_words(delivery)}.",
        DeliveryStatus.SENDING: "A worker is sending it right now. Refresh in a moment.",
        DeliveryStatus.RETRYING: (
            f"{tries(count)} without success; the next one is {_due_words(delivery)}."
        ),
        DeliveryStatus.SUCCEEDED: f"The receiver took it at {ordinal(count)} try.",
        DeliveryStatus.FAILED: f"Failed after {tries(count)}; it is not tried again by itself.",
        DeliveryStatus.HELD: _SITE_OFF if delivery.subscription.state == _ACTIVE else _HELD,
        DeliveryStatus.CANCELLED: "Cancelled; nothing more goes out.",
    }
    return told[DeliveryStatus(delivery.status)]


def advice_words(delivery: Delivery) -> str:
    return _ADVICE.get(DeliveryStatus(delivery.status), "")


def trigger_words(trigger: str, number: int, by: str) -> str:
    """Return why a try was made, and at whose word."""
    if trigger == Trigger.TEST:
        return f"Test by {by}" if by else "Test"
    if number > 1 or trigger == Trigger.RETRY:
        return "Tried again by the schedule"
    if trigger == Trigger.REPLAY:
        return f"Sent again by {by}" if by else "Sent again"
    return "Sent for the event"


def is_in_progress(delivery: Delivery) -> bool:
    return delivery.status in IN_PROGRESS


def took_words(milliseconds: int) -> str:
    return f"{milliseconds} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"


def tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"


def ordinal(number: int) -> str:
    words = {0: "the first", 1: "the first", 2: "the second", 3: "the third"}
    return words.get(number, f"the {number}th")


def _due_words(delivery: Delivery) -> str:
    now = timezone.now()
    return "due" if delivery.due_at <= now else relative_text(delivery.due_at, now)
