from __future__ import annotations

from django.conf import settings
from django.db import models

from sites.models.site import Site


class JobState(models.TextChoices):
    PENDING = "pending", "Waiting"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    CANCELLED = "cancelled", "Cancelled"
    FAILED = "failed", "Failed"


class Job(models.Model):
    """Something an operator asked for that takes a while: worked off in slices by the qcluster.

    `kind` names a runner registered in `sites.jobs`; `parameters` are JSON (filters, ids, limits);
    `cursor` is where the next slice begins; `counts` maps an outcome to how many rows had it.
    """

    site = models.ForeignKey(Site, null=True, on_delete=models.CASCADE, related_name="jobs")
    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=JobState, default=JobState.PENDING)
    parameters = models.JSONField(default=dict)
    cursor = models.CharField(max_length=200, blank=True)
    total = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    counts = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    is_cancel_requested = models.BooleanField(default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # A slice is claimed under a lease: a qcluster that dies leaves a job that is picked up again.
    lease_expires_at = models.DateTimeField(null=True)
    # Claims since the last slice that ended: what kills its process each time is given up.
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=JobState.values), name="job_state"),
        ]
        indexes = [
            models.Index(
                fields=("state", "id"),
                name="job_open",
                condition=models.Q(state__in=("pending", "running")),
            ),
            models.Index(fields=("site", "-id"), name="job_by_site"),
        ]

    def __str__(self) -> str:
        return self.title
