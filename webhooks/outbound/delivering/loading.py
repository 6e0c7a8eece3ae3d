"""What the units of a claim need to be sent: their events, and bodies that were kept."""

# ruff: noqa: S608 - names of tables and columns come from the models; values are parameters.

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, TypeAlias

from django.db import connection

from sites.models import Site
from webhooks.outbound.delivering.database_values import (
    among,
    aware,
    event_bytes,
    id_value,
    row_id,
)
from webhooks.outbound.delivering.unit import (
    LARGE_BYTES,
    KeptRequest,
    RowKey,
    Unit,
    batch_message_id,
)
from webhooks.outbound.formats.base import SentEvent
from webhooks.outbound.models import Event, KeptBody

_TABLE: Final = Event._meta.db_table
_SITES: Final = Site._meta.db_table
_COLUMNS: Final = (
    "t.id", "message_id", "type", "occurred_at", "public_id", "contact_id", "subject",
    "raw_content_type", "raw_headers",
)  # fmt: skip

# Events with the sizes of their payloads.
_Found: TypeAlias = dict[RowKey, tuple[SentEvent, int]]


def load(units: Sequence[Unit]) -> None:
    """Fill in message id, kept body, and the events of all units that are not large."""
    _load_kept([unit for unit in units if unit.attempts > 1])
    events = _events([unit for unit in units if unit.kept is None], most_bytes=LARGE_BYTES)
    for unit in units:
        if unit.kept is None:
            _put_events(unit, events)
        if unit.is_batch:
            unit.message_id = batch_message_id(unit.id)


def load_large(unit: Unit) -> None:
    """Read what `load` left out of a large unit."""
    _put_events(unit, _events([unit], most_bytes=None))


def _put_events(unit: Unit, events: _Found) -> None:
    found = [one for part in unit.parts if (one := events.get(part.event_id)) is not None]
    unit.is_large = sum(size for _, size in found) > LARGE_BYTES
    unit.events = [event for event, _ in found]
    if found and not unit.is_batch:
        unit.message_id = found[0][0].message_id


def _load_kept(units: Sequence[Unit]) -> None:
    if not units:
        return
    by_id = {unit.id: unit for unit in units}
    for kept in KeptBody.objects.filter(unit__in=list(by_id)):
        unit = by_id[id_value(kept.unit)]
        unit.message_id = kept.message_id
        query = [(str(name), str(value)) for name, value in kept.query]
        unit.kept = KeptRequest(bytes(kept.body), kept.content_type, query, kept.headers)


def _events(
    units: Iterable[Unit], *, most_bytes: int | None
) -> dict[RowKey, tuple[SentEvent, int]]:
    """Return events with their sizes, without the payload of those above `most_bytes`."""
    ids = list({part.event_id for unit in units for part in unit.parts})
    found = {}
    for row in _rows(ids, most_bytes):
        event, size = _event(row)
        found[row[0]] = (event, size)
    return found


def _rows(ids: Sequence[RowKey], most_bytes: int | None) -> Iterator[Any]:
    size = event_bytes("t")
    payload, raw = "payload", "raw_body"
    if most_bytes is not None:
        small = f"{size} <= {most_bytes:d}"
        payload, raw = (f"CASE WHEN {small} THEN {name} END" for name in (payload, raw))
    with connection.cursor() as cursor:
        for condition, parameters in among(ids):
            cursor.execute(
                f"SELECT {', '.join(_COLUMNS)}, {size}, {payload}, {raw} FROM {_TABLE} AS t "
                f"JOIN {_SITES} AS s ON s.id = t.site_id WHERE t.id {condition}",
                parameters,
            )
            yield from cursor.fetchall()


def _event(row: Any) -> tuple[SentEvent, int]:
    (_, message_id, event_type, occurred_at, public_id, contact_id, subject, raw_content_type,
     raw_headers, size, payload, raw_body) = row  # fmt: skip
    event = SentEvent(
        message_id=message_id,
        type=event_type,
        occurred_at=aware(occurred_at),
        payload_text=payload or "",
        site_id=str(row_id(public_id)),
        contact_id=str(row_id(contact_id)) if contact_id else "",
        subject={} if subject == "{}" else json.loads(subject),
        raw_content_type=raw_content_type,
        raw_headers={} if raw_headers == "{}" else json.loads(raw_headers),
        raw_body=None if raw_body is None else bytes(raw_body),
    )
    return event, size
