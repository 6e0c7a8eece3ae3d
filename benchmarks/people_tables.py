"""People: contacts, what they accept and agreed to, what they did, and how they changed."""

from __future__ import annotations

from benchmarks.filling import Table, at, quoted, text
from benchmarks.long_tables import THINGS, LongTables
from contacts.models import (
    Activity,
    Consent,
    ConsentChange,
    Contact,
    ContactFile,
    ContactImport,
    ContactRevision,
    Preference,
    SubjectErasure,
)

# Answered on every site, and on the small one by hardly anybody.
CONSENT: str = "terms"
_SOURCE = {"source_key": "'src_bench'", "source_label": "'Shop'"}


def tables(of: LongTables) -> list[Table]:
    return [
        _contacts(of),
        _preferences(of),
        *_consents(of),
        _activities(of),
        _revisions(of),
        *_imports(of),
        _erasures(of),
    ]


def _contacts(of: LongTables) -> Table:
    return Table(
        model=Contact,
        rows=of.people,
        columns={
            "site_id": of.site(),
            "email": f"'person' || {text()} || '@example.com'",
            "phone": f"'+467' || {text('10000000 + n')}",
            "external_id": f"'CRM-' || {text()}",
            "first_name": "'Jane'",
            "last_name": "'Doe'",
            "email_status": "'active'",
        },
    )


def _preferences(of: LongTables) -> Table:
    return Table(
        model=Preference,
        rows=of.people,
        person="n",
        columns={
            "contact_id": of.contact,
            "channel": "'email'",
            "accepts": "n % 4 <> 0",
            **_SOURCE,
        },
    )


def _consents(of: LongTables) -> list[Table]:
    answer = {"contact_id": of.contact, "value": "n % 4 <> 0", "text_version": "1", **_SOURCE}
    return [
        Table(
            model=Consent,
            rows=of.people,
            person="n",
            columns={"id": "n + 1", "consent_id": quoted(CONSENT), **answer},
        ),
        Table(
            model=ConsentChange,
            rows=of.people,
            person=of.someone,
            columns={"consent_id": "person + 1", **answer},
        ),
    ]


def _activities(of: LongTables) -> Table:
    return Table(
        model=Activity,
        rows=of.people,
        person=of.someone,
        columns={
            "site_id": of.site("person"),
            "contact_id": of.contact,
            "type": f"'did.type' || {text('n % 12')}",
            "properties": """'{"total": "120.00", "shop": "Malmö"}'""",
            **_SOURCE,
        },
    )


def _revisions(of: LongTables) -> Table:
    return Table(
        model=ContactRevision,
        rows=of.people,
        person=of.someone,
        columns={
            "site_id": of.site("person"),
            "contact_id": of.contact,
            "changes": """'{"city": ["Lund", "Malmö"]}'""",
            "received_event_id": of.spread.key_sql("n", of.rows),
            **_SOURCE,
        },
    )


def _imports(of: LongTables) -> list[Table]:
    rows = max(3 * THINGS, of.rows // 10_000)
    return [
        Table(
            model=ContactFile,
            rows=rows,
            columns={"site_id": of.site(), "kind": "'upload'", "name": "'people.csv'"},
        ),
        Table(
            model=ContactImport,
            rows=rows,
            columns={
                "site_id": of.site(),
                "file_id": of.spread.key_sql("n", rows),
                "file_name": "'people.csv'",
                "size": "1000",
                "delimiter": "','",
                "rows_begin_at": "20",
                "rows_begin_on_line": "2",
                "header": """'["E-mail"]'""",
                "columns": """'["email"]'""",
                "named_by": "'email'",
                "started_at": at(),
            },
        ),
    ]


def _erasures(of: LongTables) -> Table:
    return Table(
        model=SubjectErasure,
        rows=max(3 * THINGS, of.rows // 1_000),
        person=f"n % {of.people}",
        columns={
            "site_id": of.site(),
            "contact_id": of.contact,
            "reason": "'Asked for by letter'",
            "state": "'done'",
            "found": """'{"received_events": 3}'""",
            "finished_at": at(),
        },
    )
