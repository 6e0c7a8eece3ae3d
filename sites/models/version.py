from __future__ import annotations

from typing import Any

from django.db import models, transaction
from django.db.models import F


class ConfigurationVersion(models.Model):
    """One counter that rises with every change of what processes keep in memory.

    Saving a site or a source bumps it in the same transaction; other processes poll it and
    drop what they cached.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    value = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(id=1), name="configuration_version_single"),
        ]

    def __str__(self) -> str:
        return str(self.value)


def bump_configuration_version() -> None:
    if not ConfigurationVersion.objects.filter(pk=1).update(value=F("value") + 1):
        ConfigurationVersion.objects.get_or_create(pk=1, defaults={"value": 1})


class KeptInMemory(models.Model):
    """A row that processes keep in memory: each change of it moves the version that they watch."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        with transaction.atomic():
            super().save(*args, **kwargs)
            bump_configuration_version()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            result = super().delete(*args, **kwargs)
            bump_configuration_version()
        return result
