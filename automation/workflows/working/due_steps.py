"""Steps that are due apart from their runs: what failed, and what calls another system."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.utils import timezone

from automation.models import StepState, WorkflowStep
from automation.workflows.actions.action import Ending, StepResult
from automation.workflows.engine.depth import at_depth
from automation.workflows.engine.going_on import LONGEST_DETAIL, STATE_OF
from automation.workflows.engine.retry_times import next_attempt
from automation.workflows.engine.run import Flow, Run
from automation.workflows.engine.steps import do_step, step_calls
from automation.workflows.working.due_runs import GONE, flow_of, people_lock, run_of
from common.bulk import update_rows
from common.database_trouble import is_environment_error
from webhooks.outbound.models import DEFAULT_SCHEDULE

_UNDONE: Final = (StepState.PENDING, StepState.RETRYING)
_LAST: Final = " That was the last attempt; try it again from the log of the run."
_LOST: Final = (
    "The worker died while it did this, or took too long, at every attempt. See the worker's log."
)
_COLUMNS: Final = (
    "state", "detail", "at", "due_at", "lease_owner", "lease_expires_at", "event_id",
    "api_call_id",
)  # fmt: skip

log = structlog.get_logger(__name__)


def steps_work(owner: str, step_ids: Sequence[UUID]) -> None:
    """Do claimed steps within transactions. Raises only when the database is in trouble."""
    if not step_ids:
        return
    try:
        with transaction.atomic():
            _do(owner, step_ids)
    except Exception as error:
        if is_environment_error(error):
            raise
        if len(step_ids) > 1:
            middle = len(step_ids) // 2
            steps_work(owner, step_ids[:middle])
            steps_work(owner, step_ids[middle:])
            return
        log.error("workflow step could not be done", error=type(error).__name__)  # noqa: TRY400 - the text of an error may quote a row
        _settle_alone(owner, step_ids[0], _raised(error))


def call_work(owner: str, step_id: UUID) -> None:
    """Do one claimed step that calls another system, and note how it went."""
    step = _mine(owner, [step_id]).first()
    if step is None:
        return
    if refused := _refused(step):
        _settle_alone(owner, step_id, refused)
        return
    flow, run = flow_of(step.run), run_of(step.run)
    calls = step_calls(flow, step.position, [run])
    try:
        result = flow.steps[step.position].action.perform(calls[0])
    except Exception as error:
        if is_environment_error(error):
            raise
        log.error("workflow call raised", step=str(step_id), error=type(error).__name__)  # noqa: TRY400 - as above
        result = _raised(error)
    _settle_alone(owner, step_id, result)


def _do(owner: str, step_ids: Sequence[UUID]) -> None:
    people = _mine(owner, step_ids).values_list("run__contact", flat=True)
    people_lock({pk for pk in people if pk})
    rows: list[dict[str, Any]] = []
    groups: dict[tuple[int, int, int], tuple[Flow, list[WorkflowStep]]] = {}
    for step in _mine(owner, step_ids).select_for_update(of=("self",)).order_by("pk"):
        if refused := _refused(step):
            rows.append(_settled(step, refused))
            continue
        key = (step.run.version_id, step.position, step.run.depth)
        if key not in groups:
            groups[key] = (flow_of(step.run), [])
        groups[key][1].append(step)
    for (_, position, depth), (flow, steps) in groups.items():
        runs: list[Run] = [run_of(step.run) for step in steps]
        with at_depth(depth):
            results = do_step(flow, position, runs)
        rows += [_settled(step, result) for step, result in zip(steps, results, strict=True)]
    update_rows(connection, WorkflowStep, rows, columns=_COLUMNS)


def _refused(step: WorkflowStep) -> StepResult | None:
    """Return why a step is not tried any more, if it is not."""
    if step.run.contact_id is None:
        return StepResult(ending=Ending.FAILED, detail=GONE)
    # Each attempt was counted as it was claimed, also those that took their worker with them.
    if step.attempts > len(DEFAULT_SCHEDULE):
        return StepResult(ending=Ending.FAILED, detail=_LOST)
    return None


def _settle_alone(owner: str, step_id: UUID, result: StepResult) -> None:
    with transaction.atomic():
        held = _mine(owner, [step_id]).select_for_update(of=("self",)).first()
        if held is not None:
            update_rows(connection, WorkflowStep, [_settled(held, result)], columns=_COLUMNS)


def _mine(owner: str, step_ids: Sequence[UUID]) -> Any:
    rows = WorkflowStep.objects.filter(pk__in=step_ids, lease_owner=owner, state__in=_UNDONE)
    return rows.select_related("run__version", "run__workflow__site")


def _settled(step: WorkflowStep, result: StepResult) -> dict[str, Any]:
    """Return the row of a step after an attempt; `pending` again means that it did not succeed."""
    now = timezone.now()
    state, due_at, detail = STATE_OF[result.ending], None, result.detail
    if result.ending in (Ending.RAISED, Ending.PENDING):
        due_at = next_attempt(step.attempts, now)
        state = StepState.RETRYING if due_at else StepState.FAILED
        detail = detail if due_at else f"{detail[: LONGEST_DETAIL - len(_LAST)]}{_LAST}"
    return {
        "id": step.pk,
        "state": state,
        "detail": detail[:LONGEST_DETAIL],
        "at": now,
        "due_at": due_at,
        "lease_owner": "",
        "lease_expires_at": None,
        "event_id": result.event_id or step.event_id,
        "api_call_id": result.api_call_id or step.api_call_id,
    }


def _raised(error: Exception) -> StepResult:
    name = type(error).__name__
    detail = f"Something unexpected went wrong ({name}). The log has the place."
    return StepResult(ending=Ending.RAISED, detail=detail)
