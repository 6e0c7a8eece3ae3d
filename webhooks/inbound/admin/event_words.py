"""Received events in words: their state, what became of them, and what to do next."""

from __future__ import annotations

from typing import Final

from django.utils import timezone
from django.utils.safestring import SafeString

from common.admin.relative_time import duration_text, relative_text
from common.admin.shortened import shortened
from common.admin.status_chip import Tone, status_chip
from webhooks.inbound.models import Outcome, ReceivedEvent, Status

TONES: Final = {
    Status.RECEIVED: Tone.WAITING,
    Status.PROCESSING: Tone.BUSY,
    Status.PROCESSED: Tone.GOOD,
    Status.PARTLY_PROCESSED: Tone.WARNING,
    Status.IGNORED: Tone.QUIET,
    Status.FAILED: Tone.BAD,
}
_OUTCOME_TONES: Final = {
    Outcome.APPLIED: Tone.GOOD,
    Outcome.UNCHANGED: Tone.QUIET,
    Outcome.IGNORED: Tone.QUIET,
    Outcome.QUARANTINED: Tone.BAD,
}
_STATE_SENTENCES: Final = {
    Status.RECEIVED: "Stored and answered; waits for a worker.",
    Status.PROCESSING: "A worker holds it right now. Refresh in a moment.",
    Status.IGNORED: "Understood, and nothing was done.",
}


def event_chip(event: ReceivedEvent) -> SafeString:
    return status_chip(Status(event.status).label, TONES[Status(event.status)], title=event.cause)


def outcome_chip(outcome: str) -> SafeString:
    return status_chip(Outcome(outcome).label, _OUTCOME_TONES[Outcome(outcome)])


def row_count(event: ReceivedEvent) -> int:
    return event.rows_applied + event.rows_unchanged + event.rows_ignored + event.rows_quarantined


def outcome_words(event: ReceivedEvent) -> str:
    """Return what became of an event in a few words, for a list."""
    if event.status == Status.RECEIVED:
        return "Tried, will be tried again" if event.attempts else "Waits for a worker"
    if event.status == Status.PROCESSING:
        return "A worker is on it"
    if event.status in (Status.FAILED, Status.IGNORED):
        return shortened(event.reason or event.cause or "No reason was recorded")
    total = row_count(event)
    if total == 0:
        return "Nothing in it concerned a contact"
    if total == 1:
        return _only_row_words(event)
    return _rows_words(event, total)


def _only_row_words(event: ReceivedEvent) -> str:
    if event.rows_applied:
        return "1 contact changed"
    if event.rows_quarantined:
        return "Its only row was set aside"
    return "Nothing new in it" if event.rows_unchanged else "Its only row was ignored"


def _rows_words(event: ReceivedEvent, total: int) -> str:
    if event.rows_applied == total:
        return f"All {total:,} rows applied"
    parts = [f"{event.rows_applied:,} of {total:,} rows applied"]
    for count, words in (
        (event.rows_unchanged, "without a change"),
        (event.rows_ignored, "ignored"),
        (event.rows_quarantined, "set aside"),
    ):
        if count:
            parts.append(f"{count:,} {words}")
    return ", ".join(parts)


def summary_words(event: ReceivedEvent) -> str:
    """Return the sentence on top of an event's page."""
    if event.status == Status.RECEIVED and event.attempts:
        return f"{times(event.attempts)} without an end; the next one is {_due(event)}."
    if event.status in _STATE_SENTENCES:
        return _STATE_SENTENCES[Status(event.status)]
    if event.status == Status.FAILED:
        return f"Failed after {times(event.attempts)}; nothing of it had an effect."
    if event.processed_at is None:
        return outcome_words(event) + "."
    delay = event.processed_at - event.received_at
    when = "at once" if delay.total_seconds() < 1 else f"{duration_text(delay)} after it arrived"
    return f"Processed {when}: {_lower_first(outcome_words(event))}."


def advice_words(event: ReceivedEvent) -> str:
    """Return what a person can do about an event that did not go through, or nothing."""
    if event.status == Status.FAILED:
        return (
            "Correct what the reason names, then replay it: the stored request is read again under "
            "the settings of that moment."
        )
    if event.status == Status.IGNORED:
        return "If it should have counted, change the source's settings and replay it."
    if event.status == Status.PARTLY_PROCESSED:
        return (
            "The rows set aside are listed below with their reasons. A replay reads every row "
            "again; rows already applied change nothing the second time."
        )
    return ""


def times(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"


def _due(event: ReceivedEvent) -> str:
    return relative_text(event.due_at, timezone.now())


def _lower_first(text: str) -> str:
    return text[:1].lower() + text[1:]
