from __future__ import annotations

from django.db import models
from django.db.models import Q

from common.identifiers import new_row_id
from sites.models import Site


class WorkflowState(models.TextChoices):
    """Draft → running ⇄ paused. While it is paused nobody begins, and who waits, waits on."""

    DRAFT = "draft", "Draft"
    RUNNING = "running", "Running"
    PAUSED = "paused", "Paused"


class Workflow(models.Model):
    """What happens by itself: a trigger with conditions and actions, in versions.

    `active_version` is what new contacts run through, `newest` what the editor shows: the two
    differ after saving until it is started again. `deleted_at` hides it; its log stays.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="workflows")
    name = models.CharField(max_length=120)
    description = models.CharField(max_length=500, blank=True, default="")
    state = models.CharField(
        max_length=8, choices=WorkflowState, default=WorkflowState.DRAFT, editable=False
    )
    active_version = models.ForeignKey(
        "WorkflowVersion", null=True, on_delete=models.RESTRICT, related_name="+", editable=False
    )
    started_at = models.DateTimeField(null=True, editable=False)
    # For the trigger schedule: when it is due next, and was last.
    due_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("site", "name")
        constraints = [
            models.UniqueConstraint(
                fields=("site", "name"),
                condition=Q(deleted_at__isnull=True),
                name="workflow_name_once_per_site",
            ),
            models.CheckConstraint(
                name="workflow_state", condition=Q(state__in=WorkflowState.values)
            ),
            models.CheckConstraint(
                name="workflow_runs_a_version",
                condition=Q(state="draft") | Q(active_version__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WorkflowVersion(models.Model):
    """A workflow as it was saved; it never changes. `definition` is described in `workflows`."""

    workflow = models.ForeignKey(
        Workflow, on_delete=models.CASCADE, related_name="versions", db_index=False
    )
    number = models.PositiveIntegerField()
    definition = models.JSONField()
    saved_at = models.DateTimeField()
    saved_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ("workflow", "-number")
        constraints = [
            models.UniqueConstraint(
                fields=("workflow", "number"), name="workflow_version_number_once"
            ),
        ]

    def __str__(self) -> str:
        return f"version {self.number}"
