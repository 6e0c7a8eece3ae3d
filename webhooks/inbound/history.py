"""What happened to a received event besides a first success, in words for staff."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Final

# The page of an event shows them all; someone who replays in a loop must not grow the row for ever.
MAX_ENTRIES: Final = 50

Entry = dict[str, str]


class Happening(StrEnum):
    RECEIVED = "received"  # something about the request that staff should know
    REPLAYED = "replayed"  # an operator asked for another run
    FINISHED = "finished"  # that run, or one after trouble, came to an end
    FAILED = "failed"
    POSTPONED = "postponed"  # an error that may pass; tried again later
    LEASE_EXPIRED = "lease_expired"  # the worker that held it died or hung


def history_with(
    history: Sequence[Entry], what: Happening, detail: str, *, at: datetime, by: str = ""
) -> list[Entry]:
    """Return the history with one more entry, the oldest ones dropped beyond the limit."""
    entry = {"at": at.isoformat(timespec="seconds"), "what": what.value, "detail": detail, "by": by}
    return [*history, entry][-MAX_ENTRIES:]
