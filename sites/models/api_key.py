from __future__ import annotations

from django.db import models

from common.identifiers import random_token
from sites.models.site import Site


class Scope(models.TextChoices):
    """What a key may do. A key holds any number of them."""

    CONTACTS_READ = "contacts:read", "Read contacts and contact fields"
    CONTACTS_WRITE = "contacts:write", "Change contacts and contact fields"
    CONSENTS_READ = "consents:read", "Read consents and what contacts answered"
    CONSENTS_WRITE = "consents:write", "Set contacts' consents"
    LOYALTY_READ = "loyalty:read", "Read points, vouchers and promotions"
    LOYALTY_WRITE = "loyalty:write", "Award and redeem points, vouchers and promotions"
    CUSTOM_EVENTS_WRITE = "custom-events:write", "Send custom events"
    ONSITE_WRITE = "onsite:write", "Send Onsite submissions"
    MANAGEMENT_READ = "management:read", "Look at subscriptions, deliveries and received events"
    MANAGEMENT_WRITE = "management:write", "Change subscriptions, send and replay again"


def new_key_id() -> str:
    return random_token("key_", 16)


class ApiKey(models.Model):
    """Lets another system call this site's API: `Authorization: ApiKey {key_id}:{secret}`.

    The secret is shown once, when the key is made, and only its SHA-256 is stored: 238 random bits
    need no slow hash. An empty `allowed_networks` allows every address. A revoked key stays as a
    row, so that the log can name it.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=120, help_text="Who or what uses it.")
    key_id = models.CharField(max_length=40, unique=True, default=new_key_id, editable=False)
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = models.JSONField(default=list)
    allowed_networks = models.JSONField(default=list, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, editable=False)
    # Written at most once a minute.
    last_used_at = models.DateTimeField(null=True, editable=False)
    last_used_from = models.CharField(max_length=45, blank=True, default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "API key"
        verbose_name_plural = "API keys"
        ordering = ("site", "name")
        constraints = [
            models.UniqueConstraint(fields=("site", "name"), name="api_key_name_once_per_site"),
            models.CheckConstraint(
                condition=~models.Q(secret_hash=""), name="api_key_has_its_hash"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ApiKeyHour(models.Model):
    """How many requests of a key were answered with one status in one hour."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="hours", db_index=False)
    hour = models.DateTimeField(help_text="Start of the hour, UTC.")
    status = models.PositiveSmallIntegerField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("key", "hour", "status"), name="api_key_hour_once")
        ]

    def __str__(self) -> str:
        return f"{self.key_id} at {self.hour:%Y-%m-%d %H}: {self.status}"
