from __future__ import annotations

from typing import Final

from django.db import models
from django.db.models import Q

from common.encrypted_fields import EncryptedJSONField
from common.identifiers import random_token
from sites.models import KeptInMemory, Site

# Seconds before each try, counted from the failure before it (Svix, page *Retry Schedule*).
DEFAULT_SCHEDULE: Final = (0, 5, 300, 1800, 7200, 18000, 36000, 36000)


class SubscriptionState(models.TextChoices):
    """Whether deliveries go out; what happens meanwhile is held."""

    ACTIVE = "active", "Active"
    PAUSED = "paused", "Paused"  # by a person
    DISABLED = "disabled", "Disabled"  # by policy: `state_reason` says why


class Signing(models.TextChoices):
    """How a receiver can tell that a delivery is ours."""

    STANDARD_WEBHOOKS = "standard_webhooks", "Standard Webhooks (HMAC-SHA256)"
    HMAC = "hmac", "HMAC-SHA256 of the body in a header"
    WEBENGAGE = "webengage", "WebEngage secret in the URL"
    BASIC = "basic", "User name and password (Basic)"
    NONE = "none", "No signature"


class PayloadEncryption(models.TextChoices):
    NONE = "none", "None"
    ENGAGE = "engage", "Engage: AES-256-CBC"
    JWE = "jwe", "JWE: RSA-OAEP-256, A256GCM"


def new_subscription_id() -> str:
    return random_token("sub_")


def default_schedule() -> list[int]:
    return list(DEFAULT_SCHEDULE)


class Subscription(KeptInMemory):
    """Who wants to be told of what, where, in which dialect, and how hard we try.

    `event_types` are exact types or patterns such as `contact.*`; none means all. `conditions` on
    the payload must all hold: `[{"pointer", "operator", "value"}]`. `secrets` holds what signs and
    encrypts: `{"signing", "previous_signing", "encryption", "user", "password"}`; the previous
    signing secret signs along until `previous_until`. `headers` are the operator's own, name to
    value. `source_key` is the public id of the source that is the same system: what came from it
    is not sent back. `retry_rules` say what to do by status class or code:
    `{"4xx": "stop", "429": "retry"}`. `revision` counts changes that alter the bytes that are sent.
    Changes go through `webhooks.outbound.subscriptions.services`.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="subscriptions")
    public_id = models.CharField(
        max_length=40, unique=True, default=new_subscription_id, editable=False
    )
    name = models.CharField(max_length=120)
    url = models.CharField("URL", max_length=1000)
    format_key = models.CharField("format", max_length=40)
    format_settings = models.JSONField(default=dict, blank=True)
    event_types = models.JSONField(default=list, blank=True)
    conditions = models.JSONField(default=list, blank=True)
    source_key = models.CharField(max_length=40, blank=True, default="")
    headers = EncryptedJSONField(default=dict, blank=True)

    signing = models.CharField(max_length=20, choices=Signing, default=Signing.STANDARD_WEBHOOKS)
    signing_settings = models.JSONField(default=dict, blank=True)
    encryption = models.CharField(
        max_length=10, choices=PayloadEncryption, default=PayloadEncryption.NONE
    )
    secrets = EncryptedJSONField(default=dict, blank=True)
    previous_until = models.DateTimeField(null=True, editable=False)
    verify_tls = models.BooleanField("verify certificates", default=True)

    timeout_seconds = models.PositiveSmallIntegerField(default=15)
    rate_per_second = models.PositiveIntegerField(
        default=0, help_text="The most requests a second; 0 is no limit."
    )
    concurrency = models.PositiveSmallIntegerField(
        default=32, help_text="The most requests under way at once."
    )
    retry_schedule = models.JSONField(default=default_schedule)
    retry_rules = models.JSONField(default=dict, blank=True)
    batch_size = models.PositiveIntegerField(default=1)
    batch_seconds = models.PositiveIntegerField(default=0)
    strict_order = models.BooleanField(default=False)

    state = models.CharField(
        max_length=10, choices=SubscriptionState, default=SubscriptionState.ACTIVE
    )
    state_reason = models.TextField(blank=True, default="")
    state_changed_at = models.DateTimeField(null=True, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    # Kept by the engine. `failing_since` is the first failure after the last success.
    failing_since = models.DateTimeField(null=True, editable=False)
    failures_in_row = models.PositiveIntegerField(default=0, editable=False)
    last_success_at = models.DateTimeField(null=True, editable=False)
    last_attempt_at = models.DateTimeField(null=True, editable=False)
    # Nothing is claimed before: set by 429, 503 and Retry-After.
    slowed_until = models.DateTimeField(null=True, editable=False)
    # Until when `rate_per_second` is used up; whoever claims moves it, under a lock on the row.
    paced_until = models.DateTimeField(null=True, editable=False)
    # Raised to revoke: links to the portal are signed with it.
    portal_stamp = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("site", "name")
        constraints = [
            models.UniqueConstraint(
                fields=("site", "name"), name="subscription_name_once_per_site"
            ),
            models.CheckConstraint(
                name="subscription_state_known", condition=Q(state__in=SubscriptionState.values)
            ),
            models.CheckConstraint(
                name="subscription_signing_known", condition=Q(signing__in=Signing.values)
            ),
            models.CheckConstraint(
                name="subscription_disabled_says_why",
                condition=~Q(state="disabled") | ~Q(state_reason=""),
            ),
            models.CheckConstraint(
                name="subscription_limits",
                condition=Q(concurrency__gte=1, batch_size__gte=1, timeout_seconds__gte=1),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_batched(self) -> bool:
        return self.batch_size > 1 or self.batch_seconds > 0


class SubscriptionHour(models.Model):
    """What one subscription did in one hour, with a histogram of answer times in milliseconds."""

    BOUNDS: Final = (50, 100, 200, 500, 1000, 2000, 5000, 15000)

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="hours", db_index=False
    )
    hour = models.DateTimeField(help_text="Start of the hour, UTC.")
    succeeded = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    # Requests by the first bound they kept within; the last one is for all slower ones.
    within_50 = models.PositiveIntegerField(default=0)
    within_100 = models.PositiveIntegerField(default=0)
    within_200 = models.PositiveIntegerField(default=0)
    within_500 = models.PositiveIntegerField(default=0)
    within_1000 = models.PositiveIntegerField(default=0)
    within_2000 = models.PositiveIntegerField(default=0)
    within_5000 = models.PositiveIntegerField(default=0)
    within_15000 = models.PositiveIntegerField(default=0)
    slower = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("subscription", "hour"), name="subscription_hour_once")
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} at {self.hour:%Y-%m-%d %H}"
