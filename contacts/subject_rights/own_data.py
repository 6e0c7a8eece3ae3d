"""What the tables of contacts hold of a person, for the person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.db.models import Model, QuerySet

from contacts.contact_fields.definitions import custom_definitions
from contacts.models import (
    ConsentChange,
    ConsentText,
    Contact,
    PointAccount,
    PointTransaction,
)
from contacts.subject_rights.personal_data import PersonalData, Row
from integrations.models import ApiCall

_PROFILE: Final = (
    "id", "email", "phone", "external_id", "personal_identity_number", "first_name", "last_name",
    "care_of", "street", "postal_code", "city", "country_code", "birth_date", "gender", "language",
    "email_status", "email_status_cause", "created_at", "updated_at",
)  # fmt: skip
_CALL: Final = (
    "at", "direction", "operation", "purpose", "outcome", "method", "url", "request_body",
    "status_code", "response_body",
)  # fmt: skip


def _profile(contact: Contact) -> Iterator[Row]:
    yield row_of(contact, _PROFILE)


def _fields(contact: Contact) -> Iterator[Row]:
    names = {name: each.name for name, each in custom_definitions(contact.site_id).items()}
    for name, value in contact.attributes.items():
        yield {"field": names.get(name, name), "id": name, "value": value}


def _consent_changes(contact: Contact) -> Iterator[Row]:
    texts = {
        (text.definition.consent_id, text.version): text.texts
        for text in ConsentText.objects.filter(definition__site_id=contact.site_id).select_related(
            "definition"
        )
    }
    changes = ConsentChange.objects.filter(contact=contact).select_related("consent")
    for change in changes.order_by("changed_at", "pk"):
        consent_id = change.consent.consent_id
        yield {
            "consent": consent_id,
            **row_of(
                change,
                ("previous_value", "value", "changed_at", "recorded_at", "source_label",
                 "actor_label", "comment", "text_version"),
            ),
            "text_shown": texts.get((consent_id, change.text_version or 0), {}),
        }  # fmt: skip


def _points(contact: Contact) -> Iterator[Row]:
    for account in PointAccount.objects.filter(contact=contact).select_related("definition"):
        yield {
            "points": account.definition.name,
            **row_of(account, ("balance", "expires_at", "updated_at")),
        }


def _point_transactions(contact: Contact) -> Iterator[Row]:
    rows = PointTransaction.objects.filter(account__contact=contact)
    for row in rows.select_related("account__definition").order_by("occurred_at", "pk"):
        columns = (
            "occurred_at", "kind", "amount", "expires_at", "source", "description", "reason",
            "user_name",
        )  # fmt: skip
        yield {"points": row.account.definition.name, **row_of(row, columns)}


def _promotions(contact: Contact) -> Iterator[Row]:
    for row in contact.promotions.select_related("promotion").order_by("assigned_at", "pk"):
        columns = ("assigned_at", "expires_at", "redeemed_at", "redeemed_channel", "source_label")
        yield {"promotion": row.promotion.name, **row_of(row, columns)}


def _calls(contact: Contact) -> Iterator[Row]:
    yield from rows_of(ApiCall.objects.filter(contact_id=contact.pk).order_by("pk"), _CALL)


def row_of(row: Model, columns: Sequence[str]) -> dict[str, Any]:
    return {column: getattr(row, column) for column in columns}


def rows_of(rows: QuerySet[Any], columns: Sequence[str]) -> Iterator[Row]:
    """Yield these columns of many rows without holding them all."""
    for row in rows.only(*columns).iterator(chunk_size=500):
        yield row_of(row, columns)


PARTS: Final = (
    PersonalData("Profile", _profile),
    PersonalData("Fields", _fields),
    PersonalData(
        "Ids at senders",
        lambda contact: rows_of(
            contact.source_ids.order_by("pk"), ("source_key", "kind", "value")
        ),
    ),
    PersonalData(
        "Preferences",
        lambda contact: rows_of(
            contact.preferences.order_by("channel"),
            ("channel", "accepts", "changed_at", "cause", "source_label", "actor_label"),
        ),
    ),
    PersonalData(
        "Consents",
        lambda contact: rows_of(
            contact.consents.order_by("consent_id"),
            ("consent_id", "value", "changed_at", "text_version", "comment", "source_label",
             "actor_label"),
        ),
    ),
    PersonalData("History of consents", _consent_changes),
    PersonalData(
        "E-mail lists",
        lambda contact: rows_of(
            contact.email_lists.order_by("pk"),
            ("list_id", "kind", "esp_name", "soft_bounces", "changed_at"),
        ),
    ),
    PersonalData("Points", _points),
    PersonalData("Point transactions", _point_transactions),
    PersonalData(
        "Vouchers",
        lambda contact: rows_of(
            contact.vouchers.order_by("created_at"),
            ("unique_code", "amount", "currency", "valid_from", "valid_to", "redeemed_at",
             "description", "source_label", "created_at"),
        ),
    ),
    PersonalData("Promotions", _promotions),
    PersonalData(
        "Activities",
        lambda contact: rows_of(
            contact.activities.order_by("occurred_at", "pk"),
            ("type", "occurred_at", "properties", "source_label"),
        ),
    ),
    PersonalData(
        "History of changes",
        lambda contact: rows_of(
            contact.revisions.order_by("at", "pk"),
            ("at", "changes", "source_label", "actor_label"),
        ),
    ),
    PersonalData(
        "Joined contacts",
        lambda contact: rows_of(
            contact.merges.order_by("pk"),
            ("at", "absorbed_id", "joined_by", "taken", "source_label"),
        ),
    ),
    PersonalData("API calls", _calls),
)  # fmt: skip
