from __future__ import annotations

from typing import Any, Final

from django.db import models

from common.identifiers import new_row_id
from sites.models import Site


class Direction(models.TextChoices):
    SENT = "sent", "To the retailer's API"
    SERVED = "served", "From Onsite to us"


class Operation(models.TextChoices):
    LOOKUP = "lookup", "Get/Lookup Contact"
    WRITE = "write", "Create/Update Contact"


class Purpose(models.TextChoices):
    """Why the call was made."""

    SUBMISSION = "submission", "A visitor's submission"
    RESEND = "resend", "Sent again by staff"
    TRIAL = "trial", "Tried by staff"
    WORKFLOW = "workflow", "A workflow"
    ONSITE = "onsite", "Asked by Onsite"


class Outcome(models.TextChoices):
    """What a call came to. The last two stop a visitor."""

    FOUND = "found", "Found"
    NOT_FOUND = "not_found", "Not found"
    CREATED = "created", "Created"
    UPDATED = "updated", "Updated"
    # The code is on the list: no error, the flow goes on.
    IGNORED = "ignored", "Ignored"
    # An answer came, and it was neither expected nor on the list.
    BLOCKED = "blocked", "Blocked"
    # No usable answer came at all: time-out, DNS, TLS, reset; or a served request was refused.
    ERROR = "error", "Error"


# What a call becomes when the person that it was about is erased; that there was one stays.
NOTHING_SAID: Final[dict[str, Any]] = {
    "url": "",
    "request_headers": {},
    "request_body": "",
    "response_headers": {},
    "response_body": "",
    "reason": "",
    "notes": [],
}


class ApiCall(models.Model):
    """One logged call of a Generic API, in either direction.

    Secrets and the personal identity number are masked before they are stored. Bodies hold at most
    16 KiB. `submission_id` and `contact_id` name rows of layers above. `reason` is a sentence for
    staff, empty when all went well; `failure` the kind of a failure without an answer
    (`common.http.FailureKind`).
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    direction = models.CharField(max_length=8, choices=Direction.choices)
    operation = models.CharField(max_length=8, choices=Operation.choices)
    purpose = models.CharField(max_length=12, choices=Purpose.choices)
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    failure = models.CharField(max_length=20, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    notes = models.JSONField(default=list)
    submission_id = models.UUIDField(null=True)
    contact_id = models.UUIDField(null=True)

    method = models.CharField(max_length=8)
    url = models.TextField()
    request_headers = models.JSONField(default=dict)
    request_body = models.TextField(blank=True, default="")
    # Null when no answer came.
    status_code = models.PositiveSmallIntegerField(null=True)
    response_headers = models.JSONField(default=dict)
    response_body = models.TextField(blank=True, default="")
    duration_ms = models.PositiveIntegerField()
    remote_address = models.CharField(max_length=45, blank=True, default="")

    class Meta:
        verbose_name = "API call"
        verbose_name_plural = "API calls"
        indexes = [
            models.Index(fields=("site", "id"), name="api_call_by_site"),
            models.Index(fields=("site", "outcome", "id"), name="api_call_by_outcome"),
            models.Index(fields=("submission_id",), name="api_call_by_submission"),
            # Erasing or joining people asks for it.
            models.Index(fields=("contact_id",), name="api_call_by_contact"),
        ]
        constraints = [
            models.CheckConstraint(
                name="api_call_outcome_known", condition=models.Q(outcome__in=Outcome.values)
            ),
            models.CheckConstraint(
                name="api_call_direction_known", condition=models.Q(direction__in=Direction.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_operation_display()} at {self.at:%Y-%m-%d %H:%M:%S}"
