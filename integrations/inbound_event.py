"""What a preset's `parse` yields: typed, vendor-free. One request may yield many."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from integrations.contact_change import ContactChange


class Disposition(StrEnum):
    """What the preset decided about one event, before any contact is touched."""

    ACCEPTED = "accepted"
    IGNORED = "ignored"
    QUARANTINED = "quarantined"


@dataclass(slots=True, kw_only=True)
class InboundEvent:
    """One event of a request.

    `change` is None when the event concerns no person (a journey) or is not accepted.
    `cause` is a stable code (`UNKNOWN_EVENT_TYPE`, `WRONG_TENANT`, `BAD_ROW`, …) and `reason` a
    sentence for staff; both are empty for accepted events. `notes` tell of parts that were
    dropped or read leniently. `data` is what the event was read from, for those who pass it on: a
    JSON value with numbers as Decimal, or None.
    """

    type: str
    event_id: str = ""
    occurred_at: datetime | None = None
    change: ContactChange | None = None
    disposition: Disposition = Disposition.ACCEPTED
    cause: str = ""
    reason: str = ""
    notes: tuple[str, ...] = ()
    data: Any = field(default=None, repr=False, compare=False)


class UnreadablePayload(Exception):
    """The stored request cannot be read at all; it fails with this cause and stays replayable.

    `cause` is a stable code, `reason` a sentence that says what to correct.
    """

    def __init__(self, cause: str, reason: str) -> None:
        super().__init__(f"{cause}: {reason}")
        self.cause = cause
        self.reason = reason
