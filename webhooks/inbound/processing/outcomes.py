"""What became of each row of a received event, and the end that follows for the event itself."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import connection

from common.bulk import insert_rows
from contacts.applied_change import AppliedChange, ChangeKind
from integrations.inbound_event import Disposition, InboundEvent
from webhooks.inbound.models import EventOutcome, Outcome, Status
from webhooks.inbound.processing.failures import Failure
from webhooks.inbound.processing.identity_text import identity_text
from webhooks.inbound.processing.parsing import ParsedEvent
from webhooks.inbound.states import status_of_rows

_OF_DISPOSITION = {
    Disposition.IGNORED: Outcome.IGNORED,
    Disposition.QUARANTINED: Outcome.QUARANTINED,
}
_OF_KIND = {
    ChangeKind.CREATED: Outcome.APPLIED,
    ChangeKind.CHANGED: Outcome.APPLIED,
    ChangeKind.DELETED: Outcome.APPLIED,
    ChangeKind.TOMBSTONED: Outcome.APPLIED,
    ChangeKind.UNCHANGED: Outcome.UNCHANGED,
    ChangeKind.REJECTED: Outcome.QUARANTINED,
}
_NO_ROWS = dict.fromkeys(Outcome, 0)
_NO_TROUBLE = Failure(cause="", reason="")


@dataclass(slots=True)
class EventRow:
    """One inbound event at its place; `applied` is set once contacts took its change.

    `contact_id` is whom it is about after all merges; `is_forgotten` says that this person was
    erased by a later row. Both are set once outcomes were recorded.
    """

    event: ParsedEvent
    position: int
    inbound: InboundEvent
    applied: AppliedChange | None = None
    contact_id: UUID | None = None
    is_forgotten: bool = False


@dataclass(slots=True)
class RowTally:
    """The outcomes of one event's rows so far, and the first trouble of each kind."""

    counts: dict[Outcome, int] = field(default_factory=_NO_ROWS.copy)
    first: dict[Outcome, Failure] = field(default_factory=dict)

    def add(self, outcome: Outcome, cause: str, reason: str) -> None:
        self.counts[outcome] += 1
        if outcome in (Outcome.IGNORED, Outcome.QUARANTINED):
            self.first.setdefault(outcome, Failure(cause=cause, reason=reason))

    def end(self) -> tuple[Status, Failure]:
        """Return the event's status with its cause and sentence, both empty for a success."""
        status = status_of_rows(self.counts)
        if status == Status.IGNORED:
            return status, self.first[Outcome.IGNORED]
        if status == Status.PROCESSED:
            return status, _NO_TROUBLE
        first = self.first[Outcome.QUARANTINED]
        rows, aside = sum(self.counts.values()), self.counts[Outcome.QUARANTINED]
        if rows == 1:
            return status, first
        reason = f"{aside} of {rows} rows were set aside. The first one: {first.reason}"
        return status, Failure(cause=first.cause, reason=reason)


def outcomes_record(rows: Sequence[EventRow], tallies: dict[UUID, RowTally]) -> None:
    """Write one outcome per row and count it for its event."""
    written = [_outcome(row) for row in rows]
    _follow_people(rows, written)
    for row, outcome in zip(rows, written, strict=True):
        row.contact_id = outcome["contact_id"]
        row.is_forgotten = row.contact_id is None and bool(row.applied and row.applied.contact_id)
        tally = tallies[outcome["received_event_id"]]
        tally.add(outcome["outcome"], outcome["cause"], outcome["reason"])
    insert_rows(connection, EventOutcome, written)


def outcomes_forget(event_ids: Sequence[UUID]) -> None:
    """Remove what an earlier run of these events recorded: a replay replaces it as a whole."""
    if event_ids:
        EventOutcome.objects.filter(received_event_id__in=event_ids).delete()


def _outcome(row: EventRow) -> dict[str, Any]:
    inbound, applied = row.inbound, row.applied
    outcome, cause, reason, notes = Outcome.UNCHANGED, inbound.cause, inbound.reason, inbound.notes
    if inbound.disposition in _OF_DISPOSITION:
        outcome = _OF_DISPOSITION[inbound.disposition]
    elif applied is not None:
        outcome = _OF_KIND[applied.kind]
        cause, reason = applied.cause or cause, applied.reason or reason
        notes = (*notes, *applied.notes)
    identity = ""
    # The person of an erased row is forgotten here as everywhere else.
    if inbound.change is not None and inbound.change.deletion is None:
        identity = identity_text(inbound.change.identity, row.event.context.site)
    return {
        "received_event_id": row.event.claimed.id,
        "position": row.position,
        "event_type": inbound.type[:120],
        "event_id": inbound.event_id[:200],
        "outcome": outcome,
        "cause": cause[:40],
        "reason": reason,
        "notes": notes,
        "identity": identity[:254],
        "contact_id": applied.contact_id if applied else None,
    }


def _follow_people(rows: Sequence[EventRow], written: Sequence[dict[str, Any]]) -> None:
    """Let earlier outcomes of the same batch follow a person who was merged or erased in it.

    Signals do this for outcomes in the database; these are not there yet.
    """
    of_person: defaultdict[UUID, list[dict[str, Any]]] = defaultdict(list)
    for row, outcome in zip(rows, written, strict=True):
        applied = row.applied
        if applied is None or applied.contact_id is None:
            continue
        for absorbed_id in applied.absorbed_ids:
            moved = of_person.pop(absorbed_id, [])
            for earlier in moved:
                earlier["contact_id"] = applied.contact_id
            of_person[applied.contact_id] += moved
        if applied.kind == ChangeKind.DELETED:
            for earlier in of_person.pop(applied.contact_id, []):
                earlier.update(contact_id=None, identity="")
        of_person[applied.contact_id].append(outcome)
