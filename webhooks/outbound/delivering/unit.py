"""What one request carries: a delivery, or a batch of them, in the hands of a worker."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final, NamedTuple, TypeAlias
from uuid import UUID

from webhooks.outbound.formats.base import SentEvent

# Payloads above this are read one by one, right before they are sent.
LARGE_BYTES = 64 * 1024
_OF_BATCH: Final = re.compile("msg_([0-9a-f]{32})")


# Ids stay as the driver gives them: objects of PostgreSQL, hexadecimal text of SQLite.
RowKey: TypeAlias = UUID | str


class Part(NamedTuple):
    """One delivery of a unit, and its event."""

    delivery_id: RowKey
    event_id: RowKey


class KeptRequest(NamedTuple):
    """A body that was kept at an earlier attempt, with what the format added to the request."""

    body: bytes
    content_type: str
    query: Sequence[tuple[str, str]]
    headers: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class Unit:
    """A claimed unit. `attempts` counts the one that begins now.

    `events` are in the order of `parts`; empty while `is_large`, and where `kept` makes them
    unnecessary. Begun later than `start_by`, by the monotonic clock, its call could outlast its
    lease.
    """

    id: RowKey
    subscription_id: int
    parts: list[Part]
    attempts: int
    trigger: str
    refused_before: bool = False
    message_id: str = ""
    events: list[SentEvent] = field(default_factory=list)
    kept: KeptRequest | None = None
    is_large: bool = False
    start_by: float = inf

    @property
    def delivery_ids(self) -> list[RowKey]:
        return [part.delivery_id for part in self.parts]

    @property
    def is_batch(self) -> bool:
        return len(self.parts) > 1 or self.parts[0].delivery_id != self.id


def batch_message_id(unit_id: RowKey) -> str:
    """Return the message id of a batch, the same at each attempt and after any crash."""
    return f"msg_{unit_id if isinstance(unit_id, str) else unit_id.hex}"


def unit_of_message(message_id: str) -> UUID | None:
    """Return the unit of a message id from `batch_message_id`, None for that of an event."""
    named = _OF_BATCH.fullmatch(message_id)
    return UUID(named[1]) if named else None
