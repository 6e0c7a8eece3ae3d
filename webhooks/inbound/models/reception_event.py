from __future__ import annotations

import secrets
from collections.abc import Collection, Iterable

from django.db import models
from django.db.models import Q

from contacts.models import ContactField
from integrations.field_types import FieldDefinition, FieldType, options_from
from integrations.models import CustomIntegration
from sites.models import Site
from webhooks.inbound.models.source import Source


class Context(models.TextChoices):
    """How the event comes in; chosen once (Connectif: *connection type*)."""

    API = "api", "Public API"
    WEBHOOK = "webhook", "Webhook"
    APP = "app", "Web or mobile app"


def new_event_id() -> str:
    """Return 24 hex digits, the form of the ids of event types in Connectif's API."""
    return secrets.token_hex(12)


class ReceptionEvent(models.Model):
    """An operator-defined event that may come in.

    Its `source` (preset `reception_event`) carries what reception and the worker need: settings
    compiled from the fields, the verifier's secrets, the throttle, the journal and the log. The
    services keep the two in step. A deleted event keeps its row and its history; its alias is free
    again. `retired_field_ids` are ids that fields once had: the history speaks of them, so that no
    new field gets one by itself.
    """

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="reception_events")
    # Null once the event is deleted: its history must not keep the integration from going.
    integration = models.ForeignKey(
        CustomIntegration, null=True, on_delete=models.PROTECT, related_name="reception_events"
    )
    source = models.OneToOneField(Source, on_delete=models.PROTECT, related_name="reception_event")
    event_id = models.CharField(max_length=24, unique=True, default=new_event_id, editable=False)
    context = models.CharField(max_length=10, choices=Context.choices)
    name = models.CharField(max_length=120)
    alias = models.SlugField(max_length=80)
    retired_field_ids = models.JSONField(default=list, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    deleted_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ("site", "name")
        constraints = [
            models.UniqueConstraint(
                fields=("site", "alias"),
                condition=Q(deleted_at__isnull=True),
                name="reception_event_alias_once_per_site",
            ),
            models.CheckConstraint(name="reception_event_has_alias", condition=~Q(alias="")),
            models.CheckConstraint(
                name="reception_event_live_in_integration",
                condition=Q(deleted_at__isnull=False) | Q(integration__isnull=False),
            ),
            models.CheckConstraint(
                name="reception_event_context_known", condition=Q(context__in=Context.values)
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ReceptionField(models.Model):
    """One field of a reception event; keys of bodies are its `field_id`.

    The primary key is required except in pages and apps, where a device stands in for it.
    `contact_field` or `system_field` says where on the contact the value goes; with neither it
    stays on the activity. `pointer` (RFC 6901) is for the webhook context; empty reads the
    top-level key.
    """

    event = models.ForeignKey(ReceptionEvent, on_delete=models.CASCADE, related_name="fields")
    position = models.PositiveSmallIntegerField()
    field_id = models.CharField("id", max_length=64)
    name = models.CharField(max_length=120)
    type = models.CharField(max_length=10, choices=[(each.value, each.value) for each in FieldType])
    is_required = models.BooleanField("required", default=False)
    is_primary_key = models.BooleanField("primary key", default=False)
    default_country_code = models.CharField(max_length=4, blank=True, default="")
    options = models.JSONField(default=list, blank=True)
    pointer = models.CharField("JSON Pointer", max_length=1024, blank=True, default="")
    contact_field = models.ForeignKey(
        ContactField, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    system_field = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        ordering = ("event", "position")
        constraints = [
            models.UniqueConstraint(fields=("event", "field_id"), name="reception_field_id_once"),
            models.UniqueConstraint(
                fields=("event",),
                condition=Q(is_primary_key=True),
                name="reception_field_one_primary_key",
            ),
            models.CheckConstraint(
                name="reception_field_primary_key_is_email",
                condition=Q(is_primary_key=False) | Q(type="email"),
            ),
            models.CheckConstraint(
                name="reception_field_type_known",
                condition=Q(type__in=[each.value for each in FieldType]),
            ),
            models.CheckConstraint(
                name="reception_field_phone_has_code",
                condition=~Q(type="phone") | ~Q(default_country_code=""),
            ),
            models.CheckConstraint(
                name="reception_field_one_target",
                condition=Q(contact_field__isnull=True) | Q(system_field=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def definition(self) -> FieldDefinition:
        return FieldDefinition(
            id=self.field_id,
            name=self.name,
            type=FieldType(self.type),
            options=options_from(self.options),
            default_country_code=self.default_country_code,
        )

    @classmethod
    def contact_field_uses(cls, field_ids: Collection[int]) -> Iterable[tuple[int, str]]:
        """Return (contact field, which field of which event writes to it) for each such field."""
        rows = cls.objects.filter(contact_field__in=field_ids).order_by("event__name", "position")
        for field_id, name, event in rows.values_list("contact_field_id", "name", "event__name"):
            yield field_id, _field_words(name, event)

    @classmethod
    def contact_field_option_uses(cls, field_id: int) -> Iterable[tuple[str, str]]:
        """Return (option, which field of which event writes it to the contact field)."""
        rows = cls.objects.filter(contact_field=field_id).order_by("event__name", "position")
        for name, event, options in rows.values_list("name", "event__name", "options"):
            for option in options:
                yield option["id"], _field_words(name, event)


def _field_words(name: str, event: str) -> str:
    return f"the field “{name}” of the reception event “{event}”"
