"""One step for many runs: together, and apart only when something went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import structlog
from django.db import OperationalError, transaction

from automation.workflows.actions.action import Ending, StepCall, StepResult
from automation.workflows.contact_documents import contact_documents
from automation.workflows.definition import Step
from automation.workflows.engine.run import Flow, Run
from automation.workflows.values import pointers_in
from common.database_trouble import is_environment_error

_RAISED: Final = "Something unexpected went wrong ({}). The log has the place."

log = structlog.get_logger(__name__)


def do_step(flow: Flow, position: int, runs: Sequence[Run]) -> list[StepResult]:
    """Do a step for runs that stand before it, in the caller's transaction.

    What raises is undone alone, for the one run that it happened to, and comes back as `raised`.
    Raises itself only what ends the whole transaction: a deadlock, or a database in trouble.
    """
    step = flow.steps[position]
    calls = step_calls(flow, position, runs)
    return _done(flow, step, calls)


def step_calls(flow: Flow, position: int, runs: Sequence[Run]) -> list[StepCall]:
    step = flow.steps[position]
    pointers = set(pointers_in(step.settings))
    contacts = contact_documents({run.contact_id for run in runs}, pointers)
    source = flow.source()
    return [
        StepCall(
            site=flow.site,
            run_id=run.id,
            started_at=run.started_at,
            position=position,
            contact_id=run.contact_id,
            settings=step.settings,
            variables={"event": run.event, "contact": contacts.get(run.contact_id, {})},
            source=source,
            received_event_id=run.received_event_id,
        )
        for run in runs
    ]


def _done(flow: Flow, step: Step, calls: Sequence[StepCall]) -> list[StepResult]:
    try:
        with transaction.atomic():
            return step.action.execute(calls)
    except Exception as error:
        if isinstance(error, OperationalError) or is_environment_error(error):
            raise
        if len(calls) == 1:
            return [_raised(flow, step, error)]
    middle = len(calls) // 2
    return [*_done(flow, step, calls[:middle]), *_done(flow, step, calls[middle:])]


def _raised(flow: Flow, step: Step, error: Exception) -> StepResult:
    # The text of an error may quote a value of the contact.
    name = type(error).__name__
    log.error(
        "workflow step raised",
        workflow=str(flow.workflow_id),
        version=flow.version_id,
        step=step.id,
        action=step.action.key,
        error=name,
    )
    return StepResult(ending=Ending.RAISED, detail=_RAISED.format(name))
