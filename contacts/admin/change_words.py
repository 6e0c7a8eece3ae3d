"""The fields of a contact change in words: `preference.email` is “Accepts e-mail” to staff."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from contacts.models import Contact, EmailListStatus

# In the order in which a change is told; PostgreSQL does not keep that of a JSON object.
_LABELS: Final[Mapping[str, str]] = {
    "state": "Person",
    "preference.email": "Accepts e-mail",
    "preference.sms": "Accepts SMS",
    "preference.postal": "Accepts post",
    "email": "E-mail",
    "phone": "Phone",
    "external_id": "External id",
    "personal_identity_number": "Personal identity number",
    "first_name": "First name",
    "last_name": "Last name",
    "care_of": "C/o",
    "street": "Street",
    "postal_code": "Postal code",
    "city": "City",
    "country_code": "Country",
    "birth_date": "Birth date",
    "gender": "Gender",
    "language": "Language",
    "email_status": "E-mail status",
    "email_status_cause": "Cause of the e-mail status",
}
_ATTRIBUTE: Final = "attribute."
_PREFIXES: Final[Mapping[str, str]] = {
    "consent.": "Consent",
    _ATTRIBUTE: "Attribute",
    "source_id.": "Id at the sender",
    "email_list.": "E-mail list",
}
_LONGEST_VALUE: Final = 300
EMPTY: Final = "\N{EN DASH}"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field as a page shows it."""

    label: str
    before: str
    after: str


def contact_label(contact: Contact) -> str:
    """Return what staff call a contact: a name of theirs, else the end of the id."""
    named = contact.email or contact.phone or contact.external_id
    return named or f"contact …{str(contact.pk)[-8:]}"


def field_label(name: str, names: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return what staff call a field; `names` are those of contact fields, by attribute."""
    if name in _LABELS:
        return _LABELS[name]
    if name.startswith(_ATTRIBUTE) and (own := names.get(name.removeprefix(_ATTRIBUTE))):
        return own
    for prefix, word in _PREFIXES.items():
        if name.startswith(prefix):
            return f"{word} {name.removeprefix(prefix)}"
    return name.replace("_", " ").capitalize()


def value_words(value: Any) -> str:
    """Return a stored value as people say it; nothing is a dash."""
    if value is None or value == "":
        return EMPTY
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | dict):
        text = json.dumps(value, ensure_ascii=False, default=str)
    else:
        text = str(value)
    if text in EmailListStatus.Kind.values:
        text = str(EmailListStatus.Kind(text).label)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def field_changes(
    changes: Mapping[str, Any], names: Mapping[str, str] = MappingProxyType({})
) -> list[FieldChange]:
    """Return the changes of a revision, those that staff ask about first."""
    listed = []
    for name, pair in sorted(changes.items(), key=lambda change: _place(change[0])):
        before, after = pair if isinstance(pair, list) and len(pair) == 2 else (None, pair)
        if name == "state":
            before = before or "not known"
        listed.append(
            FieldChange(
                label=field_label(name, names), before=value_words(before), after=value_words(after)
            )
        )
    return listed


def _place(name: str) -> tuple[int, str]:
    known = list(_LABELS)
    return (known.index(name) if name in known else len(known), name)
