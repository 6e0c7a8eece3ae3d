"""Activities as rows: each is recorded once, however often its event is processed."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import UUID

from common.identifiers import new_row_hex
from contacts.applied_change import ChangeSource
from contacts.applying.facts import Facts
from contacts.applying.instants import fact_time, iso
from contacts.applying.states import ContactState, Row
from contacts.models import Activity
from contacts.normalisation.values import json_storable, line_normalised
from integrations.contact_change import ActivityFact

_MAX_TYPE: Final[int] = Activity._meta.get_field("type").max_length or 0
_MAX_KEY: Final[int] = Activity._meta.get_field("key").max_length or 0
_LOW_BITS: Final = (1 << 62) - 1
_VARIANT: Final = 0b10 << 62


class ActivityRow:
    """An activity on its way to the database; the contact may still be merged into another.

    `is_repeat` is set when the database has it already.
    """

    __slots__ = ("columns", "is_repeat", "state")

    def __init__(self, state: ContactState, columns: Row) -> None:
        self.state = state
        self.columns = columns
        self.is_repeat = False


def activity_rows(
    state: ContactState, facts: Facts, floor: int, recorded_at: str
) -> list[ActivityRow]:
    """Return the activities of a change that happened after `floor`."""
    rows = []
    event = facts.source.received_event_id
    for number, fact in enumerate(facts.change.activities):
        at = facts.at if fact.occurred_at is None else fact_time(fact.occurred_at, facts.received)
        kind, key = line_normalised(fact.type)[:_MAX_TYPE], _key(fact)
        if not kind:
            facts.notes.append("BAD_ACTIVITY: An activity without a type was dropped.")
        elif at > floor:
            columns = {
                "id": new_row_hex() if key else activity_id(facts.source, number),
                "site_id": facts.site_id,
                "type": kind,
                "occurred_at": iso(at),
                "recorded_at": recorded_at,
                "properties": json_storable(dict(fact.properties)),
                "source_key": facts.source.key,
                "source_label": facts.source.label,
                "key": key,
                "received_event_id": event.hex if event else None,
            }
            rows.append(ActivityRow(state, columns))
    return rows


def activity_id(source: ChangeSource, number: int) -> str:
    """Return the id of the activity with this number in its row of a received event.

    Derived and not drawn, so that processing an event again finds the row that is there. The
    upper half is the event's own, which sorts by time.
    """
    event = source.received_event_id
    if event is None:
        return new_row_hex()
    place = f"{source.position or 0}:{number}".encode()
    digest = hashlib.blake2b(place, digest_size=8, key=event.bytes).digest()
    low = int.from_bytes(digest, "big") & _LOW_BITS | _VARIANT
    return UUID(int=(event.int >> 64 << 64) | low).hex


def _key(fact: ActivityFact) -> str:
    key = line_normalised(fact.key)
    # A cut key could be another activity's; its digest cannot.
    return key if len(key) <= _MAX_KEY else hashlib.sha256(key.encode()).hexdigest()
