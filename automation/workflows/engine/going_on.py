"""Runs through the steps of their version, until they wait or end."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from automation.models import RunState, StepState
from automation.workflows.actions.action import Action, Ending, StepResult
from automation.workflows.engine.depth import at_depth
from automation.workflows.engine.retry_times import next_attempt
from automation.workflows.engine.run import Flow, Run
from automation.workflows.engine.steps import do_step
from common.identifiers import new_row_hex

LONGEST_DETAIL: Final = 500
UNDECIDED: Final = (
    "Whether to stop could not be found out, so it stopped: going on might have been wrong."
)
STATE_OF: Final = {
    Ending.DONE: StepState.DONE,
    Ending.SKIPPED: StepState.SKIPPED,
    Ending.FAILED: StepState.FAILED,
    Ending.PENDING: StepState.PENDING,
    Ending.WAIT: StepState.DONE,
    Ending.STOP: StepState.DONE,
    Ending.RAISED: StepState.RETRYING,
}


def go_on(flow: Flow, runs: Sequence[Run]) -> None:
    """Take runs of one version and depth through their next steps, in the caller's transaction."""
    going = [run for run in runs if run.is_going]
    if not going:
        return
    with at_depth(going[0].depth):
        for position in range(min(run.position for run in going), len(flow.steps)):
            here = [run for run in going if run.is_going and run.position == position]
            if here:
                results = do_step(flow, position, here)
                action = flow.steps[position].action
                for run, result in zip(here, results, strict=True):
                    take(run, action, result)
    for run in going:
        if run.is_going:
            run.end(RunState.FINISHED)


def take(run: Run, action: Action, result: StepResult) -> None:
    """Note what a step came to, and what follows for the run."""
    now = timezone.now()
    if result.ending is Ending.RAISED and action.decides:
        result.ending = Ending.FAILED
    run.step_rows.append(_row(run, action, result, now))
    run.position += 1
    if result.ending is Ending.WAIT:
        run.state, run.due_at = RunState.WAITING, result.due_at
    elif result.ending is Ending.STOP:
        run.end(RunState.STOPPED, result.detail)
    elif result.ending is Ending.FAILED and action.decides:
        run.end(RunState.STOPPED, UNDECIDED)


def _row(run: Run, action: Action, result: StepResult, now: datetime) -> dict[str, Any]:
    due_at = result.due_at if result.ending is Ending.PENDING else None
    if result.ending is Ending.RAISED:
        due_at = next_attempt(1, now)
    return {
        "id": new_row_hex(),
        "run_id": run.id,
        "position": run.position,
        "action": action.key,
        "state": STATE_OF[result.ending],
        "detail": result.detail[:LONGEST_DETAIL],
        "attempts": 0 if result.ending is Ending.PENDING else 1,
        "at": now,
        "due_at": due_at,
        "lease_owner": "",
        "lease_expires_at": None,
        "event_id": result.event_id,
        "api_call_id": result.api_call_id,
    }
