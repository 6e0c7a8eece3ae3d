"""A contact in memory, with what changed about it. ORM instances would cost too much here."""

from __future__ import annotations

from typing import Any, Final

from contacts.applied_change import Changes
from integrations.contact_change import PLAIN_FIELDS, EmailStatus

# Columns of a contact that identify it, in the order of the rows that `loading` reads.
IDENTITY_COLUMNS: Final = ("email", "phone", "external_id", "personal_identity_hash")
VALUE_COLUMNS: Final = (
    *IDENTITY_COLUMNS,
    "personal_identity_number",
    *PLAIN_FIELDS,
    "email_status",
    "email_status_cause",
    "deletion_reason",
)
NULLABLE: Final = frozenset((*IDENTITY_COLUMNS, "birth_date"))
BLANK_VALUES: Final[dict[str, Any]] = {
    name: None if name in NULLABLE else "" for name in VALUE_COLUMNS
} | {"email_status": EmailStatus.ACTIVE.value}

# What an update of a contact may set.
CHANGING_COLUMNS: Final = (*VALUE_COLUMNS, "attributes", "fact_times", "deleted_at", "updated_at")

# Names in `fact_times` beside those of fields: the newest deletion, the newest creation.
DELETED: Final = "deleted"
CREATED: Final = "created"

Row = dict[str, Any]


class ContactState:
    """One contact of a batch. `id` is 32 hexadecimal digits and sorts by age.

    `preferences` by channel, `consents` by id and `email_lists` by (source key, list id) hold rows
    as they go to the database; keys in `changed_rows` are to be written, and `changed_columns` of
    the contact itself. `source_ids` are (source key, kind, value). The three and the source ids
    are there once they were loaded. `changes` are those of the change that is being applied.
    `created_text` is when the contact came to be here, as the database writes it.
    """

    __slots__ = (
        "attributes",
        "changed_columns",
        "changed_rows",
        "changes",
        "consents",
        "created_text",
        "email_lists",
        "fact_times",
        "has_new_times",
        "id",
        "is_deleted",
        "is_new",
        "merged_into",
        "preferences",
        "site_id",
        "source_ids",
        "stored_identities",
        "values",
    )

    def __init__(self, contact_id: str, site_id: int) -> None:
        self.id = contact_id
        self.site_id = site_id
        self.created_text = ""
        self.values: dict[str, Any] = {}
        self.attributes: dict[str, Any] = {}
        self.fact_times: dict[str, int] = {}
        self.preferences: dict[str, Row] = {}
        self.consents: dict[str, Row] = {}
        self.email_lists: dict[tuple[str, str], Row] = {}
        self.source_ids: set[tuple[str, str, str]] = set()
        self.changes: Changes = {}
        self.changed_columns: set[str] = set()
        self.changed_rows: set[tuple[str, Any]] = set()
        self.stored_identities: tuple[Any, ...] | None = None
        self.merged_into: ContactState | None = None
        self.is_new = self.is_deleted = self.has_new_times = False

    @classmethod
    def unknown(cls, contact_id: str, site_id: int, now: str) -> ContactState:
        """Return the state of a person who is not known yet."""
        state = cls(contact_id, site_id)
        state.created_text = now
        state.values = BLANK_VALUES.copy()
        state.is_new = True
        return state

    def final(self) -> ContactState:
        """Return the state that this one was merged into in the end, or itself."""
        state = self
        while state.merged_into is not None:
            state = state.merged_into
        return state

    def accepts_fact(self, name: str, at: int) -> bool:
        """Note a fact's time and return True, unless a newer fact is known.

        Of two facts of the same time, the one that arrives later wins.
        """
        known = self.fact_times.get(name)
        if known is not None and at <= known:
            return at == known
        self.fact_times[name] = at
        self.has_new_times = True
        return True

    def set_value(self, name: str, value: Any) -> None:
        self.values[name] = value
        self.changed_columns.add(name)

    def row(self, kind: str, key: Any) -> Row:
        """Return the row that a pair of `changed_rows` names."""
        if kind == "preference":
            return self.preferences[key]
        return self.consents[key] if kind == "consent" else self.email_lists[key]

    def record(self, name: str, before: Any, after: Any) -> None:
        """Note a change; several of one field within one event show as one."""
        known = self.changes.get(name)
        if known is None:
            self.changes[name] = [before, after]
        else:
            known[1] = after
            if known[0] == after:
                del self.changes[name]

    def contact_ids_by_source(self) -> dict[str, set[str]]:
        """Return the ids of this contact at each sender, those of anonymous visitors left out."""
        by_source: dict[str, set[str]] = {}
        for source_key, kind, value in self.source_ids:
            if kind == "contact":
                by_source.setdefault(source_key, set()).add(value)
        return by_source
