from __future__ import annotations

from django.db import models
from django.urls import reverse

from common.encrypted_fields import EncryptedJSONField
from common.identifiers import random_token
from integrations.preset import Preset
from integrations.registry import preset_choices, preset_for
from integrations.request import PresetConfig
from sites.models import KeptInMemory, Site


def new_public_id() -> str:
    return random_token("src_")


class Source(KeptInMemory):
    """A configured sender of webhooks on a site: a preset, its verification and its URL.

    `settings` and `secrets` hold the values of the preset's declared fields. Changes go through
    `webhooks.inbound.sources.services`, which validates and audits them.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="sources")
    preset_key = models.CharField("preset", max_length=40, choices=preset_choices)
    name = models.CharField(max_length=120)
    public_id = models.CharField(max_length=40, unique=True, default=new_public_id, editable=False)
    settings = models.JSONField(default=dict, blank=True)
    secrets = EncryptedJSONField(default=dict, blank=True)
    is_active = models.BooleanField("active", default=True)
    # Requests a second, each web process counting its own; 0 switches the limit off.
    throttle_per_second = models.PositiveIntegerField(
        "limit a second", default=2000, help_text="Requests a second and process; 0 is no limit."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    last_received_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("site", "name")
        constraints = [
            models.UniqueConstraint(fields=("site", "name"), name="source_name_once_per_site"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def preset(self) -> Preset:
        return preset_for(self.preset_key)

    @property
    def config(self) -> PresetConfig:
        return PresetConfig(settings=self.settings, secrets=self.secrets)

    @property
    def reception_path(self) -> str:
        return reverse("receive", kwargs={"public_id": self.public_id})


class SourceHour(models.Model):
    """What one source did in one hour: the small chart of the last day reads these."""

    source = models.ForeignKey(
        Source, on_delete=models.CASCADE, related_name="hours", db_index=False
    )
    hour = models.DateTimeField(help_text="Start of the hour, UTC.")
    processed = models.PositiveIntegerField(default=0)
    ignored = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=("source", "hour"), name="source_hour_once")]

    def __str__(self) -> str:
        return f"{self.source_id} at {self.hour:%Y-%m-%d %H}"
