from __future__ import annotations

from django.db import models
from django.db.models import Q

from contacts.models.contact import Contact
from integrations.contact_change import Channel


class Preference(models.Model):
    """Whether a contact accepts one channel, and who said so, when and from where."""

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="preferences", db_index=False
    )
    channel = models.CharField(
        max_length=8, choices=[(channel.value, channel.value.capitalize()) for channel in Channel]
    )
    accepts = models.BooleanField()
    cause = models.CharField(max_length=60, blank=True, default="")
    changed_at = models.DateTimeField()
    source_key = models.CharField(max_length=64, blank=True, default="")
    source_label = models.CharField(max_length=200, blank=True, default="")
    actor_label = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("contact", "channel"), name="preference_once"),
            models.CheckConstraint(
                condition=Q(channel__in=[channel.value for channel in Channel]),
                name="preference_channel",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {'yes' if self.accepts else 'no'}"


class Consent(models.Model):
    """A yes or a no to one consent. Not set is the absence of a row, which never comes again.

    `text_version` is the version of the text that was shown, if known. Each answer is kept as a
    `ConsentChange`, without which the row cannot be deleted.
    """

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="consents", db_index=False
    )
    consent_id = models.CharField(max_length=120)
    value = models.BooleanField()
    changed_at = models.DateTimeField()
    text_version = models.PositiveIntegerField(null=True)
    comment = models.CharField(max_length=500, blank=True, default="")
    source_key = models.CharField(max_length=64, blank=True, default="")
    source_label = models.CharField(max_length=200, blank=True, default="")
    actor_label = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("contact", "consent_id"), name="consent_once"),
        ]
        # Who said yes or no to one, to count them and to find them.
        indexes = [
            models.Index(fields=("consent_id", "value", "contact"), name="consent_by_answer")
        ]

    def __str__(self) -> str:
        return f"{self.consent_id}: {'yes' if self.value else 'no'}"


class EmailListStatus(models.Model):
    """What one sender's list says of a contact's address (Ongage: per `list_id`)."""

    class Kind(models.TextChoices):
        SOFT = "soft", "Soft bounce"
        HARD = "hard", "Hard bounce"
        UNSUBSCRIBE = "unsubscribe", "Unsubscribed"
        COMPLAINT = "complaint", "Complained"

    contact = models.ForeignKey(
        Contact, on_delete=models.CASCADE, related_name="email_lists", db_index=False
    )
    source_key = models.CharField(max_length=64)
    list_id = models.CharField(max_length=60)
    kind = models.CharField(max_length=12, choices=Kind)
    esp_name = models.CharField("ESP name", max_length=120, blank=True, default="")
    soft_bounces = models.PositiveIntegerField(default=0)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=("contact", "source_key", "list_id"), name="email_list_once"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=("soft", "hard", "unsubscribe", "complaint")),
                name="email_list_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"list {self.list_id}: {self.kind}"
