"""What goes into the journal and what comes back."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from common.identifiers import new_row_id
from webhooks.inbound.history import Happening, history_with

LONGEST_KEY: Final = 200
LONGEST_EVENT_ID: Final = 200
LONGEST_EVENT_TYPE: Final = 120


@dataclass(slots=True, kw_only=True)
class JournalEntry:
    """One verified request. `headers` and `query` have their secrets masked already.

    With a `dedupe_window`, an earlier event of the same key that is older than that is no longer
    the same. `notes` are sentences for staff; they start the history of the event.
    """

    site_id: int
    source_id: int
    dedupe_key: str
    event_type: str
    event_id: str
    received_at: datetime
    body: bytes
    remote_address: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    dedupe_window: timedelta | None = None
    id: uuid.UUID = field(default_factory=new_row_id)

    def __post_init__(self) -> None:
        self.dedupe_key = bounded_key(storable(self.dedupe_key))
        self.event_type = storable(self.event_type)[:LONGEST_EVENT_TYPE]
        self.event_id = storable(self.event_id)[:LONGEST_EVENT_ID]
        # They name what came in the URL.
        self.notes = tuple(map(storable, self.notes))

    @property
    def identity(self) -> tuple[int, str]:
        return self.source_id, self.dedupe_key

    @property
    def history(self) -> list[dict[str, str]]:
        history: list[dict[str, str]] = []
        for note in self.notes:
            history = history_with(history, Happening.RECEIVED, note, at=self.received_at)
        return history


@dataclass(frozen=True, slots=True)
class Appended:
    """`id` of the stored event; `is_repeat` when it was there before."""

    id: uuid.UUID
    is_repeat: bool


class JournalBusy(Exception):
    """Too many events wait to be written; nothing was stored."""

    retry_after_seconds: Final = 1


class JournalFailed(Exception):
    """The event was not acknowledged: the database refused it or is away."""

    retry_after_seconds: Final = 5


def bounded_key(key: str) -> str:
    """Return the key, or a digest of one that is too long for its column."""
    if len(key) <= LONGEST_KEY:
        return key
    return "sha256:" + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def storable(text: str) -> str:
    """Return the text as both databases hold it: no NUL, no half of a surrogate pair."""
    if text.isascii():
        return text.replace("\x00", "�") if "\x00" in text else text
    return text.encode("utf-8", "replace").decode().replace("\x00", "�")
