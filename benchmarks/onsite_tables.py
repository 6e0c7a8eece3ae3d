"""Statements that fill the logs of Onsite: submissions, and two API calls of each.

Read by `long_tables`, which replaces what stands in braces.
"""

from __future__ import annotations

from typing import Final

from integrations.generic_api.visitor import VisitorData
from onsite.flow.fingerprints import visitor_key
from onsite.flow.visitors import visitor_stored
from onsite.models import Submission

SUBMISSIONS: Final = """
INSERT INTO onsite_submission (id, site_id, received_at, finished_at, lease_expires_at, state,
  register, sent_by, sent, idempotency_key, body_digest, visitor_key, role, visitor, conversion,
  is_known, tag, known_contact, lookup_outcome, write_outcome, code, reason, notes, contact_id,
  answer_status, answer)
SELECT {id}, {first_site} + n % {sites}, {at}, CASE WHEN state <> 'running' THEN {at} END, {at},
  state, 'generic_api', 'Campaign site', 1, 'key-' || {text_n}, '',
  CASE n % {people} WHEN {known_person} THEN '{known_key}' ELSE 'visitor-' || (n % {people}) END,
  CASE WHEN n % {rare} = 7 THEN 'signup' WHEN n % 3 = 0 THEN 'ambassador' ELSE 'friend' END,
  '{visitor}', NULL, {true},
  CASE WHEN n % {rare} = 7 THEN 'NewSignup' WHEN n % 3 = 0 THEN 'ExistingAmbassador'
       ELSE 'NewFriend' END,
  '', CASE WHEN n % 3 = 0 THEN 'found' ELSE 'not_found' END,
  CASE WHEN state <> 'continued' THEN '' WHEN n % 200 = 9 THEN 'ignored' ELSE 'updated' END,
  CASE state WHEN 'blocked' THEN 'lookup_failed' ELSE '' END,
  CASE state WHEN 'blocked' THEN 'A reason.' ELSE '' END, '[]',
  CASE state WHEN 'continued' THEN {contact_id} END,
  CASE state WHEN 'continued' THEN 200 WHEN 'blocked' THEN 502 END, ''
FROM (SELECT n, {start} + n * {span} / {total} AS ms,
  {start} + (n % {people}) * {span} / {people} AS contact_ms,
  CASE WHEN n > {total} - 20 THEN 'running' WHEN n % 25 = 1 THEN 'blocked' ELSE 'continued' END
    AS state
  FROM {series}) AS numbered"""
API_CALLS: Final = """
INSERT INTO integrations_apicall (id, site_id, at, direction, operation, purpose, outcome, failure,
  reason, notes, submission_id, contact_id, method, url, request_headers, request_body,
  status_code, response_headers, response_body, duration_ms, remote_address)
SELECT {id}, {first_site} + (n / 2) % {sites}, {at},
  CASE WHEN n % {rare} = 7 THEN 'served' ELSE 'sent' END,
  CASE n % 2 WHEN 0 THEN 'lookup' ELSE 'write' END,
  CASE WHEN n % {rare} = 7 THEN 'onsite' WHEN n % 1000 = 3 THEN 'trial' ELSE 'submission' END,
  CASE WHEN (n / 2) % 25 = 1 THEN 'blocked' WHEN n % 2 = 1 THEN 'updated'
       WHEN (n / 2) % 3 = 0 THEN 'found' ELSE 'not_found' END,
  '', CASE WHEN (n / 2) % 25 = 1 THEN 'A reason.' ELSE '' END, '[]', {submission_id}, NULL,
  'GET', 'https://api.example.com/contacts?email=person%40example.com', '{{}}', '',
  CASE WHEN (n / 2) % 25 = 1 THEN 500 ELSE 200 END, '{{}}',
  '{{"email": "person@example.com", "name": "Jane Doe"}}', 40, ''
FROM (SELECT n, {start} + n * {span} / {total} AS ms,
  {start} + (n / 2) * {span} / {submissions} AS submission_ms FROM {series}) AS numbered"""


def visitor_values(people: int) -> dict[str, str | int]:
    """Return what only Python can compute: one encrypted visitor, and the key of one person."""
    visitor = VisitorData(email=f"person{people // 2}@example.com", name="Jane Doe")
    encrypted = Submission._meta.get_field("visitor").get_prep_value(visitor_stored(visitor))
    return {
        "visitor": str(encrypted),
        "known_person": people // 2,
        "known_key": visitor_key(visitor),
    }
