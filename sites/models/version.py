from __future__ import annotations

from django.db import models
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
