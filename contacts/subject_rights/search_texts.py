"""By what a person is found in texts that were stored as they came in."""

from __future__ import annotations

from typing import Final

import phonenumbers

from contacts.normalisation.personal_identity import personal_identity_forms
from integrations.contact_change import Identity

# A text as short as that would be found in what is about others.
_SHORTEST: Final = 6


def search_texts(identity: Identity, *others: str) -> list[str]:
    """Return the person's names in lower case, in the forms in which senders write them.

    `others` are names that the person had elsewhere or before.
    """
    texts = (
        identity.email,
        identity.phone,
        _national(identity.phone),
        identity.external_id,
        *personal_identity_forms(identity.personal_identity_number),
        *others,
    )
    return sorted({text.lower() for text in texts if len(text) >= _SHORTEST})


def _national(phone: str) -> str:
    """Return what all ways of dialling a number have in common: `701234567` of `+46701234567`."""
    try:
        return str(phonenumbers.parse(phone).national_number) if phone else ""
    except phonenumbers.NumberParseException:
        return ""
