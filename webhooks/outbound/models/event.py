from __future__ import annotations

from django.db import models
from django.db.models import Q

from common.identifiers import new_row_id
from contacts.models import Contact
from sites.models import Site


class Event(models.Model):
    """What happened, once. `outbound.publishing` alone inserts these, in the change's transaction.

    `payload` is compact JSON text in the shape of the event type's schema; it never changes, so
    that every attempt sends the same bytes. `message_id` (`msg_` and a KSUID) is what receivers
    tell repeats by. `order_key` names whom the event is about, for subscriptions in strict order.
    `source_key` is the public id of the source that it came from, empty for what began here.
    `received_event_id` is no foreign key: inbound and outbound do not know each other, and each
    has a retention of its own. `raw_*` is the request as it came in, for relays. `subject` names
    the person beside the payload (`email`, `phone`, `external_id`), for dialects that need one.
    Payload, subject and raw request are emptied when retention or an erasure takes them.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    message_id = models.CharField(max_length=40, unique=True)
    type = models.CharField(max_length=160)
    occurred_at = models.DateTimeField()
    created_at = models.DateTimeField()
    contact = models.ForeignKey(
        Contact, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )
    order_key = models.CharField(max_length=64, blank=True, default="")
    source_key = models.CharField(max_length=40, blank=True, default="")
    received_event_id = models.UUIDField(null=True)
    # Sent by an operator to try a subscription; goes to that one alone.
    is_test = models.BooleanField(default=False)
    raw_content_type = models.CharField(max_length=200, blank=True, default="")
    raw_headers = models.JSONField(default=dict)
    subject = models.JSONField(default=dict)
    payload = models.TextField(blank=True)
    # Last: SQLite reads through a large value to reach any column that stands behind it.
    raw_body = models.BinaryField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=("site", "id"), name="event_by_site"),
            models.Index(fields=("site", "type", "id"), name="event_by_type"),
            models.Index(
                fields=("contact", "id"),
                name="event_by_contact",
                condition=Q(contact__isnull=False),
            ),
            models.Index(
                fields=("received_event_id",),
                name="event_by_received",
                condition=Q(received_event_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.message_id}"
