"""The logs of Onsite: submissions, and two API calls of each."""

from __future__ import annotations

from benchmarks.filling import Table, at, quoted, text
from benchmarks.long_tables import RARE, LongTables
from integrations.generic_api.visitor import VisitorData
from integrations.models import ApiCall
from onsite.flow.fingerprints import visitor_key
from onsite.flow.visitors import visitor_stored
from onsite.models import Submission


def tables(of: LongTables) -> list[Table]:
    return [_submissions(of), _api_calls(of)]


def _submissions(of: LongTables) -> Table:
    # What only Python can compute: one encrypted visitor, and the key of one person.
    known = of.people // 2
    visitor = VisitorData(email=f"person{known}@example.com", name="Jane Doe")
    encrypted = Submission._meta.get_field("visitor").get_prep_value(visitor_stored(visitor))
    state = (
        f"CASE WHEN n > {of.submissions} - 20 THEN 'running' WHEN n % 25 = 1 THEN 'blocked' "
        "ELSE 'continued' END"
    )
    return Table(
        model=Submission,
        rows=of.submissions,
        person=of.someone,
        named={"state": state},
        columns={
            "site_id": of.site(),
            "finished_at": f"CASE WHEN state <> 'running' THEN {at()} END",
            "state": "state",
            "register": "'generic_api'",
            "sent_by": "'Campaign site'",
            "idempotency_key": f"'key-' || {text()}",
            "visitor_key": f"CASE person WHEN {known} THEN {quoted(visitor_key(visitor))} "
            f"ELSE 'visitor-' || {text('person')} END",
            "role": f"CASE WHEN n % {RARE} = 7 THEN 'signup' WHEN n % 3 = 0 THEN 'ambassador' "
            "ELSE 'friend' END",
            "visitor": quoted(str(encrypted)),
            "is_known": "TRUE",
            "tag": f"CASE WHEN n % {RARE} = 7 THEN 'NewSignup' WHEN n % 3 = 0 "
            "THEN 'ExistingAmbassador' ELSE 'NewFriend' END",
            "lookup_outcome": "CASE WHEN n % 3 = 0 THEN 'found' ELSE 'not_found' END",
            "write_outcome": "CASE WHEN state <> 'continued' THEN '' WHEN n % 200 = 9 "
            "THEN 'ignored' ELSE 'updated' END",
            "code": "CASE state WHEN 'blocked' THEN 'lookup_failed' ELSE '' END",
            "reason": "CASE state WHEN 'blocked' THEN 'A reason.' ELSE '' END",
            "contact_id": f"CASE state WHEN 'continued' THEN {of.contact} END",
            "answer_status": "CASE state WHEN 'continued' THEN 200 WHEN 'blocked' THEN 502 END",
        },
    )


def _api_calls(of: LongTables) -> Table:
    return Table(
        model=ApiCall,
        rows=of.api_calls,
        named={
            "direction": f"CASE WHEN n % {RARE} = 7 THEN 'served' ELSE 'sent' END",
            "outcome": "CASE WHEN (n / 2) % 25 = 1 THEN 'blocked' WHEN n % 2 = 1 THEN 'updated' "
            "WHEN (n / 2) % 3 = 0 THEN 'found' ELSE 'not_found' END",
        },
        columns={
            "site_id": of.site("(n / 2)"),
            "direction": "direction",
            "operation": "CASE n % 2 WHEN 0 THEN 'lookup' ELSE 'write' END",
            "purpose": "CASE WHEN direction = 'served' THEN 'onsite' WHEN n % 1000 = 3 "
            "THEN 'trial' ELSE 'submission' END",
            "outcome": "outcome",
            "reason": "CASE outcome WHEN 'blocked' THEN 'A reason.' ELSE '' END",
            "submission_id": of.spread.key_sql("n / 2", of.submissions),
            "method": "'GET'",
            "url": "'https://api.example.com/contacts?email=person%40example.com'",
            "status_code": "CASE outcome WHEN 'blocked' THEN 500 ELSE 200 END",
            "response_body": """'{"email": "person@example.com", "name": "Jane Doe"}'""",
            "duration_ms": "40",
        },
    )
