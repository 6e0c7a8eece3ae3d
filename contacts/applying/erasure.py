"""Deletion, tombstones and revival.

Erasing a person leaves the row of the contact with the reason, the time and the senders' ids, so
that a late event about them is recognised and has no effect. Only an event that creates a contact,
newer than the deletion, lifts a tombstone.
"""

from __future__ import annotations

from typing import Final

from contacts.applied_change import Changes
from contacts.applying.facts import Facts
from contacts.applying.identities import Holders
from contacts.applying.instants import iso
from contacts.applying.states import BLANK_VALUES, CHANGING_COLUMNS, CREATED, DELETED, ContactState
from contacts.models import Contact
from contacts.normalisation.values import line_normalised

CONTACT_DELETED: Final = (
    "CONTACT_DELETED: The sender deleted this person; later events have no effect until the person "
    "is created again."
)
CREATED_SINCE: Final = (
    "CREATED_SINCE: The person was created again after this deletion; only older facts were erased."
)
NOT_KNOWN: Final = "NOT_KNOWN: Nobody is known by what the deletion names; nothing to erase."

_MAX_REASON: Final[int] = Contact._meta.get_field("deletion_reason").max_length or 0


def deletion_floor(state: ContactState) -> int | None:
    """Return the time of the newest deletion: facts up to it are about a person now erased."""
    return state.fact_times.get(DELETED)


def is_created_since(state: ContactState, at: int) -> bool:
    return state.fact_times.get(CREATED, at) > at


def bury(state: ContactState, facts: Facts) -> None:
    """Make a tombstone of a person who was not known: their creation may still be under way."""
    state.is_deleted = True
    state.fact_times = {DELETED: facts.at}
    state.values["deletion_reason"] = _reason(facts)
    state.changed_columns.update(CHANGING_COLUMNS)


def erase(state: ContactState, facts: Facts, holders: Holders) -> Changes:
    """Take everything personal out of the contact; return what it was, field by field."""
    changes = _all_values(state)
    holders.drop_identities(state)
    state.values = BLANK_VALUES.copy()
    state.attributes = {}
    state.preferences, state.consents, state.email_lists = {}, {}, {}
    state.changed_rows.clear()
    bury(state, facts)
    return changes


def note_repeated_deletion(state: ContactState, facts: Facts) -> None:
    state.accepts_fact(DELETED, facts.at)


def revive(state: ContactState) -> None:
    """Lift a tombstone. The time of the deletion stays: older facts remain without effect."""
    state.is_deleted = False
    state.values = BLANK_VALUES.copy()
    state.changed_columns.update(CHANGING_COLUMNS)


def erase_older_facts(state: ContactState, facts: Facts, holders: Holders) -> None:
    """Erase what was true at a deletion that arrives after the person was created again."""
    stale = {name for name, at in state.fact_times.items() if at <= facts.at} - {DELETED, CREATED}
    holders.drop_identities(state)
    for name in stale:
        del state.fact_times[name]
        _blank(state, name)
    holders.put_identities(state)
    until = iso(facts.at)
    state.email_lists = {
        key: row for key, row in state.email_lists.items() if row["changed_at"] > until
    }
    # All rows are written anew: see `Writer`.
    state.changed_rows = {
        *(("preference", key) for key in state.preferences),
        *(("consent", key) for key in state.consents),
        *(("email_list", key) for key in state.email_lists),
    }
    state.accepts_fact(DELETED, facts.at)
    state.changed_columns.update(CHANGING_COLUMNS)


def _blank(state: ContactState, name: str) -> None:
    kind, _, key = name.partition(".")
    if kind == "attribute":
        state.attributes.pop(key, None)
    elif kind == "preference":
        state.preferences.pop(key, None)
    elif kind == "consent":
        state.consents.pop(key, None)
    for column in _COLUMNS_OF.get(name, (name,)):
        if column in BLANK_VALUES:
            state.values[column] = BLANK_VALUES[column]


_COLUMNS_OF: Final = {
    "personal_identity_number": ("personal_identity_number", "personal_identity_hash"),
    "email_status": ("email_status", "email_status_cause"),
}


def _all_values(state: ContactState) -> Changes:
    values = {
        name: value
        for name, value in state.values.items()
        if value != BLANK_VALUES[name] and not name.startswith("personal_identity")
    }
    values |= {f"attribute.{name}": value for name, value in state.attributes.items()}
    values |= {f"preference.{name}": row["accepts"] for name, row in state.preferences.items()}
    values |= {f"consent.{name}": row["value"] for name, row in state.consents.items()}
    return {name: [value, None] for name, value in values.items()}


def _reason(facts: Facts) -> str:
    deletion = facts.change.deletion
    return line_normalised(deletion.reason)[:_MAX_REASON] if deletion else ""
