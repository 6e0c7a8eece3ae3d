"""Rows of runs and of their steps, a statement for each however many they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from django.db import connection

from automation.models import RunState, WorkflowRun, WorkflowStep
from automation.workflows.engine.run import Run
from automation.workflows.waking import wake_runs
from common.bulk import insert_rows, update_rows

_ENDS: Final = (
    "state", "position", "attempts", "reason", "due_at", "ended_at", "lease_owner",
    "lease_expires_at",
)  # fmt: skip


def runs_insert(rows: Sequence[dict[str, Any]]) -> set[UUID]:
    """Insert runs; return the ids of those whose trigger had not started the workflow before."""
    written = insert_rows(
        connection,
        WorkflowRun,
        rows,
        conflict="ON CONFLICT (workflow_id, trigger_key) DO NOTHING",
        returning="id",
    )
    return {_uuid(row[0]) for row in written}


def runs_store(runs: Sequence[Run]) -> None:
    """Write where runs have come to, and the steps that they took; ends their leases."""
    steps = [row for run in runs for row in run.step_rows]
    insert_rows(connection, WorkflowStep, steps)
    update_rows(
        connection,
        WorkflowRun,
        [
            {
                "id": run.id,
                "state": run.state,
                "position": run.position,
                "attempts": 0,
                "reason": run.reason[:300],
                "due_at": run.due_at,
                "ended_at": run.ended_at,
                "lease_owner": "",
                "lease_expires_at": None,
            }
            for run in runs
        ],
        columns=_ENDS,
    )
    is_due = any(row["due_at"] for row in steps)
    if is_due or any(run.state == RunState.READY for run in runs):
        wake_runs()


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(hex=value)
