from __future__ import annotations

from django.db import models

from sites.models import Site


class GenericApiHour(models.Model):
    """How a site's calls to the retailer's API went in one hour; tries are not counted."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    hour = models.DateTimeField(help_text="Start of the hour, UTC.")
    succeeded = models.PositiveIntegerField(default=0)
    ignored = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=("site", "hour"), name="generic_api_hour_once")
        ]

    def __str__(self) -> str:
        return f"{self.site_id} at {self.hour:%Y-%m-%d %H}"
