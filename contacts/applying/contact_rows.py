"""Writes the contacts of a batch: new ones, and of known ones what changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from django.db import connection

from common.bulk import insert_rows, update_rows
from contacts.applying.instants import iso
from contacts.applying.states import CHANGING_COLUMNS, DELETED, IDENTITY_COLUMNS, ContactState, Row
from contacts.models import Contact

# Fewer rows with one set of columns are not worth a statement: they are updated as a whole.
_WORTH_A_STATEMENT: Final = 20


def write_contacts(states: Iterable[ContactState], now: str) -> None:
    """Insert and update contacts; absorbed ones among `states` give up their identities."""
    states = list(states)
    live = [state for state in states if state.merged_into is None]
    _release_identities([state for state in states if not state.is_new])
    insert_rows(connection, Contact, [_row(s, now) | {"created_at": now} for s in live if s.is_new])
    for columns, changed in _by_columns(live):
        rows = [_row(state, now) for state in changed]
        if columns is not CHANGING_COLUMNS:
            rows = [{name: row[name] for name in ("id", *columns)} for row in rows]
        update_rows(connection, Contact, rows, columns=columns)


def _by_columns(
    live: Iterable[ContactState],
) -> Iterable[tuple[tuple[str, ...], list[ContactState]]]:
    """Yield columns with the contacts to set them on; most events change one or two."""
    groups: dict[frozenset[str], list[ContactState]] = {}
    for state in live:
        if not state.is_new and (state.changed_columns or state.has_new_times):
            groups.setdefault(frozenset(state.changed_columns), []).append(state)
    others: list[ContactState] = []
    for names, states in groups.items():
        if names and len(states) < _WORTH_A_STATEMENT:
            others += states
        else:
            yield tuple(sorted(names | {"fact_times"})), states
    if others:
        yield CHANGING_COLUMNS, others


def _release_identities(stored: Iterable[ContactState]) -> None:
    """Null identities that contacts give up, so that others may take them now.

    Unique constraints are checked row by row, so two contacts cannot swap in one statement.
    """
    rows: list[Row] = []
    for state in stored:
        if state.merged_into is not None or (state.changed_columns and _gives_up(state)):
            rows.append({"id": state.id, **dict.fromkeys(IDENTITY_COLUMNS)})
            state.changed_columns.update(IDENTITY_COLUMNS)
    update_rows(connection, Contact, rows, columns=IDENTITY_COLUMNS)


def _gives_up(state: ContactState) -> bool:
    before: tuple[Any, ...] = state.stored_identities or ()
    return any(
        old is not None and old != state.values[column]
        for column, old in zip(IDENTITY_COLUMNS, before, strict=True)
    )


def _row(state: ContactState, now: str) -> Row:
    return {
        "id": state.id,
        "site_id": state.site_id,
        **state.values,
        "attributes": state.attributes,
        "fact_times": state.fact_times,
        "updated_at": now,
        "deleted_at": iso(state.fact_times[DELETED]) if state.is_deleted else None,
    }
