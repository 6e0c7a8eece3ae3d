"""Tables as long as years of traffic make them, filled by the database itself.

Ids are UUIDv7 by shape: milliseconds, then the row's number, evenly spread over 90 days.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from benchmarks.onsite_tables import API_CALLS, SUBMISSIONS, visitor_values
from sites.models import Site
from webhooks.models import Source

SITES: Final = 5
SOURCES: Final = 20
_SPREAD: Final = timedelta(days=90)
_AT_ONCE: Final = 100_000
# One row in so many is of the rare source and type; the old type stopped coming after 1 %.
RARE: Final = 50_000

_EVENTS: Final = """
INSERT INTO webhooks_receivedevent (id, site_id, source_id, dedupe_key, event_id, event_type,
  received_at, remote_address, headers, query, body, body_bytes, status, cause, reason, attempts,
  due_at, lease_owner, lease_expires_at, processed_at, rows_applied, rows_unchanged, rows_ignored,
  rows_quarantined, history)
SELECT {id}, {first_site} + source % {sites}, {first_source} + source, {text_n}, 'evt-' || {text_n},
  CASE WHEN n % {rare} = 7 THEN 'rare.type' WHEN n < {total} / 100 THEN 'old.type'
       ELSE 'contact.type' || (n % 12) END,
  {at}, '203.0.113.9', '{{"content-type": "application/json"}}', '{{}}', {body}, {body_bytes},
  status,
  CASE status WHEN 'failed' THEN 'NO_IDENTITY' WHEN 'ignored' THEN 'UNKNOWN_EVENT_TYPE'
       WHEN 'partly_processed' THEN 'BAD_ROW' ELSE '' END,
  CASE WHEN status IN ('processed', 'received', 'processing') THEN '' ELSE 'A reason.' END,
  1, {at}, '', CASE status WHEN 'processing' THEN {at} END,
  CASE WHEN status IN ('received', 'processing') THEN NULL ELSE {at} END, 1, 0, 0, 0, '[]'
FROM (SELECT n, {start} + n * {span} / {total} AS ms,
  CASE WHEN n % {rare} = 3 THEN {sources} - 1 ELSE n % ({sources} - 1) END AS source,
  CASE WHEN n > {total} - 200 THEN 'processing' WHEN n > {total} - 5000 THEN 'received'
       WHEN n % 100 = 1 THEN 'failed' WHEN n % 100 = 2 THEN 'partly_processed'
       WHEN n % 20 = 4 THEN 'ignored' ELSE 'processed' END AS status
  FROM {series}) AS numbered"""
_CONTACTS: Final = """
INSERT INTO contacts_contact (id, site_id, email, phone, external_id, personal_identity_number,
  first_name, last_name, care_of, street, postal_code, city, country_code, gender, language,
  attributes, email_status, email_status_cause, fact_times, created_at, updated_at,
  deletion_reason)
SELECT {id}, {first_site} + n % {sites}, 'person' || {text_n} || '@example.com',
  '+467' || (10000000 + n), 'CRM-' || {text_n}, '', 'Jane', 'Doe', '', '', '', '', '', '', '',
  '{{}}', 'active', '', '{{}}', {at}, {at}, ''
FROM (SELECT n, {start} + n * {span} / {total} AS ms FROM {series}) AS numbered"""
_OUTCOMES: Final = """
INSERT INTO webhooks_eventoutcome (received_event_id, position, event_type, event_id, outcome,
  cause, reason, notes, identity, contact_id)
SELECT {id}, 0, 'contact.updated', '', 'applied', '', '', '[]',
  'person' || (n % {people}) || '@example.com', {contact_id}
FROM (SELECT n, {start} + n * {span} / {total} AS ms,
  {start} + (n % {people}) * {span} / {people} AS contact_ms FROM {series}) AS numbered"""
_REJECTED: Final = """
INSERT INTO webhooks_rejectedrequest (id, site_id, source_id, at, cause, detail, status_code,
  remote_address, headers, query, body_start, body_bytes, is_whole)
SELECT {id}, {first_site} + (n % {sources}) % {sites}, {first_source} + n % {sources}, {at},
  CASE WHEN n % {rare} = 7 THEN 'BAD_XML' ELSE 'BAD_SIGNATURE' END, '', 401, '203.0.113.9', '{{}}',
  '{{}}', {body}, {body_bytes}, {true}
FROM (SELECT n, {start} + n * {span} / {total} AS ms FROM {series}) AS numbered"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTables:
    """What was filled; the methods that end in `_id` name a row by its number."""

    rows: int
    people: int
    submissions: int
    first_site: int
    first_source: int
    start: int
    span: int

    def event_id(self, number: int) -> UUID:
        return self._id(number, self.rows)

    def contact_id(self, number: int) -> UUID:
        return self._id(number, self.people)

    def submission_id(self, number: int) -> UUID:
        return self._id(number, self.submissions)

    def api_call_id(self, number: int) -> UUID:
        return self._id(number, 2 * self.submissions)

    def at(self, share: float) -> datetime:
        """Return the instant that this share of the rows came before."""
        return datetime.fromtimestamp((self.start + share * self.span) / 1000, UTC)

    def _id(self, number: int, total: int) -> UUID:
        milliseconds = self.start + number * self.span // total
        return UUID(f"{milliseconds:012x}7{number % 4096:03x}8{number:015x}")


def long_tables_fill(rows: int, *, body_bytes: int, progress: Callable[[str], None]) -> LongTables:
    """Fill all tables that the console lists and return what is in them."""
    sites = [Site.objects.create(name=f"Brand {n}", slug=f"brand-{n}") for n in range(SITES)]
    sources = [
        Source.objects.create(
            site=sites[number % SITES], preset_key="voyado_engage", name=f"Source {number}"
        )
        for number in range(SOURCES)
    ]
    span = int(_SPREAD.total_seconds() * 1000)
    tables = LongTables(
        rows=rows,
        people=max(1, rows // 10),
        submissions=max(1, rows // 4),
        first_site=sites[0].pk,
        first_source=sources[0].pk,
        start=int(time.time() * 1000) - span,
        span=span,
    )
    for statement, total in (
        (_CONTACTS, tables.people),
        (_EVENTS, rows),
        (_OUTCOMES, rows),
        (_REJECTED, max(1, rows // 100)),
        (SUBMISSIONS, tables.submissions),
        (API_CALLS, 2 * tables.submissions),
    ):
        _fill(statement, total, tables, body_bytes, progress)
    if connection.vendor == "postgresql":
        # What autovacuum does by itself some minutes after so many inserts.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    return tables


def _fill(
    statement: str, total: int, tables: LongTables, body_bytes: int, progress: Callable[[str], None]
) -> None:
    table = statement.split("INTO ", 1)[1].split(" ", 1)[0]
    fixed = {**_numbers(tables), **visitor_values(tables.people)}
    for first in range(0, total, _AT_ONCE):
        last = min(first + _AT_ONCE, total) - 1
        fragments = _fragments(first, last, body_bytes, tables.people)
        sql = statement.format(**fragments, **fixed, total=total, body_bytes=body_bytes)
        with connection.cursor() as cursor:
            cursor.execute(sql)
        progress(f"{table}: {last + 1:,} of {total:,}")


def _numbers(tables: LongTables) -> dict[str, Any]:
    return {
        "first_site": tables.first_site,
        "first_source": tables.first_source,
        "start": tables.start,
        "span": tables.span,
        "people": tables.people,
        "submissions": tables.submissions,
        "sites": SITES,
        "sources": SOURCES,
        "rare": RARE,
    }


def _fragments(first: int, last: int, body_bytes: int, people: int) -> dict[str, str]:
    """Return the parts of a statement that the two databases write differently."""
    if connection.vendor == "postgresql":

        def hexadecimal(value: str, width: int) -> str:
            return f"lpad(to_hex(({value})::bigint), {width}, '0')"

        cast, at = "::uuid", "to_timestamp(ms / 1000.0)"
        series = f"generate_series({first}::bigint, {last}::bigint) AS n"
        body, text_n, true = f"convert_to(repeat('x', {body_bytes}), 'UTF8')", "n::text", "true"
    else:

        def hexadecimal(value: str, width: int) -> str:
            return f"printf('%0{width}x', {value})"

        cast, at = "", "strftime('%Y-%m-%d %H:%M:%f', ms / 1000.0, 'unixepoch')"
        series = (
            f"(WITH RECURSIVE counter(n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM counter "
            f"WHERE n < {last}) SELECT n FROM counter)"
        )
        body, text_n, true = f"zeroblob({body_bytes})", "n", "1"

    def row_id(milliseconds: str, number: str) -> str:
        head = f"{hexadecimal(milliseconds, 12)} || '7' || {hexadecimal(f'{number} % 4096', 3)}"
        return f"({head} || '8' || {hexadecimal(number, 15)}){cast}"

    return {
        "id": row_id("ms", "n"),
        "contact_id": row_id("contact_ms", f"(n % {people})"),
        "submission_id": row_id("submission_ms", "(n / 2)"),
        "at": at,
        "series": series,
        "body": body,
        "text_n": text_n,
        "true": true,
    }
