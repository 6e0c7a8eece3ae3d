"""Claims under a lease, in order of when things are due, and the ways a lease ends.

An attempt is counted with the claim: what takes its worker with it must not get a free try. What
was left behind by a worker that died is claimed alone: it may have been the cause. Runs and steps
of a workflow that is not running wait until it is.
"""

# ruff: noqa: S608 - names of tables come from the models; values are parameters.

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from automation.models import Workflow, WorkflowRun, WorkflowStep
from automation.workflows.actions.registry import ACTIONS

RUNS_AT_ONCE: Final = 200
STEPS_AT_ONCE: Final = 200
# Each waits for another system, in a thread of its own.
CALLS_AT_ONCE: Final = 8
# Twice the longest that a call may take.
_CALL: Final = timedelta(seconds=60)
_NO: Final = timedelta(0)

_RUN: Final = WorkflowRun._meta.db_table
_STEP: Final = WorkflowStep._meta.db_table
_WORKFLOW: Final = Workflow._meta.db_table
_OUTSIDE: Final = tuple(key for key, action in ACTIONS.items() if action.is_outside)
_RUNNING: Final = "w.state = 'running' AND w.deleted_at IS NULL"
# Word by word the conditions of the partial indexes.
_DUE_RUN: Final = f"r.state IN ('ready', 'waiting') AND r.due_at <= %s AND {_RUNNING}"
_DUE_STEP: Final = f"s.state IN ('pending', 'retrying') AND s.due_at <= %s AND {_RUNNING}"
_FREE: Final = "lease_expires_at IS NULL"
_LEFT_BEHIND: Final = "lease_expires_at <= %s"


@dataclass(frozen=True, slots=True)
class _Which:
    """A kind of row to claim, and what it looks for; `{}` in it is the state of the lease."""

    table: str
    alias: str
    query: str

    def looking_for(self, lease: str) -> str:
        return self.query.format(f"{self.alias}.{lease}")


_STEP_QUERY: Final = (
    f"SELECT s.id FROM {_STEP} s JOIN {_RUN} r ON r.id = s.run_id JOIN {_WORKFLOW} w "
    f"ON w.id = r.workflow_id WHERE {_DUE_STEP} AND s.action {{}} "
    f"({', '.join('%s' for _ in _OUTSIDE)}) AND {{{{}}}} ORDER BY s.due_at LIMIT %s"
)
_RUNS: Final = _Which(
    _RUN,
    "r",
    f"SELECT r.id FROM {_RUN} r JOIN {_WORKFLOW} w ON w.id = r.workflow_id WHERE {_DUE_RUN} "
    "AND {} ORDER BY r.due_at LIMIT %s",
)
_STEPS: Final = _Which(_STEP, "s", _STEP_QUERY.format("NOT IN"))
_CALLS: Final = _Which(_STEP, "s", _STEP_QUERY.format("IN"))


def claim_runs(owner: str, *, limit: int = RUNS_AT_ONCE) -> list[UUID]:
    """Claim runs that are due; return their ids."""
    return _claim(_RUNS, owner, (), limit)


def claim_steps(owner: str, *, limit: int = STEPS_AT_ONCE) -> list[UUID]:
    """Claim steps that are done within a transaction."""
    return _claim(_STEPS, owner, _OUTSIDE, limit)


def claim_calls(owner: str, *, limit: int = CALLS_AT_ONCE) -> list[UUID]:
    """Claim steps that call another system."""
    return _claim(_CALLS, owner, _OUTSIDE, limit)


def release_all(owner: str) -> int:
    """Hand back what this owner holds and did not work on; the attempt is given back with it."""
    free = {"lease_owner": "", "lease_expires_at": None}
    runs = WorkflowRun.objects.filter(lease_owner=owner)
    steps = WorkflowStep.objects.filter(lease_owner=owner, state__in=("pending", "retrying"))
    return sum(held.update(**free, attempts=F("attempts") - 1) for held in (runs, steps))


def _claim(which: _Which, owner: str, actions: Sequence[str], limit: int) -> list[UUID]:
    now = timezone.now()
    free = [_time(now), *actions]
    return _taken(which, owner, _FREE, free, limit) or _taken(
        which, owner, _LEFT_BEHIND, [*free, _time(now)], 1
    )


def _taken(
    which: _Which, owner: str, state: str, looked_for: Sequence[Any], limit: int
) -> list[UUID]:
    if connection.vendor == "sqlite" and not _is_any(which, state, looked_for):
        return []  # without the write lock, which everybody else would wait for
    lease = timedelta(seconds=settings.WORKER_LEASE_SECONDS) + (_CALL if which is _CALLS else _NO)
    until = _time(timezone.now() + lease)
    with transaction.atomic(), connection.cursor() as cursor:
        statement = _statement(which, state, connection.vendor)
        cursor.execute(statement, [owner, until, *looked_for, limit])
        return sorted(_uuid(row[0]) for row in cursor.fetchall())


@cache
def _statement(which: _Which, state: str, vendor: str) -> str:
    query = which.looking_for(state)
    chosen = f"IN ({query})"
    if vendor == "postgresql":
        # As an array, since a join may be planned as a scan of the whole table.
        chosen = f"= ANY(ARRAY({query} FOR UPDATE OF {which.alias} SKIP LOCKED))"
    return (
        f"UPDATE {which.table} SET lease_owner = %s, lease_expires_at = %s, "
        f"attempts = attempts + 1 WHERE id {chosen} RETURNING id"
    )


def _is_any(which: _Which, state: str, looked_for: Sequence[Any]) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(which.looking_for(state), [*looked_for, 1])
        return cursor.fetchone() is not None


def _time(value: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(value)


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(hex=value)
