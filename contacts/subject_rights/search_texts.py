"""By what a person is found in texts that were stored as they came in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

import phonenumbers
from django.db.models import Q

from contacts.models import Contact
from contacts.normalisation.personal_identity import personal_identity_forms
from integrations.contact_change import Identity

# A text as short as that would be found in what is about others.
_SHORTEST: Final = 6


def search_texts(identity: Identity, *others: str) -> list[str]:
    """Return the person's names in lower case, in the forms in which senders write them.

    `others` are names that the person had elsewhere or before.
    """
    texts = (
        *_written(identity),
        *personal_identity_forms(identity.personal_identity_number),
        *others,
    )
    phones = (_national(text) for text in texts if text.startswith("+"))
    return sorted({text.lower() for text in (*texts, *phones) if len(text) >= _SHORTEST})


def whole_names(identity: Identity, *others: str) -> list[str]:
    """Return by what a column that holds nothing but names tells the person, in lower case."""
    return sorted({name.lower() for name in (*_written(identity), *others) if name})


def names_of_nobody(site_id: int, names: Collection[str]) -> list[str]:
    """Return which of the names that somebody had before nobody of the site has now."""
    columns = ("email", "phone", "external_id")
    having = Q(*((f"{column}__in", names) for column in columns), _connector=Q.OR)
    contacts = Contact.objects.filter(having, site_id=site_id)
    held = {name for row in contacts.values_list(*columns) for name in row}
    return [name for name in names if name not in held]


def _written(identity: Identity) -> tuple[str, ...]:
    return identity.email, identity.phone, identity.external_id


def _national(phone: str) -> str:
    """Return what all ways of dialling a number have in common: `701234567` of `+46701234567`."""
    try:
        return str(phonenumbers.parse(phone).national_number) if phone else ""
    except phonenumbers.NumberParseException:
        return ""
