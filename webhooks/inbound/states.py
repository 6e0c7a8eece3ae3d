"""The state machine of a received event, and how the outcomes of its rows decide its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from webhooks.inbound.models import Outcome, Status

# Ends of the machine; a replay begins again from any of them.
FINISHED: Final = frozenset(
    (Status.PROCESSED, Status.PARTLY_PROCESSED, Status.IGNORED, Status.FAILED)
)

# Every move there is. docs/received-events.md says who makes each one.
MOVES: Final[Mapping[Status, frozenset[Status]]] = {
    Status.RECEIVED: frozenset((Status.PROCESSING,)),
    Status.PROCESSING: FINISHED | {Status.RECEIVED},
    Status.PROCESSED: frozenset((Status.RECEIVED,)),
    Status.PARTLY_PROCESSED: frozenset((Status.RECEIVED,)),
    Status.IGNORED: frozenset((Status.RECEIVED,)),
    Status.FAILED: frozenset((Status.RECEIVED,)),
}


def status_of_rows(counts: Mapping[Outcome, int]) -> Status:
    """Return the end of an event whose rows had these outcomes; no rows at all is a success."""
    rows = sum(counts.values())
    quarantined = counts.get(Outcome.QUARANTINED, 0)
    if rows and quarantined == rows:
        return Status.FAILED
    if quarantined:
        return Status.PARTLY_PROCESSED
    if rows and counts.get(Outcome.IGNORED, 0) == rows:
        return Status.IGNORED
    return Status.PROCESSED
