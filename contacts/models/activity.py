from __future__ import annotations

from django.db import models
from django.db.models import Q

from common.identifiers import new_row_id
from contacts.models.contact import Contact
from sites.models import Site


class Activity(models.Model):
    """Something a contact did or that happened to them.

    `received_event_id` names the received event that told of it; it has no constraint, because
    received events live in a layer above and are removed by retention earlier.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="activities", db_index=False
    )
    type = models.CharField(max_length=120)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    properties = models.JSONField(default=dict)
    source_key = models.CharField(max_length=64, blank=True, default="")
    source_label = models.CharField(max_length=200, blank=True, default="")
    key = models.CharField(max_length=200, blank=True, default="")
    received_event_id = models.UUIDField(null=True)

    class Meta:
        verbose_name_plural = "activities"
        constraints = [
            models.UniqueConstraint(
                fields=("contact", "source_key", "type", "key"),
                name="activity_key_once",
                condition=~Q(key=""),
            ),
        ]
        indexes = [
            models.Index(fields=("contact", "-occurred_at"), name="activity_by_contact"),
            models.Index(fields=("received_event_id",), name="activity_by_event"),
            # Whole for segments: who did this, how often, since when.
            models.Index(
                fields=("site", "type", "occurred_at", "contact"), name="activity_by_type"
            ),
        ]

    def __str__(self) -> str:
        return self.type
