from __future__ import annotations

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone

from sites.models.site import Site


class AuditEntry(models.Model):
    """Who changed, replayed or looked at what. Append-only: the database refuses an update.

    `changes` maps a field to `[before, after]`; a secret appears as `["", "changed"]`.
    References are kept without a database constraint, so that an entry outlives what it names.
    """

    at = models.DateTimeField(default=timezone.now, editable=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        related_name="+",
    )
    actor_label = models.CharField(max_length=150)
    address = models.CharField(max_length=45, blank=True)
    site = models.ForeignKey(
        Site, null=True, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    action = models.CharField(max_length=60, help_text="Noun and verb, such as source.updated.")
    object_type = models.CharField(max_length=60, blank=True)
    object_id = models.CharField(max_length=64, blank=True)
    object_label = models.CharField(max_length=200, blank=True)
    changes = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "audit entries"
        ordering = ("-id",)
        indexes = [
            models.Index(fields=("site", "-id"), name="audit_by_site"),
            models.Index(fields=("object_type", "object_id", "-id"), name="audit_by_object"),
        ]

    def __str__(self) -> str:
        return f"{self.actor_label}: {self.action} {self.object_label}".strip()

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("Audit entries are append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("Audit entries are append-only.")
