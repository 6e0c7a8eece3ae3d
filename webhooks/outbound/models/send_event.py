from __future__ import annotations

import secrets
from collections.abc import Sequence

from django.db import models

from integrations.field_types import FieldDefinition, FieldType, options_from
from integrations.models import CustomIntegration
from sites.models import Site


def new_send_event_id() -> str:
    """Return 24 hex digits, the form of the ids of event types in Connectif's API."""
    return secrets.token_hex(12)


class SendEvent(models.Model):
    """An operator-defined event that goes out as `send.<event id>` (Connectif: *send event*).

    `fields` are rows `{"id", "name", "type", "required", "default_country_code", "options"}` in
    their order; the payload is `{field id: value}`. Changes go through
    `webhooks.outbound.send_events.services`.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="send_events")
    integration = models.ForeignKey(
        CustomIntegration, on_delete=models.PROTECT, related_name="send_events"
    )
    event_id = models.CharField(
        max_length=24, unique=True, default=new_send_event_id, editable=False
    )
    name = models.CharField(max_length=120)
    fields = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("site", "name")
        constraints = [
            models.UniqueConstraint(fields=("site", "name"), name="send_event_name_once_per_site")
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def definitions(self) -> Sequence[tuple[FieldDefinition, bool]]:
        """The fields in their order, each with whether it is required."""
        return [
            (
                FieldDefinition(
                    id=row["id"],
                    name=row["name"],
                    type=FieldType(row["type"]),
                    options=options_from(row["options"]),
                    default_country_code=row["default_country_code"],
                ),
                bool(row["required"]),
            )
            for row in self.fields
        ]
