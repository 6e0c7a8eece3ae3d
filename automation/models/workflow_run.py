from __future__ import annotations

from django.db import models
from django.db.models import Q

from automation.models.workflow import Workflow, WorkflowVersion
from common.identifiers import new_row_id
from contacts.models import Contact


class RunState(models.TextChoices):
    """`ready` is worked off by a worker; `waiting` until `due_at`. The last three are ends."""

    READY = "ready", "Ready"
    WAITING = "waiting", "Waiting"
    FINISHED = "finished", "Finished"
    STOPPED = "stopped", "Stopped"
    CANCELLED = "cancelled", "Cancelled"


class StepState(models.TextChoices):
    """`pending` and `retrying` are due at `due_at`; a worker does them."""

    DONE = "done", "Done"
    SKIPPED = "skipped", "Nothing to do"
    PENDING = "pending", "To be done"
    RETRYING = "retrying", "Failed, will be tried again"
    FAILED = "failed", "Failed"


class WorkflowRun(models.Model):
    """One contact's way through one version of a workflow.

    `trigger_key` makes a start repeatable: the same event starts it once. `variables` are what the
    trigger gave (JSON), emptied when the person is erased. `position` is the next step. `depth`
    counts the workflows whose effects led here. `attempts` counts how often it was claimed since it
    last went on. `reason` says in a sentence why it stopped.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    workflow = models.ForeignKey(
        Workflow, on_delete=models.CASCADE, related_name="runs", db_index=False
    )
    version = models.ForeignKey(WorkflowVersion, on_delete=models.CASCADE, related_name="+")
    contact = models.ForeignKey(
        Contact, null=True, on_delete=models.CASCADE, related_name="workflow_runs"
    )
    trigger_key = models.CharField(max_length=120)
    variables = models.JSONField(default=dict)
    state = models.CharField(max_length=9, choices=RunState)
    position = models.PositiveIntegerField(default=0)
    depth = models.PositiveSmallIntegerField(default=1)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=300, blank=True, default="")
    received_event_id = models.UUIDField(null=True)
    started_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=64, blank=True, default="")
    lease_expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("workflow", "trigger_key"), name="workflow_run_once_per_trigger"
            ),
            models.CheckConstraint(
                name="workflow_run_state", condition=Q(state__in=RunState.values)
            ),
            models.CheckConstraint(
                name="workflow_run_due",
                condition=~Q(state__in=("ready", "waiting")) | Q(due_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=("workflow", "-id"), name="workflow_run_by_workflow"),
            models.Index(
                fields=("due_at",),
                condition=Q(state__in=("ready", "waiting")),
                name="workflow_run_due_first",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.workflow_id}: {self.state}"


class WorkflowStep(models.Model):
    """What one step of a run did; a failed one is tried again apart from the rest of the run."""

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    run = models.ForeignKey(
        WorkflowRun, on_delete=models.CASCADE, related_name="steps", db_index=False
    )
    position = models.PositiveIntegerField()
    action = models.CharField(max_length=40)
    state = models.CharField(max_length=8, choices=StepState)
    # What was done or why not, in a sentence that holds no personal data.
    detail = models.CharField(max_length=500, blank=True, default="")
    attempts = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=64, blank=True, default="")
    lease_expires_at = models.DateTimeField(null=True)
    # What came of it elsewhere, by primary key: an outbound event, an API call.
    event_id = models.UUIDField(null=True)
    api_call_id = models.UUIDField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("run", "position"), name="workflow_step_once"),
            models.CheckConstraint(
                name="workflow_step_state", condition=Q(state__in=StepState.values)
            ),
            models.CheckConstraint(
                name="workflow_step_due",
                condition=~Q(state__in=("pending", "retrying")) | Q(due_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=("due_at",),
                condition=Q(state__in=("pending", "retrying")),
                name="workflow_step_due_first",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action}: {self.state}"
