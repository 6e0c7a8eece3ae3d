from __future__ import annotations

from django.db import models

from common.identifiers import new_row_id
from contacts.models.contact import Contact
from sites.models import Site


class ContactRevision(models.Model):
    """One change of a contact, field by field, and what caused it.

    `changes` maps a field (`email`, `preference.email`, `consent.<id>`, `attribute.<name>`) to
    `[before, after]`; `state` tells of the beginning and the end of a person. A personal identity
    number appears masked. `position` is the row within the received event. Erasing a contact
    empties `changes` of all its revisions.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="revisions", db_index=False
    )
    at = models.DateTimeField()
    changes = models.JSONField(default=dict)
    source_key = models.CharField(max_length=64, blank=True, default="")
    source_label = models.CharField(max_length=200, blank=True, default="")
    actor_label = models.CharField(max_length=150, blank=True, default="")
    received_event_id = models.UUIDField(null=True)
    position = models.PositiveIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=("contact", "-at"), name="revision_by_contact"),
            models.Index(fields=("received_event_id",), name="revision_by_event"),
        ]

    def __str__(self) -> str:
        return ", ".join(self.changes)


class ContactMerge(models.Model):
    """Two contacts turned out to be one person: which was kept, which absorbed, and why.

    `absorbed_id` no longer exists as a contact. `taken` lists the fields whose value came from it.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="merges")
    absorbed_id = models.UUIDField(db_index=True)
    at = models.DateTimeField()
    joined_by = models.CharField(max_length=40)
    taken = models.JSONField(default=list)
    source_label = models.CharField(max_length=200, blank=True, default="")
    received_event_id = models.UUIDField(null=True)

    def __str__(self) -> str:
        return f"{self.absorbed_id} into {self.contact_id} by {self.joined_by}"
