"""Finding contacts by what people write down: an e-mail, a phone, an id, or its beginning."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from uuid import UUID

from django.db import connection
from django.db.models import Q

from contacts.models import Contact, ContactMerge, ContactSourceId
from contacts.normalisation.personal_identity import (
    personal_identity_hash,
    personal_identity_normalised,
)
from contacts.normalisation.values import line_normalised
from integrations.normalisation.emails import email_normalised
from integrations.normalisation.phones import phone_normalised
from sites.models import Site

# A beginning that fits more people than this helps nobody to find one.
MAX_FOUND: Final = 200
_SHORTEST_PREFIX: Final = 3
_LAST_CHARACTER: Final = "\U0010ffff"


def contacts_found(*, site: Site, text: str) -> list[UUID]:
    """Return the ids of the site's contacts that the text names, at most `MAX_FOUND`.

    E-mail, phone and personal identity number are read as contacts are stored, a phone as one of
    the site's country. Ids are ours, the sender's or the external one; the id of an absorbed
    contact finds the one that was kept. What nobody has exactly is taken as a beginning.
    """
    term = line_normalised(text)
    if not term:
        return []
    found = {each for each in _named_exactly(site, term) if each is not None}
    return list(found or _named_by_prefix(site, term))[:MAX_FOUND]


def _named_exactly(site: Site, term: str) -> Iterator[UUID | None]:
    """Yield contacts name by name: each look-up has an index of its own, an OR of them has none."""
    contacts = Contact.objects.filter(site_id=site.pk)
    lookups = [Q(external_id=term)]
    if email := email_normalised(term):
        lookups.append(Q(email=email))
    if phone := phone_normalised(term, site.default_country):
        lookups.append(Q(phone=phone))
    if number := personal_identity_normalised(term, site.default_country):
        lookups.append(Q(personal_identity_hash=personal_identity_hash(number)))
    if contact_id := _uuid(term):
        lookups.append(Q(pk=contact_id))
        merges = ContactMerge.objects.filter(site_id=site.pk, absorbed_id=contact_id)
        yield from merges.values_list("contact_id", flat=True)
    for lookup in lookups:
        yield from contacts.filter(lookup).values_list("pk", flat=True)
    sender_ids = ContactSourceId.objects.filter(site_id=site.pk, value=term)
    yield from sender_ids.values_list("contact_id", flat=True)[:MAX_FOUND]


def _named_by_prefix(site: Site, term: str) -> set[UUID]:
    if len(term) < _SHORTEST_PREFIX:
        return set()
    contacts = Contact.objects.filter(site_id=site.pk)
    queries = [contacts.filter(_begins("email", term.lower()))]
    queries.append(contacts.filter(_begins("external_id", term)))
    if term.startswith("+"):
        queries.append(contacts.filter(_begins("phone", term.replace(" ", ""))))
    return {pk for query in queries for pk in query.values_list("pk", flat=True)[:MAX_FOUND]}


def _begins(field: str, text: str) -> Q:
    if connection.vendor == "postgresql":
        return Q(**{f"{field}__startswith": text})
    # SQLite answers LIKE without the index; its collation compares bytes, so a range is a prefix.
    return Q(**{f"{field}__gte": text, f"{field}__lt": text + _LAST_CHARACTER})


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
