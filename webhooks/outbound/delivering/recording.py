"""Results become rows: a few statements for hundreds of attempts, in one transaction.

A result counts only where the lease, of this very attempt, is still the owner's. One that comes
late is in the log, as late, and moves nothing: somebody else has the delivery by now.
"""

# ruff: noqa: S608 - names of tables and columns come from the models; values are parameters.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.utils import timezone

from common.bulk import insert_rows, rows_as_table, rows_parameter
from webhooks.outbound.delivering.attempt import Tried
from webhooks.outbound.delivering.database_values import among, database_time
from webhooks.outbound.delivering.health import health_record
from webhooks.outbound.delivering.unit import RowKey, Unit
from webhooks.outbound.models import Attempt, Delivery, DeliveryStatus, Event, KeptBody
from webhooks.outbound.publishing.delivery_rows import existing

LATE: Final = "This end came after the lease had run out, so it changed nothing."

_TABLE: Final = Delivery._meta.db_table
_EVENT: Final = Event._meta.db_table
_MOVED: Final = ("id", "attempts", "status", "due_at", "last_status_code", "last_error", "reason",
                 "finished_at")  # fmt: skip
_ENDED: Final = (DeliveryStatus.SUCCEEDED, DeliveryStatus.FAILED, DeliveryStatus.CANCELLED)
_TRIED_AGAIN: Final = (DeliveryStatus.RETRYING, DeliveryStatus.HELD)


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of results: how many counted, and how many came late."""

    applied: int
    late: int


def record(results: Sequence[Tried], *, owner: str) -> Recorded:
    """Record attempts, and move the deliveries that the owner still holds."""
    now = timezone.now()
    with transaction.atomic():
        alive = existing({each.unit.subscription_id for each in results})
        results = [each for each in results if each.unit.subscription_id in alive]
        if not results:
            return Recorded(0, 0)
        results = _without_erased(results)
        moved = _move(results, owner, now)
        # Of a batch, some may be gone by now: their event was removed.
        on_time: list[Tried] = []
        others: list[Tried] = []
        for each in results:
            (others if moved.isdisjoint(each.unit.delivery_ids) else on_time).append(each)
        late = _unrecorded(others)
        insert_rows(connection, Attempt, [_attempt_row(each, is_late=False) for each in on_time])
        insert_rows(connection, Attempt, [_attempt_row(each, is_late=True) for each in late])
        _keep_bodies(on_time, now)
        health_record(on_time, now)  # last: workers with the same subscriptions wait here
    return Recorded(len(on_time), len(late))


def bodies_keep(results: Sequence[tuple[Any, Any]]) -> None:
    """Keep the bodies of units that could not be built alike again, before they are sent."""
    now = timezone.now()
    with transaction.atomic():
        alive = existing({unit.subscription_id for unit, _ in results})
        emptied = _emptied([unit for unit, _ in results])
        rows = [
            _kept_row(unit, built, now)
            for unit, built in results
            if unit.subscription_id in alive and unit.id not in emptied
        ]
        insert_rows(connection, KeptBody, rows, conflict="ON CONFLICT DO NOTHING")


def _without_erased(results: list[Tried]) -> list[Tried]:
    """Leave out what would bring back a person who was erased while a request was under way."""
    emptied = _emptied([each.unit for each in results if _is_kept(each) or _has_body(each)])
    if not emptied:
        return results
    return [
        replace(without_texts(each), keeps=None) if each.unit.id in emptied else each
        for each in results
    ]


def _emptied(units: Sequence[Unit]) -> set[RowKey]:
    """Return those of which an event was emptied: nothing of what it said is stored again.

    The events are locked: an erasure that begins now waits, and then finds what is stored here.
    """
    units_of: dict[RowKey, list[RowKey]] = {}
    for unit in units:
        for part in unit.parts:
            units_of.setdefault(part.event_id, []).append(unit.id)
    lock = "ORDER BY id FOR SHARE" if connection.vendor == "postgresql" else ""
    found: set[RowKey] = set()
    with connection.cursor() as cursor:
        for condition, parameters in among(list(units_of)):
            cursor.execute(
                "WITH held AS MATERIALIZED (SELECT id, payload = '' AS is_empty "
                f"FROM {_EVENT} WHERE id {condition} {lock}) SELECT id FROM held WHERE is_empty",
                parameters,
            )
            for (pk,) in cursor.fetchall():
                found.update(units_of[pk])
    return found


def _move(results: Sequence[Tried], owner: str, now: datetime) -> set[RowKey]:
    """End the leases and set the states; return the deliveries that were still held."""
    plain: dict[tuple[int, int], list[RowKey]] = {}
    others: list[Tried] = []
    for each in results:
        if each.decision.status == DeliveryStatus.SUCCEEDED and each.answer is not None:
            key = (each.answer.status, each.unit.attempts)
            plain.setdefault(key, []).extend(each.unit.delivery_ids)
        else:
            others.append(each)
    moved: set[RowKey] = set()
    for (status_code, attempts), ids in plain.items():
        moved |= _succeed(ids, _Success(status_code, attempts, owner, now))
    return moved | _move_each(others, owner, now)


class _Success(NamedTuple):
    status_code: int
    attempts: int
    owner: str
    at: datetime


def _succeed(ids: Sequence[RowKey], end: _Success) -> set[RowKey]:
    moved: set[RowKey] = set()
    with connection.cursor() as cursor:
        for condition, parameters in among(ids):
            cursor.execute(
                f"UPDATE {_TABLE} SET status = 'succeeded', last_status_code = %s, "
                "last_error = '', reason = '', finished_at = %s, lease_owner = '', "
                "lease_expires_at = NULL WHERE lease_owner = %s AND status = 'sending' "
                f"AND attempts = %s AND id {condition} RETURNING id",
                [end.status_code, database_time(end.at), end.owner, end.attempts, *parameters],
            )
            moved.update(row[0] for row in cursor.fetchall())
    return moved


def _move_each(results: Sequence[Tried], owner: str, now: datetime) -> set[RowKey]:
    if not results:
        return set()
    rows = [
        _delivery_row(delivery_id, each, now)
        for each in results
        for delivery_id in each.unit.delivery_ids
    ]
    table = rows_as_table(connection, Delivery, _MOVED)
    # SQLite knows no alias here, and PostgreSQL would not know which id is meant.
    own_id = "t.id" if connection.vendor == "postgresql" else "id"
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_TABLE} AS t SET status = v.status, due_at = coalesce(v.due_at, t.due_at), "
            "last_status_code = v.last_status_code, last_error = v.last_error, "
            "reason = v.reason, finished_at = v.finished_at, "
            f"lease_owner = '', lease_expires_at = NULL FROM {table} AS v "
            "WHERE t.id = v.id AND t.lease_owner = %s AND t.status = 'sending' "
            f"AND t.attempts = v.attempts RETURNING {own_id}",
            [rows_parameter(rows), owner],
        )
        return {row[0] for row in cursor.fetchall()}


def _delivery_row(delivery_id: RowKey, each: Tried, now: datetime) -> dict[str, Any]:
    decision = each.decision
    return {
        "id": delivery_id,
        "attempts": each.unit.attempts,
        "status": decision.status,
        "due_at": decision.due_at,
        "last_status_code": each.answer.status if each.answer is not None else None,
        "last_error": decision.error,
        "reason": decision.reason,
        "finished_at": now if decision.status in _ENDED else None,
    }


def _unrecorded(results: Sequence[Tried]) -> list[Tried]:
    """Leave out what is recorded already: the database may hang up after it has committed."""
    known = Attempt.objects.filter(pk__in=[each.id for each in results])
    ids = {pk.hex for pk in known.values_list("pk", flat=True)} if results else set()
    return [each for each in results if each.id not in ids]


def _attempt_row(each: Tried, *, is_late: bool) -> dict[str, Any]:
    unit, decision = each.unit, each.decision
    answer = each.answer
    sentence = f"{decision.sentence} {LATE}".lstrip() if is_late else decision.sentence
    return {
        "id": each.id,
        "subscription_id": unit.subscription_id,
        "unit": unit.id,
        "number": unit.attempts,
        "trigger": unit.trigger,
        "deliveries": len(unit.parts),
        "started_at": each.started_at,
        "duration_ms": each.duration_ms,
        "status_code": answer.status if answer is not None else None,
        "error": decision.error,
        "sentence": sentence,
        "next_at": None if is_late else decision.due_at,
        "revision": each.revision,
        "url": each.url,
        "request_headers": each.request_headers,
        "body_bytes": len(each.body),
        "body_sha256": each.body_sha256,
        "response_headers": each.response_headers,
        "is_cut": answer is not None and answer.is_cut,
        "response_body": each.response_body,
    }


def _keep_bodies(results: Sequence[Tried], now: datetime) -> None:
    """Keep what failed for the first time: its next attempt sends the same bytes."""
    rows = [_kept_row(each.unit, each.keeps, now) for each in results if _is_kept(each)]
    insert_rows(connection, KeptBody, rows, conflict="ON CONFLICT DO NOTHING")


def _is_kept(each: Tried) -> bool:
    return each.keeps is not None and each.decision.status in _TRIED_AGAIN


def _has_body(each: Tried) -> bool:
    return each.answer is not None and bool(each.answer.body)


def _kept_row(unit: Any, built: Any, now: datetime) -> dict[str, Any]:
    return {
        "unit": unit.id,
        "subscription_id": unit.subscription_id,
        "message_id": unit.message_id,
        "created_at": now,
        "content_type": built.content_type,
        "query": [list(pair) for pair in built.query],
        "headers": dict(built.headers),
        "body": built.body,
    }


def without_texts(each: Tried) -> Tried:
    """Return the attempt without what came from the other side: no database refuses the rest."""
    return replace(each, answer=replace(each.answer, headers={}, body=b"")) if each.answer else each
