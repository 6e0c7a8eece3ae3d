from __future__ import annotations

import uuid
import zoneinfo

import phonenumbers
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from sites.models.version import KeptInMemory


def validate_time_zone(value: str) -> None:
    if value not in zoneinfo.available_timezones():
        raise ValidationError(f"“{value}” is not a time zone. Use a name such as Europe/Stockholm.")


def validate_country(value: str) -> None:
    if value not in phonenumbers.SUPPORTED_REGIONS:
        raise ValidationError(f"“{value}” is not a country code. Use two letters such as SE.")


class Site(KeptInMemory):
    """A brand or store. Every other row belongs to exactly one site."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(
        max_length=60, unique=True, help_text="Names the site in files and on the command line."
    )
    public_id = models.UUIDField(
        "site id",
        default=uuid.uuid4,
        unique=True,
        editable=False,
        help_text="The id that other systems use in URLs.",
    )
    tenant_name = models.CharField(
        max_length=120,
        blank=True,
        help_text="This site's tenant in Voyado Engage; new Engage sources start with it.",
    )
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    default_country = models.CharField(
        max_length=2,
        default="SE",
        validators=[validate_country],
        help_text="Two letters. Phone numbers without a prefix are read as this country's.",
    )
    language = models.CharField(
        max_length=12,
        default="en",
        validators=[
            RegexValidator(r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$", "Use a code such as sv or en-GB.")
        ],
    )
    is_active = models.BooleanField(
        "active",
        default=True,
        help_text="An inactive site takes nothing in: no webhook, no API call.",
    )
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="sites.Membership")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name
