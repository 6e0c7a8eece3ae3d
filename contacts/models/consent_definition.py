from __future__ import annotations

from django.db import models
from django.db.models import Q

from common.identifiers import new_row_id
from contacts.models.contact import Contact
from contacts.models.permission import Consent
from sites.models import Site


class ConsentDefinition(models.Model):
    """A formal agreement that a site asks its contacts for (Voyado Engage, *Consents*).

    `consent_id` is the id by which sources and APIs name it. One that is not active is not asked
    for any more; what contacts answered stays.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="consent_definitions")
    consent_id = models.CharField("id", max_length=120)
    name = models.CharField(max_length=200)
    is_active = models.BooleanField("active", default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("site", "name", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=("site", "consent_id"), name="consent_definition_id_once"
            ),
            models.CheckConstraint(name="consent_definition_has_id", condition=~Q(consent_id="")),
        ]

    def __str__(self) -> str:
        return self.name


class ConsentText(models.Model):
    """One version of what people agree to. It never changes: a correction is the next version.

    `texts` maps a culture (`sv-SE`) to `{"condition", "display", "link"}`: the terms as HTML, the
    sentence beside the box, and the words of the link to the terms.
    """

    definition = models.ForeignKey(
        ConsentDefinition, on_delete=models.CASCADE, related_name="versions", db_index=False
    )
    version = models.PositiveIntegerField()
    texts = models.JSONField(default=dict)
    published_at = models.DateTimeField()
    author_label = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ("definition", "-version")
        constraints = [
            models.UniqueConstraint(
                fields=("definition", "version"), name="consent_text_version_once"
            ),
            models.CheckConstraint(name="consent_text_version", condition=Q(version__gte=1)),
        ]

    def __str__(self) -> str:
        return f"version {self.version}"


class ConsentChange(models.Model):
    """One answer to a consent, kept as its proof; never changed, and gone only with the person.

    While it stands, its `consent` cannot be deleted: the database refuses, so that a yes or no
    never becomes “not set” again. `changed_at` is when it was true at the sender, `recorded_at`
    when it was stored here. `text_version` is the version of the text that was shown, if known.
    """

    id = models.UUIDField(primary_key=True, default=new_row_id, editable=False)
    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="consent_changes", db_index=False
    )
    consent = models.ForeignKey(
        Consent, on_delete=models.RESTRICT, related_name="changes", db_index=True
    )
    value = models.BooleanField()
    previous_value = models.BooleanField(null=True)
    changed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    text_version = models.PositiveIntegerField(null=True)
    comment = models.CharField(max_length=500, blank=True, default="")
    source_key = models.CharField(max_length=64, blank=True, default="")
    source_label = models.CharField(max_length=200, blank=True, default="")
    actor_label = models.CharField(max_length=150, blank=True, default="")
    received_event_id = models.UUIDField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=("contact", "-changed_at"), name="consent_change_of_contact")
        ]

    def __str__(self) -> str:
        return f"{self.consent_id}: {'yes' if self.value else 'no'}"
