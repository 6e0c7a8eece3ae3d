"""How many went through each workflow lately: counted among its newest runs and no further."""

# ruff: noqa: S608 - table names come from model declarations; values are parameters.

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.utils import timezone

from automation.models import RunState, StepState, WorkflowRun, WorkflowStep
from common.identifiers import row_id_floor
from common.newest_rows import newest_rows

DAYS: Final = 7
MOST_COUNTED: Final = 1_000
_OF_WORKFLOW: Final[Any] = WorkflowRun._meta.get_field("workflow")


@dataclass(slots=True)
class LatelyCounts:
    """Runs of the last days by what became of them; `failed` had a step that failed for good."""

    ready: int = 0
    waiting: int = 0
    finished: int = 0
    stopped: int = 0
    cancelled: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        return self.in_progress + self.finished + self.stopped + self.cancelled

    @property
    def in_progress(self) -> int:
        return self.ready + self.waiting

    @property
    def is_cut(self) -> bool:
        """Whether there were more than are counted."""
        return self.total >= MOST_COUNTED


def lately_counts(workflow_ids: Collection[UUID]) -> dict[UUID, LatelyCounts]:
    found = {pk: LatelyCounts() for pk in workflow_ids}
    if not found:
        return found
    key = WorkflowRun._meta.pk
    floor = key.get_db_prep_value(row_id_floor(timezone.now() - timedelta(days=DAYS)), connection)
    parts, params = [], []
    for number, pk in enumerate(found):
        parts.append(_part(number))
        prepared = key.get_db_prep_value(pk, connection)
        params += [prepared, prepared, floor]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        keys = list(found.values())
        for number, state, count, failed in cursor.fetchall():
            setattr(keys[number], RunState(state).value, count)
            keys[number].failed += failed
    return found


def _part(number: int) -> str:
    steps = connection.ops.quote_name(WorkflowStep._meta.db_table)
    # EXISTS would let PostgreSQL gather the failed steps of all runs first.
    failed = (
        f"(SELECT 1 FROM {steps} s WHERE s.run_id = newest.id "
        f"AND s.state = '{StepState.FAILED.value}' LIMIT 1)"
    )
    newest = newest_rows(_OF_WORKFLOW, ("id", "state"), limit=MOST_COUNTED, key_falls=True)
    return (
        f"SELECT {number} AS number, newest.state, count(*), count({failed}) "
        f"FROM ({newest}) AS newest WHERE newest.id >= %s GROUP BY newest.state"
    )
