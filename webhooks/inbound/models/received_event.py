from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q

from common.identifiers import new_row_id
from contacts.models import Contact
from sites.models import Site
from webhooks.inbound.models.source import Source


class Status(models.TextChoices):
    """States of a received event; docs/received-events.md has the table of moves."""

    RECEIVED = "received", "Received"  # stored and answered, waits for a worker
    PROCESSING = "processing", "Processing"  # a worker holds it under a lease
    PROCESSED = "processed", "Processed"  # every row had its effect
    PARTLY_PROCESSED = "partly_processed", "Partly processed"  # some rows were set aside
    IGNORED = "ignored", "Ignored"  # understood, and nothing to do; replayable
    FAILED = "failed", "Failed"  # nothing had an effect; replayable


# The order is part of an index condition; SQLite compares it with the query's word by word.
TROUBLED: Final = ("ignored", "failed", "partly_processed")


class Outcome(models.TextChoices):
    """What became of one row (one inbound event) of a received event."""

    APPLIED = "applied", "Applied"  # a contact was created or changed
    UNCHANGED = "unchanged", "No change"  # understood; the contact already was so, or newer
    IGNORED = "ignored", "Ignored"
    QUARANTINED = "quarantined", "Set aside"  # this row is bad, its neighbours went on


class ReceivedEvent(models.Model):
    """One accepted request, stored before it was answered. `inbound.journal` alone inserts these.

    `id` is a UUIDv7, so that rows sort by arrival. `dedupe_key` is unique within the source; a
    repeat finds the first row by it. `body` is null once retention removed it. Headers and query
    are stored with secrets masked. `history` lists what happened besides a first success:
    `[{"at", "what", "detail", "by"}]`, newest last, at most 50.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    source = models.ForeignKey(
        Source, on_delete=models.CASCADE, related_name="received_events", db_index=False
    )
    dedupe_key = models.CharField(max_length=255)
    event_id = models.CharField(max_length=200, blank=True)
    event_type = models.CharField(max_length=120, blank=True)
    received_at = models.DateTimeField()
    remote_address = models.CharField(max_length=45, blank=True)

    status = models.CharField(max_length=16, choices=Status, default=Status.RECEIVED)
    cause = models.CharField(max_length=40, blank=True)
    reason = models.TextField(blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_owner = models.CharField(max_length=64, blank=True)
    lease_expires_at = models.DateTimeField(null=True)
    processed_at = models.DateTimeField(null=True)
    rows_applied = models.PositiveIntegerField(default=0)
    rows_unchanged = models.PositiveIntegerField(default=0)
    rows_ignored = models.PositiveIntegerField(default=0)
    rows_quarantined = models.PositiveIntegerField(default=0)
    history = models.JSONField(default=list)
    headers = models.JSONField(default=dict)
    query = models.JSONField(default=dict)
    body_bytes = models.PositiveIntegerField()
    # Last: SQLite reads through a large body to reach any column that stands behind it.
    body = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("source", "dedupe_key"), name="received_once"),
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="received_event_status"
            ),
        ]
        indexes = [
            models.Index(fields=("site", "id"), name="received_by_site"),
            models.Index(fields=("source", "id"), name="received_by_source"),
            models.Index(fields=("site", "event_type", "id"), name="received_by_type"),
            models.Index(
                fields=("event_id",), name="received_by_event_id", condition=~Q(event_id="")
            ),
            # What waits and what went wrong is a sliver of all rows: small indexes, fast chips.
            models.Index(fields=("id",), name="received_waiting", condition=Q(status="received")),
            # Claimed one at a time: without an index each claim would pass over all that waits.
            models.Index(
                fields=("due_at",),
                name="received_retrying",
                condition=Q(status="received", attempts__gt=0),
            ),
            models.Index(
                fields=("lease_expires_at",),
                name="received_leased",
                condition=Q(status="processing"),
            ),
            models.Index(
                fields=("site", "status", "id"),
                name="received_troubled",
                condition=Q(status__in=TROUBLED),
            ),
            models.Index(
                fields=("site", "cause", "id"), name="received_by_cause", condition=~Q(cause="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type or 'event'} {self.pk}"


class EventOutcome(models.Model):
    """What became of one row of a received event. Replaced as a whole when it is replayed.

    `identity` is the e-mail, phone or id by which the row named its person, for search; it is
    emptied when that person is erased.
    """

    received_event = models.ForeignKey(
        ReceivedEvent, on_delete=models.CASCADE, related_name="outcomes", db_index=False
    )
    position = models.PositiveIntegerField()
    event_type = models.CharField(max_length=120)
    event_id = models.CharField(max_length=200, blank=True, default="")
    outcome = models.CharField(max_length=12, choices=Outcome)
    cause = models.CharField(max_length=40, blank=True, default="")
    reason = models.TextField(blank=True, default="")
    notes = models.JSONField(default=list)
    identity = models.CharField(max_length=254, blank=True, default="")
    contact = models.ForeignKey(
        Contact, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("received_event", "position"), name="outcome_once_per_row"
            ),
        ]
        indexes = [
            models.Index(
                fields=("contact", "-received_event"),
                name="outcome_by_contact",
                condition=Q(contact__isnull=False),
            ),
            models.Index(
                fields=("identity", "-received_event"),
                name="outcome_by_identity",
                condition=~Q(identity=""),
            ),
        ]

    def __str__(self) -> str:
        return f"row {self.position}: {self.outcome}"
