"""Workflows that a schedule sets off: found by the clock, worked off as a job, in slices."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from automation.models import SegmentMember, Workflow, WorkflowState
from automation.workflows.directory import RunningWorkflow, running_of
from automation.workflows.engine.beginning import Beginning, runs_begin
from automation.workflows.event_documents import schedule_document
from automation.workflows.schedule_times import next_due
from automation.workflows.triggers import SCHEDULE
from sites.audit import Actor
from sites.jobs import job_runner, job_start
from sites.models import Job

KIND: Final = "workflow_schedule"
SLICE: Final = 500
_ACTOR: Final = Actor.system("patchbay")


def start_due_workflows() -> int:
    """Start a job for each workflow whose time has come; return how many. Runs every minute.

    What was missed while nothing ran happens once, and not once for every time that was missed.
    """
    now = timezone.now()
    due = Workflow.objects.filter(
        state=WorkflowState.RUNNING, deleted_at=None, due_at__lte=now, site__is_active=True
    )
    return sum(_start(pk, now) for pk in due.order_by("due_at").values_list("pk", flat=True))


@transaction.atomic
def _start(workflow_id: UUID, now: datetime) -> bool:
    """Start one workflow, unless another process did; the two things hold or neither does."""
    rows = Workflow.objects.select_for_update(of=("self",)).select_related("site", "active_version")
    workflow = rows.filter(pk=workflow_id, state=WorkflowState.RUNNING, due_at__lte=now).first()
    if workflow is None or workflow.active_version is None or workflow.due_at is None:
        return False
    trigger = workflow.active_version.definition["trigger"]
    occurrence = workflow.due_at
    members = SegmentMember.objects.filter(segment=trigger["segment"])
    job_start(
        kind=KIND,
        title=f"Workflow {workflow.name}",
        site=workflow.site,
        parameters={"workflow": str(workflow.pk), "due_at": occurrence.isoformat()},
        total=members.count(),
        actor=_ACTOR,
    )
    # Not by `save`: who keeps the running workflows in memory has nothing to load anew.
    Workflow.objects.filter(pk=workflow.pk).update(due_at=next_due(trigger, workflow.site, now))
    return True


@job_runner(KIND)
def begin_slice(job: Job) -> bool:
    """Let the next members of the segment begin; a member is known by their contact's id."""
    workflow = _running(job)
    if workflow is None:
        return True
    members = SegmentMember.objects.filter(segment=workflow.definition.trigger["segment"])
    if job.cursor:
        members = members.filter(contact__gt=UUID(job.cursor))
    rows = members.filter(contact__deleted_at=None).order_by("contact")
    ids = list(rows.values_list("contact", flat=True)[:SLICE])
    if not ids:
        return True
    due_at = datetime.fromisoformat(job.parameters["due_at"])
    runs_begin(
        [
            Beginning(
                workflow=workflow,
                contact_id=contact_id,
                trigger_key=f"schedule:{due_at.isoformat()}:{contact_id}",
                event=schedule_document(due_at),
            )
            for contact_id in ids
        ]
    )
    job.cursor = str(ids[-1])
    job.done += len(ids)
    return len(ids) < SLICE


def _running(job: Job) -> RunningWorkflow | None:
    """Return the workflow as it runs now; None once it was paused, or has another trigger."""
    workflow_id = UUID(job.parameters["workflow"])
    running = running_of(job.site_id or 0, SCHEDULE)
    return next((each for each in running if each.id == workflow_id), None)
