"""What came in: received events with their outcomes, and rejected requests."""

from __future__ import annotations

from benchmarks.filling import Table, at, text, zeros
from benchmarks.long_tables import RARE, LongTables
from webhooks.inbound.models import EventOutcome, ReceivedEvent, RejectedRequest


def tables(of: LongTables) -> list[Table]:
    return [_events(of), _outcomes(of), _rejected(of)]


def _events(of: LongTables) -> Table:
    total = of.rows
    status = (
        f"CASE WHEN n > {total} - 200 THEN 'processing' WHEN n > {total} - 5000 THEN 'received' "
        "WHEN n % 100 = 1 THEN 'failed' WHEN n % 100 = 2 THEN 'partly_processed' "
        "WHEN n % 20 = 4 THEN 'ignored' ELSE 'processed' END"
    )
    return Table(
        model=ReceivedEvent,
        rows=total,
        named={"source": of.thing, "status": status},
        columns={
            "site_id": of.site_of_thing("source"),
            "source_id": f"{of.first_source} + source",
            "dedupe_key": text(),
            "event_id": f"'evt-' || {text()}",
            "event_type": f"CASE WHEN n % {RARE} = 7 THEN 'rare.type' WHEN n < {total} / 100 "
            f"THEN 'old.type' ELSE 'contact.type' || {text('n % 12')} END",
            "remote_address": "'203.0.113.9'",
            "headers": """'{"content-type": "application/json"}'""",
            "body": zeros(of.body_bytes),
            "body_bytes": str(of.body_bytes),
            "status": "status",
            "cause": "CASE status WHEN 'failed' THEN 'NO_IDENTITY' WHEN 'ignored' THEN "
            "'UNKNOWN_EVENT_TYPE' WHEN 'partly_processed' THEN 'BAD_ROW' ELSE '' END",
            "reason": "CASE WHEN status IN ('processed', 'received', 'processing') THEN '' "
            "ELSE 'A reason.' END",
            "attempts": "1",
            "lease_expires_at": f"CASE status WHEN 'processing' THEN {at()} END",
            "processed_at": f"CASE WHEN status NOT IN ('received', 'processing') THEN {at()} END",
            "rows_applied": "1",
        },
    )


def _outcomes(of: LongTables) -> Table:
    return Table(
        model=EventOutcome,
        rows=of.rows,
        person=of.someone,
        columns={
            "received_event_id": of.spread.key_sql("n", of.rows),
            "position": "0",
            "event_type": "'contact.updated'",
            "outcome": "'applied'",
            "identity": f"'person' || {text('person')} || '@example.com'",
            "contact_id": of.contact,
        },
    )


def _rejected(of: LongTables) -> Table:
    return Table(
        model=RejectedRequest,
        rows=max(1, of.rows // 100),
        named={"source": of.thing},
        columns={
            "site_id": of.site_of_thing("source"),
            "source_id": f"{of.first_source} + source",
            "cause": f"CASE WHEN n % {RARE} = 7 THEN 'BAD_XML' ELSE 'BAD_SIGNATURE' END",
            "status_code": "401",
            "remote_address": "'203.0.113.9'",
            "body_start": zeros(of.body_bytes),
            "body_bytes": str(of.body_bytes),
            "is_whole": "TRUE",
        },
    )
