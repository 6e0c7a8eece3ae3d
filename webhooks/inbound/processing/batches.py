"""Claimed events become contact changes, outcomes and statuses in one transaction per batch.

A batch that fails is halved until the event that fails stands alone: its neighbours lose nothing,
and a batch of 500 with one bad event costs some twenty transactions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Final

from django.db import connection, transaction
from django.utils import timezone

from common.database_trouble import is_environment_error
from common.flushing import transaction_flush_later
from contacts.applied_change import ChangeItem, ChangeSource
from contacts.services import contacts_apply_batch
from integrations.inbound_event import Disposition, InboundEvent
from webhooks.inbound.history import Happening, history_with
from webhooks.inbound.models import ReceivedEvent, Status
from webhooks.inbound.processing.ends import NO_LEASE, events_finish
from webhooks.inbound.processing.failures import failure_of, retry_delay
from webhooks.inbound.processing.leases import ClaimedEvent, held_rows
from webhooks.inbound.processing.outcomes import (
    EventRow,
    RowTally,
    outcomes_forget,
    outcomes_record,
)
from webhooks.inbound.processing.parsing import ParsedEvent, log_event_error, parse_events
from webhooks.inbound.processing.source_contexts import SourceContexts
from webhooks.inbound.signals import rows_processed

# A body of 8 MiB may hold 60,000 rows; statements stay small, and so does memory.
CHUNK_ROWS: Final = 1000


@dataclass(slots=True)
class Processing:
    """Works off claimed events for one owner; `pulse` is called before every transaction."""

    owner: str
    contexts: SourceContexts = field(default_factory=SourceContexts)
    pulse: Callable[[], None] = lambda: None

    def process(self, claimed: Sequence[ClaimedEvent]) -> None:
        """Bring every event to an end, or postpone it. Raises only when the database is down."""
        contexts = self.contexts.load({event.source_id for event in claimed})
        self._process(parse_events(claimed, contexts))

    def _process(self, batch: Sequence[ParsedEvent]) -> None:
        if not batch:
            return
        self.pulse()
        try:
            with transaction.atomic():
                # What is sent of it was claimed first, by a commit that waits.
                transaction_flush_later(connection)
                _apply(self.owner, batch)
        except Exception as error:
            if is_environment_error(error):
                raise
            if len(batch) == 1:
                self._end_failed(batch[0], error)
                return
            middle = len(batch) // 2
            self._process(batch[:middle])
            self._process(batch[middle:])

    def _end_failed(self, event: ParsedEvent, error: Exception) -> None:
        log_event_error("event not applied", event.claimed, error)
        delay = retry_delay(error, event.claimed.attempts)
        with transaction.atomic():
            if not held_rows(self.owner, [event.claimed.id]):
                return
            if delay is not None:
                _postpone(event.claimed, type(error).__name__, timezone.now() + delay)
                return
            event.failure = failure_of(error, event.claimed.attempts)
            events_finish([event], {event.claimed.id: RowTally()})


def _apply(owner: str, batch: Sequence[ParsedEvent]) -> None:
    held = held_rows(owner, [event.claimed.id for event in batch])
    events = [event for event in batch if event.claimed.id in held]
    # Whatever ran before left a trace in one of the two.
    outcomes_forget([e.claimed.id for e in events if e.claimed.processed_at or e.claimed.history])
    tallies = {event.claimed.id: RowTally() for event in events}
    rows = _rows(events)
    while chunk := list(islice(rows, CHUNK_ROWS)):
        _apply_chunk(chunk)
        outcomes_record(chunk, tallies)
        rows_processed.send(sender=ReceivedEvent, rows=chunk)
    events_finish(events, tallies)


def _rows(events: Sequence[ParsedEvent]) -> Iterator[EventRow]:
    for event in events:
        for position, inbound in enumerate(event.rows):
            yield EventRow(event, position, inbound)


def _apply_chunk(chunk: Sequence[EventRow]) -> None:
    changing = [row for row in chunk if _changes_contact(row.inbound)]
    applied = contacts_apply_batch([_change_item(row) for row in changing])
    for row, change in zip(changing, applied, strict=True):
        row.applied = change


def _changes_contact(inbound: InboundEvent) -> bool:
    return inbound.disposition == Disposition.ACCEPTED and inbound.change is not None


def _change_item(row: EventRow) -> ChangeItem:
    context, claimed = row.event.context, row.event.claimed
    assert row.inbound.change is not None
    source = ChangeSource(
        key=context.key,
        label=context.label,
        received_event_id=claimed.id,
        position=row.position,
        received_at=claimed.received_at,
    )
    return ChangeItem(site=context.site, change=row.inbound.change, source=source)


def _postpone(claimed: ClaimedEvent, error_name: str, until: datetime) -> None:
    detail = f"The database answered {error_name}; tried again at {until:%H:%M:%S} UTC."
    history = history_with(claimed.history, Happening.POSTPONED, detail, at=timezone.now())
    ReceivedEvent.objects.filter(pk=claimed.id).update(
        status=Status.RECEIVED, due_at=until, history=history, **NO_LEASE
    )
