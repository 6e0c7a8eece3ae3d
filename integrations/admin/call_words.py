"""API calls in words: what was asked of whom, what came of it, and how long it took."""

from __future__ import annotations

from typing import Final

from django.utils.safestring import SafeString

from common.admin.status_chip import Tone, status_chip
from common.http import FailureKind
from common.masks import mask_identities
from integrations.generic_api.client import NOTHING_TO_ASK_BY, UNUSABLE_SETTINGS
from integrations.models import ApiCall, Direction, Operation, Outcome

_TONES: Final = {
    Outcome.FOUND: Tone.GOOD,
    Outcome.NOT_FOUND: Tone.QUIET,
    Outcome.CREATED: Tone.GOOD,
    Outcome.UPDATED: Tone.GOOD,
    Outcome.IGNORED: Tone.WARNING,
    Outcome.BLOCKED: Tone.BAD,
    Outcome.ERROR: Tone.BAD,
}
_FAILURES: Final[dict[str, str]] = {
    FailureKind.DNS: "The host name was not found",
    FailureKind.REFUSED: "The connection was refused",
    FailureKind.RESET: "The connection broke off",
    FailureKind.TIMEOUT: "The time was up",
    FailureKind.TLS: "The certificate or the encryption was not accepted",
    FailureKind.BLOCKED: "The address is not allowed",
    FailureKind.PROTOCOL: "What came was no proper HTTP answer",
    UNUSABLE_SETTINGS: "The settings could not be used",
    NOTHING_TO_ASK_BY: "There was nothing to ask by",
}
_WAYS: Final = {Direction.SENT: "→ retailer", Direction.SERVED: "← Onsite"}


def outcome_chip(outcome: str) -> SafeString:
    return status_chip(Outcome(outcome).label, _TONES[Outcome(outcome)])


def call_words(call: ApiCall) -> str:
    """Return what was called and which way it went: `Get/Lookup Contact → retailer`."""
    return f"{Operation(call.operation).label} {_WAYS[Direction(call.direction)]}"


def failure_words(call: ApiCall) -> str:
    """Return the kind of a failure without an answer, or nothing."""
    # The column is wider than these kinds: whatever else stands there is shown as it is.
    return _FAILURES.get(call.failure, call.failure)


def reason_words(call: ApiCall) -> str:
    """Return the reason without anybody's address or number: everyone on the site reads it."""
    return mask_identities(call.reason)


def took_words(call: ApiCall) -> str:
    if call.duration_ms < 1000:
        return f"{call.duration_ms} ms"
    return f"{call.duration_ms / 1000:.1f} s"
