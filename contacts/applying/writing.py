"""Writes a batch: a handful of statements, whatever its size.

The order follows from the constraints. Identities that move are released first, since unique
constraints are checked row by row; contacts come before what refers to them; histories of merged
and erased contacts are settled before new rows are added to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db import connection

from common.bulk import insert_rows, update_rows
from common.identifiers import new_row_id
from contacts.applying.activities import ActivityRow
from contacts.applying.instants import iso
from contacts.applying.ledger import Ledger, Merge
from contacts.applying.settling import settle_erasure, settle_merge
from contacts.applying.states import DELETED, IDENTITY_COLUMNS, VALUE_COLUMNS, ContactState, Row
from contacts.models import (
    Activity,
    Consent,
    Contact,
    ContactMerge,
    ContactRevision,
    ContactSourceId,
    EmailListStatus,
    Preference,
)

_CHANGING: Final = (*VALUE_COLUMNS, "attributes", "fact_times", "deleted_at", "updated_at")
# Spelled as in the constraint's own condition: SQLite compares the two as written.
_UPSERT_ACTIVITY: Final = (
    'ON CONFLICT (contact_id, source_key, type, key) WHERE NOT ("key" = \'\') DO UPDATE SET '
    "occurred_at = excluded.occurred_at, recorded_at = excluded.recorded_at, "
    "properties = excluded.properties, source_label = excluded.source_label, "
    "received_event_id = excluded.received_event_id "
    "WHERE excluded.occurred_at > contacts_activity.occurred_at "
    "OR (excluded.occurred_at = contacts_activity.occurred_at "
    "AND excluded.properties <> contacts_activity.properties)"
)


class Writer:
    def __init__(self, states: Iterable[ContactState], ledger: Ledger, now: str) -> None:
        self._states = list(states)
        self._ledger = ledger
        self._now = now

    def write(self) -> None:
        live = [state for state in self._states if state.merged_into is None]
        self._release_identities()
        insert_rows(connection, Contact, [self._contact_row(s) for s in live if s.is_new])
        update_rows(
            connection,
            Contact,
            [self._contact_row(s) for s in live if s.is_changed and not s.is_new],
            columns=_CHANGING,
        )
        update_rows(
            connection,
            Contact,
            [
                {"id": s.id, "fact_times": s.fact_times}
                for s in live
                if s.has_new_times and not s.is_changed and not s.is_new
            ],
            columns=("fact_times",),
        )
        self._write_source_ids()
        for step in self._ledger.steps:
            if isinstance(step, Merge):
                settle_merge(step)
            else:
                settle_erasure(step)
        self._write_permissions(live)
        self._write_histories()

    def _release_identities(self) -> None:
        """Null identities that existing contacts give up, so that others may take them now."""
        rows = []
        for state in self._states:
            before = state.stored_identities
            if before is None or not (state.is_changed or state.merged_into):
                continue
            after = [state.values[column] for column in IDENTITY_COLUMNS]
            if state.merged_into is not None or any(
                old is not None and old != new for old, new in zip(before, after, strict=True)
            ):
                rows.append({"id": state.id, **dict.fromkeys(IDENTITY_COLUMNS)})
        update_rows(connection, Contact, rows, columns=IDENTITY_COLUMNS)

    def _contact_row(self, state: ContactState) -> Row:
        return {
            "id": state.id,
            "site_id": state.site_id,
            **state.values,
            "attributes": state.attributes,
            "fact_times": state.fact_times,
            "created_at": self._now,
            "updated_at": self._now,
            "deleted_at": iso(state.fact_times[DELETED]) if state.is_deleted else None,
        }

    def _write_source_ids(self) -> None:
        rows = [
            {
                "site_id": site_id, "contact_id": state.final().id, "source_key": source_key,
                "kind": kind, "value": value,
            }
            for state, (site_id, source_key, kind, value) in self._ledger.source_ids
        ]
        insert_rows(connection, ContactSourceId, rows)

    def _write_permissions(self, live: Iterable[ContactState]) -> None:
        rows: dict[str, list[Row]] = {"preference": [], "consent": [], "email_list": []}
        for state in live:
            for kind, key in state.changed_rows:
                rows[kind].append({**state.row(kind, key), "contact_id": state.id})
        insert_rows(
            connection, Preference, rows["preference"],
            conflict=_replacing(
                ("contact_id", "channel"),
                ("accepts", "cause", "changed_at", "source_key", "source_label", "actor_label"),
            ),
        )
        insert_rows(
            connection, Consent, rows["consent"],
            conflict=_replacing(
                ("contact_id", "consent_id"),
                ("value", "changed_at", "comment", "source_key", "source_label"),
            ),
        )
        insert_rows(
            connection, EmailListStatus, rows["email_list"],
            conflict=_replacing(
                ("contact_id", "source_key", "list_id"),
                ("kind", "esp_name", "soft_bounces", "changed_at"),
            ),
        )

    def _write_histories(self) -> None:
        insert_rows(
            connection,
            ContactMerge,
            [
                {
                    "site_id": merge.kept.site_id,
                    "contact_id": merge.kept.final().id,
                    "absorbed_id": merge.absorbed.id,
                    "at": self._now,
                    "joined_by": merge.joined_by,
                    "taken": merge.taken,
                    "source_label": merge.source.label,
                    "received_event_id": merge.source.received_event_id,
                }
                for merge in self._ledger.merges
            ],
        )
        insert_rows(
            connection,
            ContactRevision,
            [
                {
                    "id": new_row_id().hex,
                    "site_id": revision.state.site_id,
                    "contact_id": revision.state.final().id,
                    "at": self._now,
                    "changes": revision.changes,
                    "source_key": revision.source.key,
                    "source_label": revision.source.label,
                    "actor_label": revision.source.actor_label,
                    "received_event_id": revision.source.received_event_id,
                    "position": revision.source.position,
                }
                for revision in self._ledger.revisions
            ],
        )
        self._write_activities()

    def _write_activities(self) -> None:
        plain: dict[str, ActivityRow] = {}
        keyed: dict[tuple[str, str, str, str], ActivityRow] = {}
        for row in self._ledger.activities:
            columns = row.columns
            columns["contact_id"] = row.state.final().id
            if not columns["key"]:
                row.is_repeat = columns["id"] in plain
                plain.setdefault(columns["id"], row)
                continue
            key = (columns["contact_id"], columns["source_key"], columns["type"], columns["key"])
            known = keyed.get(key)
            if known is None or known.columns["occurred_at"] <= columns["occurred_at"]:
                keyed[key] = row
        self._write_plain(plain)
        self._write_keyed(keyed)

    @staticmethod
    def _write_plain(rows: dict[str, ActivityRow]) -> None:
        written = insert_rows(
            connection, Activity, [row.columns for row in rows.values()],
            conflict="ON CONFLICT DO NOTHING", returning="id",
        )
        new = {str(row_id).replace("-", "") for (row_id,) in written}
        for row_id, row in rows.items():
            row.is_repeat = row_id not in new

    @staticmethod
    def _write_keyed(rows: dict[tuple[str, str, str, str], ActivityRow]) -> None:
        written = insert_rows(
            connection, Activity, [row.columns for row in rows.values()],
            conflict=_UPSERT_ACTIVITY, returning="contact_id, source_key, type, key",
        )
        new = {(str(contact).replace("-", ""), *rest) for contact, *rest in written}
        for key, row in rows.items():
            row.is_repeat = key not in new


def _replacing(key: tuple[str, ...], columns: tuple[str, ...]) -> str:
    settings = ", ".join(f"{column} = excluded.{column}" for column in columns)
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {settings}"
