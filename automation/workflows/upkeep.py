"""How long the log of workflows stays. What is under way stays, however old."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Q, QuerySet

from automation.models import RunState, StepState, WorkflowRun, WorkflowStep
from common.identifiers import row_id_floor
from common.retention import BATCH, Retained, remove_older

_ONCE: Final = Q(trigger_key__startswith="once:")


def remove_runs(before: datetime) -> Iterator[int]:
    """Delete runs that ended, with their steps; one that may not happen again is only emptied.

    The row of such a run is how it is known that the contact has gone through.
    """
    yield from remove_older(_ended().exclude(_ONCE), before)
    yield from _empty(before)


def _empty(before: datetime) -> Iterator[int]:
    cursor, end = UUID(int=0), row_id_floor(before)
    while True:
        full = _ended().filter(_ONCE, pk__gt=cursor, pk__lt=end).exclude(variables={})
        ids = list(full.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not ids:
            return
        WorkflowStep.objects.filter(run__in=ids).delete()
        WorkflowRun.objects.filter(pk__in=ids).update(variables={})
        cursor = ids[-1]
        yield len(ids)


def _ended() -> QuerySet[WorkflowRun]:
    undone = WorkflowStep.objects.filter(
        run=OuterRef("pk"), state__in=(StepState.PENDING, StepState.RETRYING)
    )
    rows = WorkflowRun.objects.exclude(state__in=(RunState.READY, RunState.WAITING))
    return rows.exclude(Exists(undone))


RETAINED: Final = (
    Retained(name="workflow_runs", setting="RETENTION_EVENT_DAYS", remove=remove_runs),
)
