from __future__ import annotations

from django.db import models
from django.db.models import Q

from common.encrypted_fields import EncryptedJSONField
from common.identifiers import new_row_id
from contacts.models.contact import Contact
from sites.models import Job, Site


class SubjectErasure(models.Model):
    """The erasure of a person beyond the contact itself: what logs keep of them, place by place.

    Made with every erasure, whichever door it came by. `sought` is by what the person is found in
    what was stored as it came in; encrypted, and emptied at the end. `cursors` holds how far each
    place is, `found` how many rows it had to empty: the report, which holds nothing personal.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting"
        RUNNING = "running", "At work"
        DONE = "done", "Done"

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="erasures")
    # Who said so: a person, a source, an API key.
    asked_label = models.CharField(max_length=200, blank=True, default="")
    reason = models.CharField(max_length=300, blank=True, default="")
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    # What works it off, when a person asked; others wait for the schedule.
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    sought = EncryptedJSONField(default=dict)
    cursors = models.JSONField(default=dict)
    found = models.JSONField(default=dict)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="erasure_state", condition=Q(state__in=("pending", "running", "done"))
            ),
        ]
        indexes = [
            models.Index(fields=("site", "-id"), name="erasure_by_site"),
            models.Index(fields=("id",), name="erasure_open", condition=~Q(state="done")),
        ]

    def __str__(self) -> str:
        return f"Erasure of {self.asked_at:%Y-%m-%d %H:%M}"
