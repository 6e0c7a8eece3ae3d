"""Runs and their steps in words: how far they are, what became of them, and why."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from django.utils.safestring import SafeString

from automation.models import RunState, StepState, WorkflowRun, WorkflowState, WorkflowStep
from common.admin.relative_time import relative_text
from common.admin.status_chip import Tone, status_chip

_RUN_TONES: Final = {
    RunState.READY: Tone.BUSY,
    RunState.WAITING: Tone.WAITING,
    RunState.FINISHED: Tone.GOOD,
    RunState.STOPPED: Tone.WARNING,
    RunState.CANCELLED: Tone.QUIET,
}
_STEP_TONES: Final = {
    StepState.DONE: Tone.GOOD,
    StepState.SKIPPED: Tone.QUIET,
    StepState.PENDING: Tone.WAITING,
    StepState.RETRYING: Tone.WARNING,
    StepState.FAILED: Tone.BAD,
}
_WORKFLOW_TONES: Final = {
    WorkflowState.DRAFT: Tone.QUIET,
    WorkflowState.RUNNING: Tone.GOOD,
    WorkflowState.PAUSED: Tone.WARNING,
}
_SUMMARIES: Final = {
    RunState.READY: "A worker goes on with it in a moment.",
    RunState.FINISHED: "Every step was reached.",
    RunState.STOPPED: "It ended before its last step.",
    RunState.CANCELLED: "Somebody took it back; nothing more happens.",
}
IN_PROGRESS: Final = (RunState.READY, RunState.WAITING)


def workflow_chip(state: str) -> SafeString:
    known = WorkflowState(state)
    return status_chip(str(known.label), _WORKFLOW_TONES[known])


def run_chip(run: WorkflowRun) -> SafeString:
    state = RunState(run.state)
    return status_chip(str(state.label), _RUN_TONES[state], title=run.reason)


def step_chip(step: WorkflowStep) -> SafeString:
    state = StepState(step.state)
    return status_chip(str(state.label), _STEP_TONES[state], title=step.detail)


def summary_words(run: WorkflowRun, now: datetime) -> str:
    """Return the sentence on top of a run's page."""
    if run.state == RunState.WAITING and run.due_at is not None:
        return f"It waits; the next step is due {_due(run.due_at, now)}."
    return _SUMMARIES.get(RunState(run.state), "")


def outcome_words(run: WorkflowRun, now: datetime) -> str:
    """Return how far a run is in a few words, for a list."""
    if run.state == RunState.WAITING and run.due_at is not None:
        return f"Goes on {_due(run.due_at, now)}"
    return ""


def failed_words(run_ids: Collection[UUID]) -> dict[UUID, str]:
    """Return, for runs in which a step failed, the first of those and why."""
    steps = WorkflowStep.objects.filter(
        run__in=run_ids, state__in=(StepState.FAILED, StepState.RETRYING)
    )
    found: dict[UUID, str] = {}
    for step in steps.order_by("run", "position"):
        word = "failed" if step.state == StepState.FAILED else "failed and is tried again"
        found.setdefault(step.run_id, f"Step {step.position + 1} {word}. {step.detail}")
    return found


def _due(at: datetime, now: datetime) -> str:
    return "now" if at <= now else relative_text(at, now)
