"""The columns that a file can have, and which of them a header names."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contacts.contact_fields.definitions import SYSTEM_ATTRIBUTES, custom_definitions
from contacts.models import ConsentDefinition, Contact
from contacts.normalisation.values import line_normalised
from integrations.contact_change import PLAIN_FIELDS, EmailStatus
from integrations.field_types import FieldDefinition, FieldOption, FieldType

# In front of a consent's id: `consent:memberTerms`.
CONSENT_PREFIX: Final = "consent:"
# In front of a field's id where the id alone would be another column: `field:city`.
FIELD_PREFIX: Final = "field:"
LINE: Final = "import_line"
PROBLEM: Final = "import_problem"

_SEPARATORS: Final = re.compile(r"[\s_-]+")


class Holder(StrEnum):
    """Where a contact keeps the value; `NONE` is written by exports and never read."""

    IDENTITY = "identity"
    FIELD = "field"
    EMAIL_STATUS = "email_status"
    PREFERENCE = "preference"
    CONSENT = "consent"
    ATTRIBUTE = "attribute"
    NONE = "none"


_NEVER_EMPTY: Final = frozenset(
    (Holder.PREFERENCE, Holder.CONSENT, Holder.EMAIL_STATUS, Holder.NONE)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: `id` heads it in exports, `name` is the value's within its holder.

    `aliases` are ids that name it too, such as those of the contact API.
    """

    id: str
    label: str
    holder: Holder
    name: str
    definition: FieldDefinition
    aliases: tuple[str, ...] = ()

    @property
    def is_clearable(self) -> bool:
        """An answer once given is a yes or a no, and an address always has a state."""
        return self.holder not in _NEVER_EMPTY


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedHeader:
    """The columns of a file in order, None where one is left out, and a remark for each of those.

    `faults` are sentences for which the file cannot be taken.
    """

    columns: tuple[Column | None, ...]
    left_out: tuple[str, ...]
    faults: tuple[str, ...]

    @property
    def known(self) -> int:
        return sum(column is not None for column in self.columns)


def columns_of(site_id: int) -> tuple[Column, ...]:
    """Return every column that a file of the site's contacts can have, in the order of exports."""
    taken = {key for column in _FIXED for name in _names(column) for key in (name, _loose(name))}
    custom = [
        _attribute(definition, field_id if _loose(field_id) not in taken else "")
        for field_id, definition in custom_definitions(site_id).items()
    ]
    return (*_FIXED, *custom, *_consents(site_id), *_READ_ONLY)


def match_header(cells: Sequence[str], columns: Iterable[Column]) -> MatchedHeader:
    """Find the column of each cell: by its id first, then by its label, whatever the case."""
    by_id, loosely = _lookups(columns)
    matched: list[Column | None] = []
    left_out, faults = [], []
    places: dict[str, int] = {}
    for number, cell in enumerate(cells, start=1):
        name = line_normalised(cell)
        found = [by_id[name]] if name in by_id else loosely.get(_loose(name), [])
        column = found[0] if len(found) == 1 else None
        if column is None or column.holder is Holder.NONE:
            matched.append(None)
            if name not in (LINE, PROBLEM):
                left_out.append(_remark(name, number, found))
            continue
        matched.append(column)
        if column.id in places:
            faults.append(
                f"Columns {places[column.id]} and {number} are both {column.label}. Remove or "
                "rename one of them."
            )
        places.setdefault(column.id, number)
    return MatchedHeader(columns=tuple(matched), left_out=tuple(left_out), faults=tuple(faults))


def _remark(name: str, number: int, found: Sequence[Column]) -> str:
    if not name:
        return f"Column {number} has no name."
    named = f"“{name[:80]}”"
    if not found:
        return f"{named} is no column of contacts and no contact field of this site."
    if len(found) == 1:
        return f"{named} is set by Patchbay itself."
    ids = ", ".join(column.id for column in found)
    return f"{named} can mean several columns. Name it by its id: {ids}."


def _lookups(columns: Iterable[Column]) -> tuple[dict[str, Column], Mapping[str, list[Column]]]:
    by_id: dict[str, Column] = {}
    loosely: dict[str, list[Column]] = defaultdict(list)
    for column in columns:
        for name in _names(column):
            by_id.setdefault(name, column)
        for key in {_loose(name) for name in (*_names(column), column.label)}:
            loosely[key].append(column)
    return by_id, loosely


def _names(column: Column) -> Iterator[str]:
    yield column.id
    yield from column.aliases


def _loose(name: str) -> str:
    return _SEPARATORS.sub(" ", name).strip().casefold()


def _attribute(definition: FieldDefinition, column_id: str) -> Column:
    prefixed = FIELD_PREFIX + definition.id
    return Column(
        id=column_id or prefixed,
        label=definition.name,
        holder=Holder.ATTRIBUTE,
        name=definition.id,
        definition=definition,
        aliases=(prefixed,),
    )


def _consents(site_id: int) -> list[Column]:
    definitions = ConsentDefinition.objects.filter(site_id=site_id).order_by("name", "pk")
    return [
        _fixed(
            f"{CONSENT_PREFIX}{definition.consent_id}",
            f"Consent {definition.name}",
            Holder.CONSENT,
            kind=FieldType.BOOLEAN,
            name=definition.consent_id,
        )
        for definition in definitions
    ]


def _fixed(  # noqa: PLR0913
    column_id: str,
    label: str,
    holder: Holder,
    *aliases: str,
    kind: FieldType = FieldType.TEXT,
    name: str = "",
    options: Iterable[str] = (),
) -> Column:
    definition = FieldDefinition(
        id=column_id,
        name=label,
        type=kind,
        options=tuple(FieldOption(id=each, label=each) for each in options),
        is_day=column_id == "birth_date",
    )
    return Column(
        id=column_id,
        label=label,
        holder=holder,
        name=name or column_id,
        definition=definition,
        aliases=aliases,
    )


_API_IDS: Final = {
    "first_name": ("_name",),
    "last_name": ("_surname", "surname"),
    "birth_date": ("_birthdate",),
}
_PLAIN: Final = tuple(
    _fixed(
        name,
        str(getattr(Contact._meta.get_field(name), "verbose_name", name)).capitalize(),
        Holder.FIELD,
        *_API_IDS.get(name, ()),
        kind=FieldType.DATE if name == "birth_date" else FieldType.TEXT,
    )
    for name in PLAIN_FIELDS
)
_YES_NO: Final = FieldType.BOOLEAN
_FIXED: Final = (
    _fixed("email", "E-mail", Holder.IDENTITY, "_email", "email_address", kind=FieldType.EMAIL),
    _fixed("external_id", "External id", Holder.IDENTITY, "_externalId"),
    _fixed("phone", "Phone", Holder.IDENTITY, "_mobilePhone", "mobile_phone", kind=FieldType.PHONE),
    *_PLAIN,
    _fixed(
        "accepts_email",
        "Accepts e-mail",
        Holder.PREFERENCE,
        "_newsletterSubscriptionStatus",
        kind=_YES_NO,
        name="email",
    ),
    _fixed(
        "accepts_sms",
        "Accepts SMS",
        Holder.PREFERENCE,
        "_smsSubscriptionStatus",
        kind=_YES_NO,
        name="sms",
    ),
    _fixed("accepts_postal", "Accepts post", Holder.PREFERENCE, kind=_YES_NO, name="postal"),
    _fixed(
        "email_status",
        "E-mail status",
        Holder.EMAIL_STATUS,
        "_emailStatus",
        kind=FieldType.RADIO,
        options=EmailStatus,
    ),
    *(_attribute(definition, field_id) for field_id, definition in SYSTEM_ATTRIBUTES.items()),
)
_READ_ONLY: Final = (
    _fixed("contact_id", "Contact id", Holder.NONE, "id", name="pk"),
    _fixed("created_at", "Created", Holder.NONE, "_createdAt"),
    _fixed("updated_at", "Updated", Holder.NONE, "_updatedAt"),
)
