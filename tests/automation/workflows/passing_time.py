from __future__ import annotations

from datetime import timedelta

from automation.models import WorkflowRun, WorkflowStep


def pass_time(**by: float) -> None:
    """Make all that waits due by so much earlier."""
    for run in WorkflowRun.objects.exclude(due_at=None):
        assert run.due_at is not None
        WorkflowRun.objects.filter(pk=run.pk).update(due_at=run.due_at - timedelta(**by))
    for step in WorkflowStep.objects.exclude(due_at=None):
        assert step.due_at is not None
        WorkflowStep.objects.filter(pk=step.pk).update(due_at=step.due_at - timedelta(**by))
