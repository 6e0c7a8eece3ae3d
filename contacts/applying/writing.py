"""Writes a batch: a handful of statements, whatever its size.

The order follows from the constraints: contacts come before what refers to them, and histories of
merged and erased contacts are settled before new rows are added to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Final

from django.db import connection

from common.bulk import insert_rows
from common.identifiers import new_row_hex
from contacts.applying.activities import ActivityRow
from contacts.applying.consent_answers import answer_rows
from contacts.applying.contact_rows import write_contacts
from contacts.applying.ledger import Ledger, Merge
from contacts.applying.loading import consent_keys
from contacts.applying.loyalty import loyalty_write
from contacts.applying.settling import settle_erasure, settle_loyalty, settle_merge
from contacts.applying.states import ContactState, Row
from contacts.models import (
    Activity,
    Consent,
    ConsentChange,
    ContactMerge,
    ContactRevision,
    ContactSourceId,
    EmailListStatus,
    Preference,
)

# Spelled as in the constraint's own condition: SQLite compares the two as written.
_UPSERT_ACTIVITY: Final = (
    "ON CONFLICT (contact_id, source_key, type, key) WHERE NOT (\"key\" = '') DO UPDATE SET "
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
        write_contacts(self._states, self._now)
        self._write_source_ids()
        for step in self._ledger.steps:
            if isinstance(step, Merge):
                settle_merge(step)
            else:
                settle_erasure(step)
            self._ledger.happenings += settle_loyalty(step)
        self._write_permissions(live)
        self._write_histories()
        if self._ledger.loyalty:
            loyalty_write(self._ledger.loyalty, self._now)

    def _write_source_ids(self) -> None:
        rows = [
            {
                "site_id": site_id,
                "contact_id": state.final().id,
                "source_key": source_key,
                "kind": kind,
                "value": value,
            }
            for (site_id, source_key, kind, value), state in self._ledger.source_ids.items()
        ]
        insert_rows(connection, ContactSourceId, rows)
        for key, state in sorted(self._ledger.moved_ids.items(), key=itemgetter(0)):
            columns = dict(zip(("site_id", "source_key", "kind", "value"), key, strict=True))
            ContactSourceId.objects.filter(**columns).update(contact_id=state.final().id)

    def _write_permissions(self, live: Iterable[ContactState]) -> None:
        rows: dict[str, list[Row]] = {"preference": [], "consent": [], "email_list": []}
        for state in live:
            for kind, key in state.changed_rows:
                rows[kind].append({**state.row(kind, key), "contact_id": state.id})
        insert_rows(
            connection,
            Preference,
            rows["preference"],
            conflict=_replacing(
                ("contact_id", "channel"),
                ("accepts", "cause", "changed_at", "source_key", "source_label", "actor_label"),
            ),
        )
        insert_rows(
            connection,
            Consent,
            rows["consent"],
            conflict=_replacing(
                ("contact_id", "consent_id"),
                (
                    "value",
                    "changed_at",
                    "text_version",
                    "comment",
                    "source_key",
                    "source_label",
                    "actor_label",
                ),
            ),
        )
        insert_rows(
            connection,
            EmailListStatus,
            rows["email_list"],
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
                    "id": new_row_hex(),
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
        self._write_answers()
        self._write_activities()

    def _write_answers(self) -> None:
        answers = self._ledger.answers
        if answers:
            keys = consent_keys({answer.state.final().id for answer in answers})
            insert_rows(connection, ConsentChange, answer_rows(answers, keys))

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
            connection,
            Activity,
            [row.columns for row in rows.values()],
            conflict="ON CONFLICT DO NOTHING",
            returning="id",
        )
        if len(written) == len(rows):
            return
        new = {str(row_id).replace("-", "") for (row_id,) in written}
        for row_id, row in rows.items():
            row.is_repeat = row_id not in new

    @staticmethod
    def _write_keyed(rows: dict[tuple[str, str, str, str], ActivityRow]) -> None:
        written = insert_rows(
            connection,
            Activity,
            [row.columns for row in rows.values()],
            conflict=_UPSERT_ACTIVITY,
            returning="contact_id, source_key, type, key",
        )
        if len(written) == len(rows):
            return
        new = {(str(contact).replace("-", ""), *rest) for contact, *rest in written}
        for key, row in rows.items():
            row.is_repeat = key not in new


def _replacing(key: tuple[str, ...], columns: tuple[str, ...]) -> str:
    settings = ", ".join(f"{column} = excluded.{column}" for column in columns)
    return f"ON CONFLICT ({', '.join(key)}) DO UPDATE SET {settings}"
