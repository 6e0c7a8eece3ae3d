from __future__ import annotations

from django.db import models


class ProcessKind(models.TextChoices):
    WEB = "web", "Web"
    WORKER = "worker", "Worker"
    QCLUSTER = "qcluster", "Scheduler and jobs"


class Heartbeat(models.Model):
    """A running process says here that it is alive; the supervisor and every page read it.

    `name` is unique per process: kind, host and process id. `supervisor` names the `run` that
    started it, so that a supervisor judges its own children only.
    """

    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=ProcessKind)
    host = models.CharField(max_length=255)
    process_id = models.PositiveIntegerField()
    supervisor = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField()
    beat_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=("kind", "-beat_at"), name="heartbeat_by_kind")]

    def __str__(self) -> str:
        return self.name
