"""Remembers refused requests until the journal's thread writes them down.

A request costs a lock and a count. Rows are capped per source and UTC day; beyond the cap only
the count rises, so a flood neither fills the disk nor takes the time of the database.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from common.database_trouble import is_environment_error
from integrations.causes import RejectionCause
from webhooks.inbound.journal.entry import storable
from webhooks.inbound.journal.writer import journal_writer
from webhooks.inbound.models import RejectedRequest
from webhooks.inbound.reception import rejection_rows
from webhooks.inbound.reception.directory import SourceSnapshot
from webhooks.inbound.reception.refusal import Refusal
from webhooks.inbound.reception.rejection_rows import Occurrence, RowKey
from webhooks.inbound.reception.request_parts import RequestParts

KEPT_BODY_BYTES: Final = 2048
# Refused for what staff may change, fields or contacts: the whole body is wanted then.
KEPT_FOR_REPROCESSING: Final = 64 * 1024
_CHANGEABLE: Final = frozenset(
    (
        RejectionCause.INVALID_FIELDS,
        RejectionCause.NO_IDENTITY,
        RejectionCause.CONTACT_UNKNOWN,
    )
)


@dataclass(slots=True)
class _Memory:
    """What was not written yet, and which caps are known to be reached."""

    counts: Counter[Occurrence] = field(default_factory=Counter)
    rows: dict[RowKey, list[RejectedRequest]] = field(default_factory=dict)
    full: set[RowKey] = field(default_factory=set)


class _Taken(NamedTuple):
    counts: Counter[Occurrence]
    rows: dict[RowKey, list[RejectedRequest]]


_lock = threading.Lock()
_memory = _Memory()


def record(source: SourceSnapshot, parts: RequestParts, refusal: Refusal) -> None:
    """Count the refusal, and keep its row when the day's cap leaves room for one."""
    at = parts.received_at
    key = RowKey(source.id, at.date(), refusal.cause)
    with _lock:
        _memory.counts[Occurrence(source.id, _hour(at), refusal.cause)] += 1
        waiting = _memory.rows.setdefault(key, [])
        if key in _memory.full or len(waiting) >= rejection_rows.most_rows(refusal.cause):
            return
        waiting.append(_row(source, parts, refusal))


def flush() -> None:
    """Write what is remembered. Runs in the journal's thread; keeps the counts when it fails.

    Rows wait with them for a database that is in trouble. One that it refuses it would refuse for
    ever, and with it all that come after.
    """
    with _lock:
        taken = _Taken(_memory.counts, _memory.rows)
        _memory.counts, _memory.rows = Counter(), {}
    if not taken.counts:
        return
    try:
        full = rejection_rows.write(taken.counts, taken.rows)
    except Exception as error:
        _give_back(taken if is_environment_error(error) else _Taken(taken.counts, {}))
        raise
    with _lock:
        today = max(key.hour.date() for key in taken.counts)
        _memory.full = {key for key in _memory.full | full if key.day >= today}


def forget() -> None:
    """Drop what is remembered, unwritten."""
    with _lock:
        _memory.counts, _memory.rows, _memory.full = Counter(), {}, set()


def _give_back(taken: _Taken) -> None:
    with _lock:
        _memory.counts.update(taken.counts)
        for key, rows in taken.rows.items():
            newer = _memory.rows.get(key, [])
            _memory.rows[key] = [*rows, *newer][: rejection_rows.most_rows(key.cause)]


def _row(source: SourceSnapshot, parts: RequestParts, refusal: Refusal) -> RejectedRequest:
    kept = KEPT_FOR_REPROCESSING if refusal.cause in _CHANGEABLE else KEPT_BODY_BYTES
    start = refusal.body[:kept]
    return RejectedRequest(
        site_id=source.site_id,
        source_id=source.id,
        at=parts.received_at,
        cause=refusal.cause,
        detail=storable(refusal.detail),
        status_code=refusal.status,
        remote_address=parts.remote_address,
        headers=parts.kept_headers(source.verifier),
        query=parts.kept_query(source.verifier),
        body_start=start,
        body_bytes=refusal.body_bytes,
        is_whole=len(start) == refusal.body_bytes,
    )


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


journal_writer.add_chore(flush)
