"""The floor under processing: contacts written in sets, without reading or deciding anything."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Final

from django.db import connection, transaction

from common.bulk import insert_rows
from common.identifiers import new_row_id
from contacts.models import Contact
from sites.models import Site

_SET: Final = 500


def insert_rate(contacts: int) -> float:
    """Return contacts per second; they are removed again."""
    site = Site.objects.create(name="Bare", slug="bare")
    started = time.perf_counter()
    for first in range(0, contacts, _SET):
        with transaction.atomic():
            insert_rows(connection, Contact, _rows(site.pk, first, min(_SET, contacts - first)))
    seconds = time.perf_counter() - started
    site.delete()
    return contacts / seconds


def _rows(site_id: int, first: int, count: int) -> list[dict[str, object]]:
    now = datetime.now(UTC)
    texts = (
        "first_name", "last_name", "care_of", "street", "postal_code", "city", "country_code",
        "gender", "language", "personal_identity_number", "email_status_cause", "deletion_reason",
    )  # fmt: skip
    return [
        {
            "id": new_row_id(),
            "site_id": site_id,
            "email": f"bare{number}@example.com",
            "attributes": {"number": number},
            "email_status": "active",
            "fact_times": {"email": 1},
            "created_at": now,
            "updated_at": now,
            **dict.fromkeys(texts, ""),
        }
        for number in range(first, first + count)
    ]
