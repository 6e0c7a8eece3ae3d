"""What went out: events, their deliveries with attempts, and incidents."""

from __future__ import annotations

from benchmarks.filling import Table, at, text
from benchmarks.long_tables import RARE, THINGS, LongTables
from webhooks.outbound.models import Attempt, Delivery, Event, Incident


def tables(of: LongTables) -> list[Table]:
    return [_events(of), _deliveries(of), _attempts(of), _incidents(of)]


def _type(number: str) -> str:
    return (
        f"CASE WHEN {number} % {RARE} = 7 THEN 'contact.deleted' "
        f"WHEN {number} % 3 = 0 THEN 'contact.created' ELSE 'contact.updated' END"
    )


def _events(of: LongTables) -> Table:
    return Table(
        model=Event,
        rows=of.happened,
        person=of.someone,
        columns={
            "site_id": of.site("person"),
            "message_id": f"'msg_' || {text()}",
            "type": _type("n"),
            "contact_id": of.contact,
            "received_event_id": of.spread.key_sql("n", of.rows),
            "payload": """'{"email": "person@example.com", "firstName": "Jane"}'""",
        },
    )


def _deliveries(of: LongTables) -> Table:
    total = of.deliveries
    status = (
        f"CASE WHEN n > {total} - 50 THEN 'sending' WHEN n > {total} - 3000 THEN 'pending' "
        f"WHEN n % 100 = 1 THEN 'failed' WHEN n % 500 = 2 THEN 'held' "
        f"WHEN n % {RARE} = 9 THEN 'cancelled' "
        f"WHEN n > {total} - 20000 AND n % 20 = 4 THEN 'retrying' ELSE 'succeeded' END"
    )
    return Table(
        model=Delivery,
        rows=total,
        named={"thing": of.thing, "status": status},
        columns={
            "site_id": of.site_of_thing(),
            "subscription_id": f"{of.first_subscription} + thing",
            "event_id": of.spread.key_sql("n / 2", of.happened),
            "event_type": _type("(n / 2)"),
            "unit": of.spread.key_sql("n", total),
            "status": "status",
            "attempts": "CASE status WHEN 'pending' THEN 0 WHEN 'failed' THEN 8 ELSE 1 END",
            "lease_expires_at": f"CASE status WHEN 'sending' THEN {at()} END",
            "finished_at": f"CASE WHEN status IN ('succeeded', 'failed') THEN {at()} END",
            "last_status_code": "CASE WHEN status = 'succeeded' THEN 200 "
            "WHEN status IN ('failed', 'retrying') AND n % 3 > 0 THEN 503 END",
            "last_error": "CASE WHEN status NOT IN ('failed', 'retrying') THEN '' "
            "WHEN n % 3 > 0 THEN 'status' ELSE 'timeout' END",
        },
    )


def _attempts(of: LongTables) -> Table:
    """One attempt of every fourth delivery: pages of deliveries list them, no list does."""
    return Table(
        model=Attempt,
        rows=max(1, of.deliveries // 4),
        columns={
            "subscription_id": f"{of.first_subscription} + n * 4 % {THINGS - 1}",
            "unit": of.spread.key_sql("n * 4", of.deliveries),
            "number": "1",
            "trigger": "'event'",
            "duration_ms": "40",
            "status_code": "200",
            "revision": "1",
            "url": "'https://receiver.example.com/hooks'",
            "body_bytes": "400",
        },
    )


def _incidents(of: LongTables) -> Table:
    rows = max(3 * THINGS, of.rows // 1_000)
    return Table(
        model=Incident,
        rows=rows,
        named={"thing": of.thing},
        columns={
            "site_id": of.site_of_thing(),
            "subscription_id": f"{of.first_subscription} + thing",
            # The newest of some subscriptions is open.
            "ended_at": f"CASE WHEN n < {rows} - 5 THEN {at('ms + 600000')} END",
            "failures": "12",
            "last_error": "'timeout'",
            "last_sentence": "'No answer came within 15 seconds.'",
            "told_kind": "'failing'",
            "told_at": at(),
        },
    )
