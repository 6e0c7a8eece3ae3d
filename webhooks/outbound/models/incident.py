from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q

from sites.models import Site
from webhooks.outbound.models.subscription import Subscription


class NoticeKind(models.TextChoices):
    """What a notice tells, in the order in which an incident may come to it."""

    FAILING = "failing", "Failing"
    REMINDER = "reminder", "Failing for a day"
    LAST_CALL = "last_call", "About to be disabled"
    DISABLED = "disabled", "Disabled"
    RECOVERED = "recovered", "Works again"


class Incident(models.Model):
    """One time of trouble of a subscription, from its first failure to its recovery.

    `told_kind` is the last notice before the recovery that was decided on, empty while members were
    told nothing; `told_at` is when the first one was, `recovery_told_at` when the one of the
    recovery was. They are set once, under a lock, together with the rows of `Notice`.
    Whoever acknowledges an incident looks after it: it is not reminded of any more. `site` is that
    of the subscription, which never changes: so an index yields a site's incidents in order.
    """

    site = models.ForeignKey(
        Site, on_delete=models.CASCADE, related_name="+", db_index=False, editable=False
    )
    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="incidents", db_index=False
    )
    opened_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=20, blank=True, default="")
    last_status_code = models.PositiveSmallIntegerField(null=True)
    last_sentence = models.TextField(blank=True, default="")
    has_disabled = models.BooleanField(default=False)
    told_kind = models.CharField(max_length=10, choices=NoticeKind, blank=True, default="")
    told_at = models.DateTimeField(null=True)
    recovery_told_at = models.DateTimeField(null=True)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.CharField(max_length=150, blank=True, default="")

    class Meta:
        ordering = ("-opened_at",)
        constraints = [
            models.UniqueConstraint(
                fields=("subscription",),
                condition=Q(ended_at__isnull=True),
                name="incident_one_open_per_subscription",
            ),
            models.CheckConstraint(
                name="incident_acknowledged_by_somebody",
                condition=Q(acknowledged_at__isnull=True) | ~Q(acknowledged_by=""),
            ),
        ]
        indexes = [
            models.Index(fields=("ended_at",), name="incident_by_end"),
            models.Index(fields=("site", "id"), name="incident_by_site"),
            models.Index(fields=("subscription", "id"), name="incident_by_subscription"),
            models.Index(
                fields=("site", "id"),
                name="incident_open_by_site",
                condition=Q(ended_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subscription_id} since {self.opened_at:%Y-%m-%d %H:%M}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.site_id = self.subscription.site_id
        super().save(*args, **kwargs)


class Notice(models.Model):
    """One e-mail about an incident to one member; nobody gets one of a kind twice.

    `told_at` is when the mail server took it. Until then it is due at `due_at`, and `problem` says
    why the last try failed; after the last one `given_up_at` is set.
    """

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=10, choices=NoticeKind)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    told_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, default="")

    class Meta:
        ordering = ("created_at", "pk")
        constraints = [
            models.UniqueConstraint(
                fields=("incident", "kind", "user"), name="notice_once_per_member"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=NoticeKind.values), name="notice_kind_known"
            ),
        ]
        indexes = [
            models.Index(
                fields=("due_at",),
                name="notice_due",
                condition=Q(told_at__isnull=True, given_up_at__isnull=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.user_id}"
