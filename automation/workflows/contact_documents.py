"""What `contact` among the variables of a run is: the contact as it is when a step is done."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from contacts.models import Consent, Contact, PointAccount, Preference
from integrations.contact_change import PLAIN_FIELDS

# Columns of a contact that steps and conditions may refer to, as `/contact/<name>`.
NAMES: Final = ("email", "phone", "external_id", *PLAIN_FIELDS, "email_status")
_ROOT: Final = "/contact"


def contact_documents(
    contact_ids: Collection[UUID], pointers: Iterable[str]
) -> dict[UUID, dict[str, Any]]:
    """Return the documents of contacts, as far as the pointers ask for them.

        {"id", "email", …, "created_at", "attributes": {…}, "preferences": {"email": true},
         "consents": {"terms": true}, "points": {"1": 100}}

    None is loaded when no pointer begins with `/contact`.
    """
    asked = {pointer.split("/")[2] for pointer in pointers if pointer.startswith(f"{_ROOT}/")}
    if not asked:
        return {}
    rows = Contact.objects.filter(pk__in=contact_ids).values(
        "id", "created_at", "attributes", *NAMES
    )
    documents: dict[UUID, dict[str, Any]] = {row["id"]: _document(row) for row in rows}
    if "preferences" in asked:
        preferences = Preference.objects.filter(contact__in=contact_ids)
        _put(documents, "preferences", preferences.values_list("contact", "channel", "accepts"))
    if "consents" in asked:
        consents = Consent.objects.filter(contact__in=contact_ids)
        _put(documents, "consents", consents.values_list("contact", "consent_id", "value"))
    if "points" in asked:
        accounts = PointAccount.objects.filter(contact__in=contact_ids)
        _put(
            documents,
            "points",
            accounts.values_list("contact", "definition__number", "balance"),
        )
    return documents


def _document(row: dict[str, Any]) -> dict[str, Any]:
    born = row["birth_date"]
    return {
        **{name: row[name] or None for name in NAMES},
        "id": str(row["id"]),
        "birth_date": born.isoformat() if born else None,
        "created_at": row["created_at"].isoformat(),
        "attributes": row["attributes"],
    }


def _put(
    documents: dict[UUID, dict[str, Any]], name: str, rows: Iterable[tuple[UUID, Any, Any]]
) -> None:
    for contact_id, key, value in rows:
        if contact_id in documents:
            held = documents[contact_id].setdefault(name, {})
            held[str(key)] = value.normalize() if isinstance(value, Decimal) else value
