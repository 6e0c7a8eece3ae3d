"""By what an address names a contact, and the contact that it names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import QuerySet

from contacts.models import Contact
from contacts.normalisation.values import line_normalised
from integrations.contact_change import Identity
from integrations.normalisation.emails import email_normalised
from sites.models import Site

EMAIL: Final = "email"
EXTERNAL_ID: Final = "external_id"
_LONGEST_EXTERNAL_ID: Final[int] = Contact._meta.get_field(EXTERNAL_ID).max_length or 0


@dataclass(frozen=True, slots=True)
class Name:
    """An identity as it is stored; `kind` is its column."""

    kind: str
    value: str

    @property
    def identity(self) -> Identity:
        return Identity(**{self.kind: self.value})  # type: ignore[arg-type]


def name_in(kind: str, text: str) -> Name | None:
    """Return the identity that the last part of an address gives, None when there is no such one.

    One slash at the end belongs to the address: both forms mean the same contact.
    """
    value = text.removesuffix("/")
    if kind == EMAIL:
        address = email_normalised(value)
        return Name(EMAIL, address) if address else None
    is_whole = value == line_normalised(value) and 0 < len(value) <= _LONGEST_EXTERNAL_ID
    return Name(EXTERNAL_ID, value) if is_whole else None


def contact_named(site: Site, name: Name) -> Contact | None:
    return _contacts(site).filter(**{name.kind: name.value}).first()


def contact_with_id(site: Site, contact_id: UUID | None) -> Contact | None:
    return _contacts(site).filter(pk=contact_id).first() if contact_id else None


def _contacts(site: Site) -> QuerySet[Contact]:
    """Return who is not erased; personal identity numbers are not even decrypted."""
    contacts = Contact.objects.filter(site=site, deleted_at=None)
    return contacts.defer("personal_identity_number", "fact_times").prefetch_related("preferences")
