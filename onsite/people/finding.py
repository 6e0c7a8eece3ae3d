"""Which contact a visitor is: the e-mail address decides, else the phone, else the number.

This order is the Generic API's. Contacts rank a personal identity number above an address, because
a business system that sends one has checked it; here a visitor typed it. For the same reason a
visitor never joins two contacts: an identity that belongs to somebody else stays there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from contacts.models import Contact
from contacts.normalisation.personal_identity import (
    personal_identity_hash,
    personal_identity_normalised,
)
from integrations.contact_change import Identity
from integrations.generic_api.visitor import VisitorData
from integrations.normalisation.emails import email_normalised
from integrations.normalisation.phones import phone_normalised
from sites.models import Site

# Columns by which a contact is found, strongest first, with the field of `Identity` behind each.
_FIELDS: Final = {
    "email": "email",
    "phone": "phone",
    "personal_identity_hash": "personal_identity_number",
}
_LABELS: Final = {
    "email": "e-mail address",
    "phone": "phone number",
    "personal_identity_hash": "personal identity number",
}
_OTHER_NUMBER: Final = (
    "OTHER_NUMBER: The contact has another personal identity number, which was kept."
)
_BAD: Final = {
    "email": "BAD_EMAIL: The e-mail address is not valid.",
    "phone": "BAD_PHONE: The phone number does not exist in the site's country or as written.",
    "personal_identity_hash": (
        "BAD_PERSONAL_IDENTITY: The personal identity number is neither a valid Swedish nor a "
        "valid Finnish one."
    ),
}


@dataclass(frozen=True, slots=True)
class FoundPerson:
    """The contact, if known. `notes` are `CODE: sentence`, without personal values."""

    contact: Contact | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Who an identity names. `set_aside` are its fields that belong to somebody else."""

    contact: Contact | None
    set_aside: tuple[str, ...]
    notes: tuple[str, ...]


def person_find(*, site: Site, visitor: VisitorData) -> FoundPerson:
    """Return the site's contact whom the visitor's identities name, as contacts are normalised."""
    identity = identity_of(visitor)
    person = person_of(site, identity)
    return FoundPerson(person.contact, (*_doubts(site, identity), *person.notes))


def identity_of(visitor: VisitorData) -> Identity:
    return Identity(
        email=visitor.email,
        phone=visitor.phone,
        personal_identity_number=visitor.personal_identity,
    )


def person_of(site: Site, identity: Identity) -> Person:
    """Return whom the identity names, and which parts of it name another."""
    given = _normalised(site, identity)
    holders = {
        column: holder
        for column, value in given.items()
        if value and (holder := _holder(site, column, value))
    }
    decided_by = next(
        (column for column, holder in holders.items() if not _is_other(column, holder, given)), None
    )
    subject = holders[decided_by] if decided_by else None
    others = [
        column
        for column, value in given.items()
        if value and column != decided_by and _belongs_elsewhere(column, given, holders, subject)
    ]
    return Person(
        contact=subject,
        set_aside=tuple(_FIELDS[column] for column in others),
        notes=tuple(
            _other_note(column, decided_by) if column in holders else _OTHER_NUMBER
            for column in others
        ),
    )


def _normalised(site: Site, identity: Identity) -> dict[str, str | None]:
    """Return the identities by column, in the order in which they decide."""
    country = site.default_country
    number = personal_identity_normalised(identity.personal_identity_number, country)
    return {
        "email": email_normalised(identity.email) if identity.email else None,
        "phone": phone_normalised(identity.phone, country) if identity.phone else None,
        "personal_identity_hash": personal_identity_hash(number) if number else None,
    }


def _holder(site: Site, column: str, value: str) -> Contact | None:
    # Each column has an index of its own, an OR of them has none. Erased people hold no identity.
    # The number is decrypted only where it is read.
    contacts = Contact.objects.defer("personal_identity_number")
    return contacts.filter(site_id=site.pk, **{column: value}).first()


def _is_other(column: str, holder: Contact, given: dict[str, str | None]) -> bool:
    """Return whether something says that the holder of this identity is not the visitor.

    A phone may be a family's: beside another address or another number it proves nothing.
    """
    if column != "phone":
        return False
    return any(
        given[each] and getattr(holder, each) and given[each] != getattr(holder, each)
        for each in ("email", "personal_identity_hash")
    )


def _belongs_elsewhere(
    column: str,
    given: dict[str, str | None],
    holders: dict[str, Contact],
    subject: Contact | None,
) -> bool:
    """Return whether the subject must not get this identity."""
    holder = holders.get(column)
    if holder is not None:
        return holder != subject
    # People change their address and their phone. A second number means a second person.
    known = getattr(subject, column, None) if column == "personal_identity_hash" else None
    return known is not None and known != given[column]


def _other_note(column: str, decided_by: str | None) -> str:
    decision = f"the {_LABELS[decided_by]} decided" if decided_by else "the visitor is taken as new"
    return f"OTHER_PERSON: The {_LABELS[column]} is another person's; {decision}."


def _doubts(site: Site, identity: Identity) -> Iterator[str]:
    for column, value in _normalised(site, identity).items():
        if value is None and getattr(identity, _FIELDS[column]).strip():
            yield _BAD[column]
