"""What an error means for the event at hand: whose fault it is, and whether to try again.

Texts name the class of an error and never its message: a database quotes the values it refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.db import DatabaseError, IntegrityError, OperationalError

from webhooks.inbound.processing.leases import MAX_ATTEMPTS

RETRY_DELAYS: Final = (timedelta(seconds=1), timedelta(seconds=10))


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why an event failed: a stable code, and a sentence that says what to do."""

    cause: str
    reason: str


SOURCE_UNREADABLE: Final = Failure(
    cause="SECRETS_UNREADABLE",
    reason="The secrets of this source do not decrypt with the keys in ENCRYPTION_KEYS. Put the "
    "missing key back, or set the secrets of the source again; then replay.",
)
POISON: Final = Failure(
    cause="POISON",
    reason=f"The worker died or hung {MAX_ATTEMPTS} times while it held this event, so it is set "
    "aside. See the worker's log at the times in the history; replay it after the fix.",
)
BODY_REMOVED: Final = Failure(
    cause="BODY_REMOVED",
    reason="Retention has removed the body, so there is nothing left to process. Ask the sender "
    "to send it again.",
)


def retry_delay(error: Exception, attempts: int) -> timedelta | None:
    """Return how long to wait before the next attempt, or None when there is none.

    Only the database gives answers that may differ next time: deadlocks, serialization, two
    workers that create the same person.
    """
    may_pass = isinstance(error, IntegrityError | OperationalError)
    if not may_pass or attempts >= MAX_ATTEMPTS:
        return None
    return RETRY_DELAYS[min(attempts, len(RETRY_DELAYS)) - 1]


def failure_of(error: Exception, attempts: int) -> Failure:
    """Return what staff read about an error that is not tried again."""
    times = f"in all {attempts} attempts" if attempts > 1 else "and would again"
    name = type(error).__name__
    if isinstance(error, DatabaseError):
        return Failure(
            cause="DATABASE_ERROR",
            reason=f"The database refused the result ({name}) {times}. The worker's log names the "
            "place; replay the event after the fix.",
        )
    return Failure(
        cause="PROCESSING_ERROR",
        reason=f"Processing raised {name} {times}. The worker's log names the place; replay the "
        "event after the fix.",
    )
