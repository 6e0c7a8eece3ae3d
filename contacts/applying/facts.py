"""A change with every value normalised: what is left is only to compare and to store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from contacts.applied_change import ChangeItem
from contacts.applying.instants import fact_time, micros
from contacts.contact_fields.definitions import Definitions
from contacts.models import Contact, ContactSourceId
from contacts.normalisation.personal_identity import (
    personal_identity_hash,
    personal_identity_normalised,
)
from contacts.normalisation.values import (
    birth_date_normalised,
    country_normalised,
    json_storable,
    language_normalised,
    line_normalised,
)
from integrations.contact_change import IDENTITY_FIELDS, PLAIN_FIELDS, Identity, SourceIdKind
from integrations.field_types import FieldDefinition, FieldError, lenient
from integrations.normalisation.emails import email_normalised
from integrations.normalisation.phones import phone_normalised

MAX_ATTRIBUTE_NAME: Final = 120
MAX_ATTRIBUTES: Final = 500

# How a key is called that is the contact's own: it comes first, and decides alone.
CONTACT_ID: Final = "contact_id"
# (name of the identity, key under which its holder is found)
IdentityKey = tuple[str, tuple[Any, ...]]

_PLAIN: Final = frozenset(PLAIN_FIELDS)
_IDENTITIES: Final = frozenset(IDENTITY_FIELDS)
_MAX_LENGTHS: Final[dict[str, int]] = {
    name: length
    for name in PLAIN_FIELDS
    if (length := getattr(Contact._meta.get_field(name), "max_length", None))
}
_MAX_EXTERNAL_ID: Final[int] = Contact._meta.get_field("external_id").max_length or 0
_MAX_SOURCE_ID: Final[int] = ContactSourceId._meta.get_field("value").max_length or 0
_CODES: Final[dict[str, tuple[Callable[[str], str | None], str]]] = {
    "birth_date": (birth_date_normalised, "BAD_BIRTH_DATE: The birth date is no past date."),
    "country_code": (country_normalised, "BAD_COUNTRY: The country is not a two-letter code."),
    "language": (language_normalised, "BAD_LANGUAGE: The language is not a code such as sv."),
}
_REFUSALS: Final = {
    "email": "BAD_EMAIL: The e-mail address is not valid.",
    "phone": "BAD_PHONE: The phone number does not exist in the site's country or as written.",
    "external_id": f"BAD_EXTERNAL_ID: The external id is longer than {_MAX_EXTERNAL_ID}.",
    "personal_identity_number": (
        "BAD_PERSONAL_IDENTITY: The personal identity number is neither a valid Swedish nor a "
        "valid Finnish one."
    ),
    "source_id": f"BAD_SOURCE_ID: The sender's id is longer than {_MAX_SOURCE_ID}.",
}


class Facts:
    """What one change says, ready to be applied.

    `keys` holds the identities strongest first. `cause` is set when the change names nobody.
    """

    __slots__ = (
        "anonymous_key",
        "at",
        "attributes",
        "cause",
        "change",
        "contact_key",
        "email",
        "external_id",
        "item",
        "keys",
        "notes",
        "personal_identity_hash",
        "personal_identity_number",
        "phone",
        "received",
        "site_id",
        "source",
        "values",
    )

    def __init__(self, item: ChangeItem, definitions: Definitions) -> None:
        self.item = item
        self.change = change = item.change
        self.source = item.source
        self.site_id: int = item.site.pk
        self.notes: list[str] = []
        self.cause = ""
        self.received = micros(item.source.received_at)
        self.at = fact_time(change.occurred_at, self.received)
        self._read_identity(change.identity, item.site.default_country)
        self.keys = self._keys()
        self.values: dict[str, str | None] = {}
        self.attributes: dict[str, Any] = {}
        if not self.keys:
            self._reject(change.identity)
            return
        for name, value in change.fields.items():
            self._read_field(name, value)
        if change.attributes:
            self._read_attributes(definitions)

    def reject(self, cause: str, reason: str) -> None:
        self.cause = cause
        self.notes.insert(0, reason)

    def _read_identity(self, identity: Identity, country: str) -> None:
        email, phone, number = identity.email, identity.phone, identity.personal_identity_number
        self.email = self._checked("email", email, email_normalised(email)) if email else None
        self.phone = (
            self._checked("phone", phone, phone_normalised(phone, country)) if phone else None
        )
        self.external_id = self._identifier("external_id", identity.external_id, _MAX_EXTERNAL_ID)
        self.personal_identity_number = self.personal_identity_hash = None
        if number:
            normalised = personal_identity_normalised(number, country)
            self.personal_identity_number = self._checked(
                "personal_identity_number", number, normalised
            )
            if normalised:
                self.personal_identity_hash = personal_identity_hash(normalised)
        self.contact_key = self.anonymous_key = None
        for kind, value in identity.source_ids.items():
            identifier = self._identifier("source_id", value, _MAX_SOURCE_ID)
            if identifier:
                key = (self.site_id, self.source.key, kind.value, identifier)
                if kind is SourceIdKind.CONTACT:
                    self.contact_key = key
                else:
                    self.anonymous_key = key

    def _checked(self, name: str, given: str, normalised: str | None) -> str | None:
        if normalised is None and given.strip():
            self.notes.append(_REFUSALS[name])
        return normalised

    def _identifier(self, name: str, given: str, longest: int) -> str | None:
        identifier = line_normalised(given) if given else ""
        if len(identifier) > longest:
            # A cut id could be somebody else's.
            self.notes.append(_REFUSALS[name])
            return None
        return identifier or None

    def _keys(self) -> list[IdentityKey]:
        site = self.site_id
        keys: list[IdentityKey] = []
        if self.item.contact_id:
            keys.append((CONTACT_ID, (site, "id", self.item.contact_id.hex)))
        if self.contact_key:
            keys.append(("source_id", self.contact_key))
        if self.external_id:
            keys.append(("external_id", (site, "external_id", self.external_id)))
        if self.personal_identity_hash:
            keys.append(
                (
                    "personal_identity_number",
                    (site, "personal_identity_hash", self.personal_identity_hash),
                )
            )
        if self.email:
            keys.append(("email", (site, "email", self.email)))
        if self.phone:
            keys.append(("phone", (site, "phone", self.phone)))
        if self.anonymous_key:
            keys.append(("anonymous_id", self.anonymous_key))
        return keys

    def _reject(self, identity: Identity) -> None:
        if self.notes:
            self.cause, _, reason = self.notes[0].partition(": ")
            self.notes[0] = f"{reason} The event names the person in no other way."
        else:
            self.cause = "NO_IDENTITY"
            self.notes.append(
                "The event names nobody: no e-mail, phone, external id, personal identity number "
                "or id at the sender. Check the mapping of the source."
            )

    def _read_field(self, name: str, value: str | None) -> None:
        if name in _PLAIN:
            self.values[name] = None
            if value is None:
                return
            text = line_normalised(value if type(value) is str else str(value))
            if text:
                self._read_text(name, text)
        elif name in _IDENTITIES and value is None:
            if getattr(self, name) is None:
                self.values[name] = None
        else:
            self.notes.append(f"UNKNOWN_FIELD: “{line_normalised(str(name))[:60]}” is no field.")

    def _read_text(self, name: str, text: str) -> None:
        code = _CODES.get(name)
        normalised: str | None = text
        if code:
            normalised = code[0](text)
            if normalised is None:
                self.notes.append(code[1])
                del self.values[name]
                return
        elif len(text) > _MAX_LENGTHS[name]:
            normalised = text[: _MAX_LENGTHS[name]].rstrip()
            self.notes.append(f"VALUE_CUT: {name} was longer than {_MAX_LENGTHS[name]} characters.")
        self.values[name] = normalised

    def _read_attributes(self, definitions: Definitions) -> None:
        for name, value in self.change.attributes.items():
            label = line_normalised(str(name))
            if not label or len(label) > MAX_ATTRIBUTE_NAME:
                self.notes.append("BAD_ATTRIBUTE: The name of an attribute is empty or too long.")
            elif len(self.attributes) >= MAX_ATTRIBUTES:
                self.notes.append(f"TOO_MANY_ATTRIBUTES: Only {MAX_ATTRIBUTES} were kept.")
                return
            elif label in definitions and value is not None:
                self._read_contact_field(definitions[label], value)
            else:
                self.attributes[label] = json_storable(value)

    def _read_contact_field(self, definition: FieldDefinition, value: Any) -> None:
        try:
            self.attributes[definition.id] = lenient(definition, value)
        except FieldError as error:
            self.notes.append(f"BAD_FIELD: “{definition.id}” was left out. {error.reason}")
