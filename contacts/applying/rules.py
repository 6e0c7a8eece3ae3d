"""Which fact wins: fields, attributes and the state of the e-mail address.

Every field keeps when its value was true at its sender. Of two facts the newer wins, in whatever
order they arrive; of two with the same time, the one that arrives later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from contacts.applying.facts import Facts
from contacts.applying.identities import Holders
from contacts.applying.states import BLANK_VALUES, ContactState
from contacts.normalisation.personal_identity import (
    personal_identity_encrypted,
    personal_identity_masked,
)
from integrations.contact_change import IDENTITY_FIELDS, EmailStatus

HELD: Final = "IDENTITY_HELD: Another contact has this {}; it stays there, as the two differ."
DEVICE_MOVED: Final = (
    "DEVICE_MOVED: The device was another contact's; what it sends from now on is this one's."
)
OTHER_ADDRESS: Final = (
    "OTHER_ADDRESS: The contact has another e-mail address by now; its status is left alone."
)
# An earlier value of an encrypted field is not known in clear, and need not be.
MASKED: Final = "••••"
_LABELS: Final = {
    "email": "e-mail address",
    "phone": "phone number",
    "external_id": "external id",
    "personal_identity_number": "personal identity number",
    "anonymous_id": "visitor id",
}


def held_note(name: str) -> str:
    return HELD.format(_LABELS[name])


def conflict_reason(names: Sequence[str]) -> str:
    held = " and this ".join(_LABELS[name] for name in names)
    return f"Another contact has this {held}. Nothing was written."


def apply_identities(
    state: ContactState, facts: Facts, settled: set[str], holders: Holders
) -> None:
    """Give the contact the identities of a change, except `settled` ones."""
    if facts.external_id and "external_id" not in settled:
        _set_identity(state, "external_id", facts.external_id, facts, holders)
    if facts.email and "email" not in settled:
        _set_identity(state, "email", facts.email, facts, holders)
    if facts.phone and "phone" not in settled:
        _set_identity(state, "phone", facts.phone, facts, holders)
    if facts.personal_identity_hash and "personal_identity_number" not in settled:
        _set_personal_identity(state, facts, holders)


def apply_fields(state: ContactState, facts: Facts, holders: Holders) -> None:
    values = state.values
    for name, value in facts.values.items():
        if name in IDENTITY_FIELDS:
            _clear_identity(state, name, facts, holders)
        elif state.accepts_fact(name, facts.at):
            stored = BLANK_VALUES[name] if value is None else value
            if values[name] != stored:
                state.record(name, values[name] or None, value)
                state.set_value(name, stored)


def apply_attributes(state: ContactState, facts: Facts) -> None:
    """Set attributes by name; null removes one."""
    attributes = state.attributes
    for name, value in facts.attributes.items():
        if not state.accepts_fact(f"attribute.{name}", facts.at):
            continue
        before = attributes.get(name)
        if value is None:
            attributes.pop(name, None)
        else:
            attributes[name] = value
        if before != value:
            state.record(f"attribute.{name}", before, value)
            state.changed_columns.add("attributes")


def apply_email_status(state: ContactState, facts: Facts, status: EmailStatus, cause: str) -> None:
    """Set the state of the address; a fact about an address that the contact left has no effect."""
    if facts.email and state.values["email"] != facts.email:
        facts.notes.append(OTHER_ADDRESS)
    elif state.accepts_fact("email_status", facts.at):
        is_known = state.values["email_status"] == status.value
        # The same state again, with nothing said about why: what is known of the cause stands.
        if cause or not is_known:
            set_email_status(state, status.value, cause)


def set_email_status(state: ContactState, status: str, cause: str) -> None:
    values = state.values
    for name, value in (("email_status", status), ("email_status_cause", cause)):
        if values[name] != value:
            state.record(name, values[name] or None, value or None)
            state.set_value(name, value)


def _set_identity(
    state: ContactState, column: str, value: str | None, facts: Facts, holders: Holders
) -> None:
    if not state.accepts_fact(column, facts.at):
        return
    before = state.values[column]
    if before == value:
        return
    _move_identity(state, column, value, holders)
    state.record(column, before, value)
    if column == "email" and before is not None:
        _forget_email_status(state, facts.at)


def _set_personal_identity(state: ContactState, facts: Facts, holders: Holders) -> None:
    name, digest = "personal_identity_number", facts.personal_identity_hash
    number = facts.personal_identity_number
    before = state.values["personal_identity_hash"]
    # Encrypted anew only when it differs: each encryption of the same number looks different.
    if number and state.accepts_fact(name, facts.at) and before != digest:
        _move_identity(state, "personal_identity_hash", digest, holders)
        state.set_value(name, personal_identity_encrypted(number))
        state.changes[name] = [MASKED if before else None, personal_identity_masked(number)]


def _clear_identity(state: ContactState, name: str, facts: Facts, holders: Holders) -> None:
    if name != "personal_identity_number":
        _set_identity(state, name, None, facts, holders)
    elif state.accepts_fact(name, facts.at) and state.values["personal_identity_hash"]:
        _move_identity(state, "personal_identity_hash", None, holders)
        state.set_value(name, "")
        state.record(name, MASKED, None)


def _move_identity(state: ContactState, column: str, value: Any, holders: Holders) -> None:
    before = state.values[column]
    if before is not None:
        holders.drop(state.site_id, column, before)
    if value is not None:
        holders.put((state.site_id, column, value), state)
    state.set_value(column, value)


def _forget_email_status(state: ContactState, at: int) -> None:
    """A new address starts active: what was known was known of the old one."""
    if state.fact_times.get("email_status", at) <= at:
        state.fact_times.pop("email_status", None)
        set_email_status(state, EmailStatus.ACTIVE.value, "")
