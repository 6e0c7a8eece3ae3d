"""Loads every contact that a batch may touch, in a few queries whatever the size of the batch."""

# ruff: noqa: S608 - table and column names are ours; values are parameters.

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from django.db import connection, models

from common.bulk import rows_as_table, rows_parameter
from contacts.applying.states import IDENTITY_COLUMNS, VALUE_COLUMNS, ContactState
from contacts.models import Consent, Contact, ContactSourceId, EmailListStatus, Preference

SourceKey = tuple[Any, ...]

_SOURCE_COLUMNS: Final = ("site_id", "source_key", "kind", "value")
_FIRST_VALUE: Final = 6


def source_id_holders(keys: Iterable[SourceKey]) -> dict[SourceKey, str]:
    """Return the contact id by (site id, source key, kind, value)."""
    rows = [dict(zip(_SOURCE_COLUMNS, key, strict=True)) for key in keys]
    if not rows:
        return {}
    table = rows_as_table(connection, ContactSourceId, _SOURCE_COLUMNS)
    found = _fetched(
        f"SELECT s.site_id, s.source_key, s.kind, s.value, {_hex('s.contact_id')} "
        f"FROM contacts_contactsourceid s JOIN {table} k ON k.site_id = s.site_id "
        "AND k.source_key = s.source_key AND k.kind = s.kind AND k.value = s.value",
        [rows],
    )
    return {row[:4]: row[4] for row in found}


def contact_states(
    ids: Iterable[str], identities: dict[str, set[tuple[int, str]]], *, is_locked: bool
) -> dict[str, ContactState]:
    """Return the contacts with these ids or identities, by id.

    `identities` maps an identity column to (site id, value). Rows are locked in order of id, so
    that two batches never wait for each other in a circle.
    """
    selects = [f"SELECT id FROM {rows_as_table(connection, Contact, ('id',))} AS wanted"]
    parameters: list[list[dict[str, Any]]] = [[{"id": each} for each in ids]]
    for column, wanted in identities.items():
        if wanted:
            table = rows_as_table(connection, Contact, ("site_id", column))
            selects.append(
                f"SELECT c.id FROM contacts_contact c JOIN {table} k "
                f"ON k.site_id = c.site_id AND k.{column} = c.{column}"
            )
            parameters.append([{"site_id": site, column: value} for site, value in wanted])
    if len(selects) == 1 and not parameters[0]:
        return {}
    lock = "FOR NO KEY UPDATE" if is_locked and connection.vendor == "postgresql" else ""
    rows = _fetched(
        f"SELECT {_hex('id')}, site_id, deleted_at IS NOT NULL, {_text('attributes')}, "
        f"{_text('fact_times')}, {_text('created_at')}, {', '.join(map(_value, VALUE_COLUMNS))} "
        "FROM contacts_contact "
        f"WHERE id IN ({' UNION '.join(selects)}) ORDER BY contacts_contact.id {lock}",
        parameters,
    )
    return {row[0]: _state(row) for row in rows}


def load_source_ids(states: dict[str, ContactState]) -> None:
    for contact_id, *source_id in _children(
        states, ContactSourceId, ("source_key", "kind", "value")
    ):
        states[contact_id].source_ids.add(tuple(source_id))


def load_preferences(states: dict[str, ContactState]) -> None:
    columns = (
        "channel",
        "accepts",
        "cause",
        "changed_at",
        "source_key",
        "source_label",
        "actor_label",
    )
    for contact_id, *values in _children(states, Preference, columns):
        row = _row(columns, values)
        row["accepts"] = bool(row["accepts"])
        states[contact_id].preferences[row["channel"]] = row


def load_consents(states: dict[str, ContactState]) -> None:
    columns = (
        "consent_id",
        "value",
        "changed_at",
        "text_version",
        "comment",
        "source_key",
        "source_label",
        "actor_label",
    )
    for contact_id, *values in _children(states, Consent, columns):
        row = _row(columns, values)
        row["value"] = bool(row["value"])
        states[contact_id].consents[row["consent_id"]] = row


def consent_keys(contact_ids: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return the keys of the stored consents of contacts by (contact id, id of the consent)."""
    wanted = rows_as_table(connection, Contact, ("id",))
    found = _fetched(
        f"SELECT {_hex('contact_id')}, consent_id, id FROM {Consent._meta.db_table} "
        f"WHERE contact_id IN (SELECT id FROM {wanted} AS wanted)",
        [[{"id": contact_id} for contact_id in contact_ids]],
    )
    return {(contact_id, consent_id): key for contact_id, consent_id, key in found}


def load_email_lists(states: dict[str, ContactState]) -> None:
    columns = ("source_key", "list_id", "kind", "esp_name", "soft_bounces", "changed_at")
    for contact_id, *values in _children(states, EmailListStatus, columns):
        row = _row(columns, values)
        states[contact_id].email_lists[row["source_key"], row["list_id"]] = row


def _row(columns: tuple[str, ...], values: list[Any]) -> dict[str, Any]:
    row = dict(zip(columns, values, strict=True))
    changed_at = datetime.fromisoformat(row["changed_at"])
    # SQLite stores UTC without saying so.
    row["changed_at"] = (
        changed_at.astimezone(UTC) if changed_at.tzinfo else changed_at.replace(tzinfo=UTC)
    ).isoformat()
    return row


def _children(
    states: dict[str, ContactState], model: type[models.Model], columns: tuple[str, ...]
) -> list[tuple[Any, ...]]:
    if not states:
        return []
    wanted = rows_as_table(connection, Contact, ("id",))
    return _fetched(
        f"SELECT {_hex('contact_id')}, {', '.join(map(_value, columns))} "
        f"FROM {model._meta.db_table} WHERE contact_id IN (SELECT id FROM {wanted} AS wanted)",
        [[{"id": contact_id} for contact_id in states]],
    )


def _state(row: tuple[Any, ...]) -> ContactState:
    state = ContactState(row[0], row[1])
    state.is_deleted = bool(row[2])
    state.attributes = json.loads(row[3])
    state.fact_times = json.loads(row[4])
    state.created_text = row[5]
    state.values = dict(zip(VALUE_COLUMNS, row[_FIRST_VALUE:], strict=True))
    state.stored_identities = row[_FIRST_VALUE : _FIRST_VALUE + len(IDENTITY_COLUMNS)]
    return state


def _fetched(sql: str, tables: list[list[dict[str, Any]]]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [rows_parameter(table) for table in tables])
        return list(cursor.fetchall())


def _hex(column: str) -> str:
    """Ids travel as 32 digits: SQLite stores them so, and PostgreSQL reads them so."""
    return f"replace({column}::text, '-', '')" if connection.vendor == "postgresql" else column


def _text(column: str) -> str:
    """Return the column as text: drivers would make objects of dates and JSON."""
    return f"CAST({column} AS text)"


def _value(column: str) -> str:
    return _text(column) if column in ("birth_date", "changed_at") else column
