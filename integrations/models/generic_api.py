from __future__ import annotations

from itertools import combinations
from typing import Final

from django.db import models
from django.db.models import F, Q

from common.encrypted_fields import EncryptedJSONField, EncryptedTextField
from sites.models import Site


class AuthMode(models.TextChoices):
    HEADER = "header", "Header"
    HMAC = "hmac", "HMAC"
    API_KEY = "api_key", "API Key"


class Algorithm(models.TextChoices):
    SHA256 = "sha256", "SHA-256"
    SHA512 = "sha512", "SHA-512"


class Encoding(models.TextChoices):
    HEX = "hex", "Hexadecimal"
    BASE64 = "base64", "Base64"


class Signs(models.TextChoices):
    """What an HMAC covers. A GET has no body: its raw query string stands in for it."""

    BODY = "body", "The body"
    REQUEST = "request", "Method, path and query, then the body"
    TIMESTAMP = "timestamp", "A timestamp, then the body"


class KeyPlace(models.TextChoices):
    HEADER = "header", "In a header"
    QUERY = "query", "In the query"


class WriteMethod(models.TextChoices):
    POST = "POST", "POST"
    PUT = "PUT", "PUT"
    PATCH = "PATCH", "PATCH"


KEY_NAMES: Final = ("email_key", "phone_key", "name_key", "personal_identity_key")
SECRET_FIELDS: Final = ("header_value", "hmac_secret", "api_key_value")


def default_lookup_keys() -> list[str]:
    # Personal identity is opt-in: query strings end up in access logs.
    return ["email", "phone"]


class GenericApi(models.Model):
    """A site's connection to the retailer's own API, and the terms on which Patchbay serves one.

    Labels are those of the vendor's form (Voyado Engage Onsite, page *Generic API integration*).
    `is_active` lets the flow of `onsite` call the API; `is_served` lets Onsite call ours with the
    same mode, key names and options. Changes go through `integrations.generic_api.services`, which
    validates and audits them. Defaults of the authentication are ours: the vendor publishes none.
    """

    site = models.OneToOneField(Site, on_delete=models.CASCADE, related_name="generic_api")
    is_active = models.BooleanField("active", default=False)
    is_served = models.BooleanField("served to Onsite", default=False)

    auth_mode = models.CharField(
        "method", max_length=10, choices=AuthMode.choices, default=AuthMode.HEADER
    )
    header_name = models.CharField(max_length=100, default="Authorization")
    header_value = EncryptedTextField(blank=True, default="")
    hmac_secret = EncryptedTextField("HMAC secret", blank=True, default="")
    hmac_header = models.CharField("signature header", max_length=100, default="X-Signature")
    hmac_algorithm = models.CharField(
        "algorithm", max_length=10, choices=Algorithm.choices, default=Algorithm.SHA256
    )
    hmac_encoding = models.CharField(
        "encoding", max_length=10, choices=Encoding.choices, default=Encoding.HEX
    )
    hmac_prefix = models.CharField("prefix", max_length=40, blank=True, default="")
    hmac_signs = models.CharField(
        "what is signed", max_length=10, choices=Signs.choices, default=Signs.BODY
    )
    hmac_timestamp_header = models.CharField(
        "timestamp header", max_length=100, default="X-Timestamp"
    )
    api_key_name = models.CharField("API key name", max_length=100, default="X-Api-Key")
    api_key_value = EncryptedTextField("API key value", blank=True, default="")
    api_key_place = models.CharField(
        "place of the API key", max_length=10, choices=KeyPlace.choices, default=KeyPlace.HEADER
    )

    lookup_url = models.CharField(
        "Get/Lookup Contact API Endpoint URL", max_length=1000, blank=True, default=""
    )
    write_url = models.CharField(
        "Create/Update Contact API Endpoint URL", max_length=1000, blank=True, default=""
    )
    write_method = models.CharField(
        "method of Create/Update",
        max_length=5,
        choices=WriteMethod.choices,
        default=WriteMethod.POST,
    )
    email_key = models.CharField("Email Key", max_length=64, default="email")
    phone_key = models.CharField("Phone number Key", max_length=64, default="phone")
    name_key = models.CharField("Name Key", max_length=64, default="name")
    personal_identity_key = models.CharField(
        "Personal Identity Key", max_length=64, default="personalIdentity"
    )
    # Of email, phone, personal_identity; never empty.
    lookup_sends = models.JSONField("keys sent by the look-up", default=default_lookup_keys)
    # Sorted and merged: `404, 409, 500-599`.
    ignored_codes = models.CharField(
        "Ignore HTTP response codes", max_length=500, blank=True, default=""
    )
    connect_seconds = models.PositiveSmallIntegerField("time to connect", default=3)
    total_seconds = models.PositiveSmallIntegerField("time in all", default=10)
    # Name to value. Values are write-only: gateways put keys here.
    extra_headers = EncryptedJSONField(blank=True, default=dict)
    verify_tls = models.BooleanField("check the certificate", default=True)
    # What the campaign collects: see `integrations.generic_api.options.CustomOption`.
    custom_options = models.JSONField(default=list, blank=True)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = "Generic API"
        verbose_name_plural = "Generic APIs"
        constraints = [
            models.CheckConstraint(
                name="generic_api_keys_distinct",
                condition=Q(*(~Q(**{one: F(other)}) for one, other in combinations(KEY_NAMES, 2))),
            ),
            models.CheckConstraint(
                name="generic_api_active_has_urls",
                condition=Q(is_active=False) | (~Q(lookup_url="") & ~Q(write_url="")),
            ),
            models.CheckConstraint(
                name="generic_api_times",
                condition=Q(connect_seconds__gte=1)
                & Q(total_seconds__gte=F("connect_seconds"))
                & Q(total_seconds__lte=30),
            ),
            *(
                models.CheckConstraint(
                    name=f"generic_api_{field}_known", condition=Q(**{f"{field}__in": values})
                )
                for field, values in (
                    ("auth_mode", AuthMode.values),
                    ("hmac_algorithm", Algorithm.values),
                    ("hmac_encoding", Encoding.values),
                    ("hmac_signs", Signs.values),
                    ("api_key_place", KeyPlace.values),
                    ("write_method", WriteMethod.values),
                )
            ),
        ]

    def __str__(self) -> str:
        return "Generic API"
