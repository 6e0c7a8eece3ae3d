"""The ids that senders of reception events are told: 24 hex digits, as Connectif's are."""

from __future__ import annotations

from uuid import UUID


def short_id(row_id: UUID) -> str:
    """Return the time of a UUIDv7 and its last 48 bits, which no other of its millisecond has.

    It is stored as the event's id at the sender, by which staff search the log.
    """
    digits = row_id.hex
    return digits[:12] + digits[20:]
