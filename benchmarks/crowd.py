"""Many contacts with what segments ask about: answers, and three activities each on average."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction

from common.bulk import insert_rows
from common.identifiers import new_row_hex
from contacts.models import (
    Activity,
    Consent,
    ConsentDefinition,
    Contact,
    ContactField,
    Preference,
)
from sites.models import Site

_AT_ONCE: Final = 5_000
_CITIES: Final = ("Malmö", "Lund", "Stockholm", "Göteborg", "Uppsala", "Umeå", "Luleå", "Kiruna")
_TYPES: Final = ("orderPlaced", "visited", "clicked")
_SPREAD_SECONDS: Final = 365 * 86_400
_BLANK: Final = dict.fromkeys(
    (
        "personal_identity_number", "care_of", "street", "postal_code", "country_code", "gender",
        "language", "email_status_cause", "deletion_reason",
    ),
    "",
)  # fmt: skip


def crowd_fill(contacts: int, progress: Callable[[str], None]) -> Site:
    """Fill a site with contacts, preferences, consents and activities of the last year."""
    site = Site.objects.create(name="Brand", slug="brand")
    ContactField.objects.create(site=site, field_id="spent", name="Spent", type="decimal")
    ConsentDefinition.objects.create(site=site, consent_id="terms", name="Terms")
    draw = random.Random(7)
    now = datetime.now(UTC)
    for start in range(0, contacts, _AT_ONCE):
        numbers = range(start, min(start + _AT_ONCE, contacts))
        people = [_contact(site, number, draw, now) for number in numbers]
        with transaction.atomic():
            insert_rows(connection, Contact, people)
            for model, rows in (
                (Preference, _preferences(people, draw, now)),
                (Consent, _consents(people, draw, now)),
                (Activity, _activities(site, people, draw, now)),
            ):
                insert_rows(connection, model, list(rows))
        progress(f"{numbers[-1] + 1:,} contacts")
    with connection.cursor() as cursor:
        # As autovacuum has done on any table that lives.
        cursor.execute("ANALYZE")
    return site


def _contact(site: Site, number: int, draw: random.Random, now: datetime) -> dict[str, Any]:
    return {
        **_BLANK,
        "id": new_row_hex(),
        "site_id": site.pk,
        "email": f"person{number}@example.com",
        "first_name": f"First{number % 1000}",
        "last_name": f"Last{number % 5000}",
        "city": draw.choice(_CITIES),
        "attributes": {"spent": f"{draw.randrange(1_000_000) / 100:.2f}", "tier": "gold"},
        "email_status": "active" if draw.random() < 0.95 else "bounced",
        "fact_times": {},
        "created_at": now,
        "updated_at": now,
    }


def _preferences(
    people: list[dict[str, Any]], draw: random.Random, now: datetime
) -> Iterator[dict[str, Any]]:
    for each in people:
        for channel in ("email", "sms"):
            if draw.random() < 0.7:
                yield {
                    "contact_id": each["id"],
                    "channel": channel,
                    "accepts": draw.random() < 0.6,
                    "changed_at": now,
                    **dict.fromkeys(("cause", "source_key", "source_label", "actor_label"), ""),
                }


def _consents(
    people: list[dict[str, Any]], draw: random.Random, now: datetime
) -> Iterator[dict[str, Any]]:
    for each in people:
        if draw.random() < 0.5:
            yield {
                "contact_id": each["id"],
                "consent_id": "terms",
                "value": draw.random() < 0.8,
                "changed_at": now,
                **dict.fromkeys(("comment", "source_key", "source_label", "actor_label"), ""),
            }


def _activities(
    site: Site, people: list[dict[str, Any]], draw: random.Random, now: datetime
) -> Iterator[dict[str, Any]]:
    for each in people:
        for _ in range(draw.randrange(7)):
            at = now - timedelta(seconds=draw.randrange(_SPREAD_SECONDS))
            yield {
                "id": new_row_hex(),
                "site_id": site.pk,
                "contact_id": each["id"],
                "type": draw.choice(_TYPES),
                "occurred_at": at,
                "recorded_at": at,
                "properties": {
                    "total": f"{draw.randrange(100_000) / 100:.2f}",
                    "shop": draw.choice(_CITIES),
                },
                "source_key": "",
                "source_label": "",
                "key": "",
            }
