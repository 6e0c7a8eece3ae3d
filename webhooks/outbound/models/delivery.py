from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q

from common.identifiers import new_row_id
from sites.models import Site
from webhooks.outbound.models.event import Event
from webhooks.outbound.models.subscription import Subscription


class DeliveryStatus(models.TextChoices):
    """States of a delivery; docs/deliveries.md has the table of moves."""

    PENDING = "pending", "Pending"  # waits for its first attempt
    SENDING = "sending", "Sending"  # a worker holds it under a lease
    RETRYING = "retrying", "Retrying"  # failed, and is due again
    SUCCEEDED = "succeeded", "Succeeded"
    FAILED = "failed", "Failed"  # no attempt is left
    HELD = "held", "Held"  # its subscription is paused or disabled
    CANCELLED = "cancelled", "Cancelled"  # by a person, or because its subscription went


# The order is part of index conditions; SQLite compares them with the query's word by word.
WAITING: Final = ("pending", "retrying")
TROUBLED: Final = ("retrying", "failed", "held")


class Trigger(models.TextChoices):
    """Why a delivery or an attempt came about."""

    EVENT = "event", "Event"
    RETRY = "retry", "Retry"
    REPLAY = "replay", "Sent again"
    TEST = "test", "Test"


class Delivery(models.Model):
    """One event to one subscription. Its log is the attempts of its `unit`.

    A unit is what one request carries: a delivery alone (`unit` is its own id), or a batch, whose
    deliveries share one. A replay is a delivery of its own that `repeats` another, under the
    event's message id. `due_at` is when it may be claimed; `attempts` counts the one under way.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    event = models.ForeignKey(
        Event, on_delete=models.CASCADE, related_name="deliveries", db_index=False
    )
    event_type = models.CharField(max_length=160)
    unit = models.UUIDField()
    order_key = models.CharField(max_length=64, blank=True, default="")
    trigger = models.CharField(max_length=10, choices=Trigger, default=Trigger.EVENT)
    repeats = models.ForeignKey(
        "self", null=True, on_delete=models.SET_NULL, related_name="repeated_by", db_index=False
    )
    triggered_by = models.CharField(max_length=150, blank=True, default="")
    created_at = models.DateTimeField()

    status = models.CharField(max_length=10, choices=DeliveryStatus, default=DeliveryStatus.PENDING)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_owner = models.CharField(max_length=64, blank=True, default="")
    lease_expires_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    last_status_code = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=20, blank=True, default="")
    reason = models.TextField(blank=True, default="")

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            # An event goes to a subscription once by itself; replays and tests come on top.
            models.UniqueConstraint(
                fields=("event", "subscription"),
                condition=Q(trigger="event"),
                name="delivery_once_by_event",
            ),
            models.CheckConstraint(
                condition=Q(status__in=DeliveryStatus.values), name="delivery_status"
            ),
        ]
        indexes = [
            models.Index(fields=("site", "id"), name="delivery_by_site"),
            models.Index(fields=("subscription", "id"), name="delivery_by_subscription"),
            models.Index(fields=("event",), name="delivery_by_event"),
            models.Index(fields=("unit",), name="delivery_by_unit"),
            # Deleting a delivery asks for those that repeat it.
            models.Index(
                fields=("repeats",),
                name="delivery_by_repeated",
                condition=Q(repeats__isnull=False),
            ),
            models.Index(
                fields=("subscription", "due_at", "id"),
                name="delivery_waiting",
                condition=Q(status__in=WAITING),
            ),
            models.Index(
                fields=("subscription", "lease_expires_at"),
                name="delivery_leased",
                condition=Q(status="sending"),
            ),
            models.Index(
                fields=("subscription", "status", "id"),
                name="delivery_troubled",
                condition=Q(status__in=TROUBLED),
            ),
            models.Index(
                fields=("site", "status", "id"),
                name="delivery_troubled_by_site",
                condition=Q(status__in=TROUBLED),
            ),
            models.Index(
                fields=("subscription", "order_key", "id"),
                name="delivery_in_order",
                condition=Q(status__in=("pending", "retrying", "sending")) & ~Q(order_key=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event_type} {self.pk}"


class Attempt(models.Model):
    """One request, as it was sent and answered; secrets in headers and URL are masked.

    `error` is empty for an answer with a success status, else `status` or a kind of failure
    (`dns`, `refused`, `reset`, `timeout`, `tls`, `blocked_address`, `protocol`, `unsendable`).
    `body_sha256` tells whether a body built again is the one that was sent. `next_at` is when the
    unit was to be tried again, as decided after this attempt.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    unit = models.UUIDField()
    number = models.PositiveSmallIntegerField()
    trigger = models.CharField(max_length=10, choices=Trigger)
    deliveries = models.PositiveIntegerField(default=1)
    started_at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField(default=0)
    status_code = models.PositiveSmallIntegerField(null=True)
    error = models.CharField(max_length=20, blank=True, default="")
    sentence = models.TextField(blank=True, default="")
    next_at = models.DateTimeField(null=True)
    revision = models.PositiveIntegerField()
    url = models.CharField(max_length=1200)
    request_headers = models.JSONField(default=dict)
    body_bytes = models.PositiveIntegerField(default=0)
    body_sha256 = models.CharField(max_length=64, blank=True, default="")
    response_headers = models.JSONField(default=dict)
    is_cut = models.BooleanField(default=False)
    response_body = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=("unit", "id"), name="attempt_by_unit"),
            models.Index(fields=("subscription", "id"), name="attempt_by_subscription"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.unit}"


class KeptBody(models.Model):
    """The bytes of a unit's request, kept so that the next attempt sends the same ones.

    Written for every batch, for bodies that cannot be built twice alike, and after a first failure;
    removed when retention takes the unit.
    """

    unit = models.UUIDField(primary_key=True)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    message_id = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    content_type = models.CharField(max_length=200)
    # What the format adds to the URL and to the headers, so that a retry repeats them too.
    query = models.JSONField(default=list)
    headers = models.JSONField(default=dict)
    body = models.BinaryField()

    class Meta:
        verbose_name_plural = "kept bodies"

    def __str__(self) -> str:
        return f"body of {self.unit}"
