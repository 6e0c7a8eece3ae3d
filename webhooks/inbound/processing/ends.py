"""How events end: their statuses, histories and counts, one statement for all that end alike."""

# ruff: noqa: S608 - names of tables and columns come from the model; values are parameters.

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import connection
from django.utils import timezone

from common.bulk import rows_as_table, rows_parameter, update_rows
from webhooks.inbound.history import Entry, Happening, history_with
from webhooks.inbound.models import Outcome, ReceivedEvent, Status
from webhooks.inbound.processing.activity_counts import Finish, finishes_count
from webhooks.inbound.processing.leases import ClaimedEvent, database_time
from webhooks.inbound.processing.outcomes import RowTally
from webhooks.inbound.processing.parsing import ParsedEvent

# What ends a lease, whatever becomes of the event.
NO_LEASE: Final = {"lease_owner": "", "lease_expires_at": None}
# Fewer events with one end are not worth a statement of their own.
_WORTH_A_STATEMENT: Final = 20


class _End(NamedTuple):
    """An end, by columns of the event."""

    status: Status
    cause: str
    reason: str
    rows_applied: int
    rows_unchanged: int
    rows_ignored: int
    rows_quarantined: int


_COLUMNS: Final = (*_End._fields, "processed_at", *NO_LEASE)


def events_finish(events: Sequence[ParsedEvent], tallies: Mapping[UUID, RowTally]) -> None:
    """Write how the events of a batch end. Called last in its transaction: see `finishes_count`."""
    now = timezone.now()
    alike: defaultdict[_End, list[UUID]] = defaultdict(list)
    told, finishes = [], []
    for event in events:
        claimed = event.claimed
        end = _end_of(event, tallies[claimed.id])
        if claimed.history or end.status == Status.FAILED:
            told.append({**_row(end, claimed.id, now), "history": _last_words(claimed, end, now)})
        else:
            alike[end].append(claimed.id)
        if claimed.processed_at is None:
            finishes.append(Finish(claimed.source_id, claimed.received_at, end.status))
    rare = []
    for end, ids in alike.items():
        if len(ids) >= _WORTH_A_STATEMENT:
            _end_alike(end, ids, now)
        else:
            rare += [_row(end, each, now) for each in ids]
    update_rows(connection, ReceivedEvent, rare, columns=_COLUMNS)
    update_rows(connection, ReceivedEvent, told, columns=(*_COLUMNS, "history"))
    finishes_count(finishes)


def _end_of(event: ParsedEvent, tally: RowTally) -> _End:
    status, trouble = (Status.FAILED, event.failure) if event.failure else tally.end()
    counts = tally.counts
    return _End(
        status,
        trouble.cause,
        trouble.reason,
        counts[Outcome.APPLIED],
        counts[Outcome.UNCHANGED],
        counts[Outcome.IGNORED],
        counts[Outcome.QUARANTINED],
    )


def _row(end: _End, event_id: UUID, now: datetime) -> dict[str, Any]:
    return {"id": event_id, **end._asdict(), "processed_at": now.isoformat(), **NO_LEASE}


def _end_alike(end: _End, ids: Sequence[UUID], now: datetime) -> None:
    values = {
        **end._asdict(),
        "status": end.status.value,
        "processed_at": database_time(now),
        **NO_LEASE,
    }
    settings = ", ".join(f"{column} = %s" for column in values)
    wanted = rows_as_table(connection, ReceivedEvent, ("id",))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {ReceivedEvent._meta.db_table} SET {settings} "
            f"WHERE id IN (SELECT id FROM {wanted} AS wanted)",
            [*values.values(), rows_parameter([{"id": each.hex} for each in ids])],
        )


def _last_words(claimed: ClaimedEvent, end: _End, now: datetime) -> list[Entry]:
    what = Happening.FAILED if end.status == Status.FAILED else Happening.FINISHED
    detail = f"{end.cause}: {end.reason}" if end.cause else end.status.label
    return history_with(claimed.history, what, detail, at=now)
