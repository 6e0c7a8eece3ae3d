from __future__ import annotations

from django.db import models

from common.identifiers import new_row_id
from integrations.causes import RejectionCause
from sites.models import Site
from webhooks.inbound.models.source import Source


def rejection_cause_choices() -> list[tuple[str, str]]:
    return [(cause.value, cause.value) for cause in RejectionCause]


class RejectedRequest(models.Model):
    """One refused request: why, how to fix it, and the redacted start of it.

    `body_start` holds the first 2 KB, or 64 KB where fields or contacts refused it; when
    `body_bytes` is no more than that the request is whole and may be reprocessed after the fix.
    Rows are capped per source and day; `RejectionCount` counts beyond the cap.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    source = models.ForeignKey(
        Source, on_delete=models.CASCADE, related_name="rejected_requests", db_index=False
    )
    at = models.DateTimeField()
    cause = models.CharField(max_length=30, choices=rejection_cause_choices)
    detail = models.TextField(blank=True)
    status_code = models.PositiveSmallIntegerField()
    remote_address = models.CharField(max_length=45, blank=True)
    headers = models.JSONField(default=dict)
    query = models.JSONField(default=dict)
    body_start = models.BinaryField(default=bytes)
    body_bytes = models.PositiveBigIntegerField(default=0)
    is_whole = models.BooleanField(default=False)
    reprocessed_as = models.ForeignKey(
        "webhooks.ReceivedEvent", null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes = [
            models.Index(fields=("site", "id"), name="rejected_by_site"),
            models.Index(fields=("source", "id"), name="rejected_by_source"),
            models.Index(fields=("site", "cause", "id"), name="rejected_by_cause"),
        ]

    def __str__(self) -> str:
        return f"{self.cause} at {self.at:%Y-%m-%d %H:%M:%S}"


class RejectionCount(models.Model):
    """How often one source refused for one cause on one UTC day, rows beyond the cap included."""

    source = models.ForeignKey(
        Source, on_delete=models.CASCADE, related_name="rejection_counts", db_index=False
    )
    day = models.DateField()
    cause = models.CharField(max_length=30, choices=rejection_cause_choices)
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("source", "day", "cause"), name="rejection_count_once"),
        ]

    def __str__(self) -> str:
        return f"{self.cause} on {self.day}: {self.count}"
