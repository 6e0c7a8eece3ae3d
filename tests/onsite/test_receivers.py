"""Submissions and their API calls when a person is erased, or turns out to be another."""

from __future__ import annotations

from uuid import UUID

import pytest

from contacts.signals import contacts_merged
from integrations.contact_change import Deletion
from integrations.generic_api.visitor import VisitorData
from integrations.models import ApiCall, Direction
from onsite.flow.fingerprints import visitor_key
from onsite.models import State, Submission
from sites.models import Site
from tests.contacts.changes import apply
from tests.factories import SiteFactory
from tests.integrations.api_calls import api_call
from tests.onsite.submissions import submission

pytestmark = pytest.mark.django_db
JANE = {"email": "jane@example.com", "contact": "4711"}


@pytest.fixture
def jane(site: Site) -> UUID:
    contact_id = apply(site, JANE).contact_id
    assert contact_id is not None
    return contact_id


def texts_of(call: ApiCall) -> set[object]:
    call.refresh_from_db()
    return {
        call.url, call.request_body, call.response_body, call.reason,
        str(call.request_headers), str(call.response_headers), str(call.notes),
    }  # fmt: skip


def test_an_erased_person_is_in_no_submission_and_no_call(site: Site, jane: UUID) -> None:
    done = submission(
        site, contact_id=jane, visitor_key="key", answer={"name": "Jane"}, conversion={"id": "1"},
        known_contact={"name": "Jane"}, reason="jane@example.com has no phone", notes=["jane"],
    )  # fmt: skip
    blocked = submission(site, State.BLOCKED, visitor_key="key", code="lookup_failed")
    calls = [
        api_call(site, submission_id=done.pk, reason="jane@example.com is odd", notes=["jane"]),
        api_call(site, submission_id=blocked.pk, request_body='{"email": "jane@example.com"}'),
        api_call(site, contact_id=jane, direction=Direction.SERVED),
    ]
    apply(site, JANE, 5, deletion=Deletion(reason="asked"))
    for row in Submission.objects.all():
        assert (row.visitor, row.known_contact, row.answer) == ({}, {}, {})
        assert (row.reason, row.notes) == ("", [])
    done.refresh_from_db()
    blocked.refresh_from_db()
    assert (done.conversion, blocked.conversion) == ({}, None)
    assert (blocked.state, blocked.code) == (State.BLOCKED, "lookup_failed")
    for call in calls:
        assert texts_of(call) == {"", "{}", "[]"}
        assert (call.status_code, call.duration_ms) == (200, 120)


def test_nobody_else_is_forgotten(site: Site, jane: UUID) -> None:
    elsewhere = SiteFactory.create()
    submission(site, contact_id=jane, visitor_key="key")
    others = [submission(site), submission(elsewhere, visitor_key="key")]
    call = api_call(site, submission_id=others[0].pk)
    apply(site, JANE, 5, deletion=Deletion())
    for row in others:
        row.refresh_from_db()
        assert row.visitor["email"] == "jane@example.com"
    assert "jane%40example.com" in str(texts_of(call))


@pytest.mark.parametrize(
    "visitor",
    [
        VisitorData(email="jane@example.com"),
        VisitorData(phone="+46701234567"),
        VisitorData(personal_identity="20040217-7935"),
    ],
    ids=["email", "phone", "personal_identity"],
)
def test_a_blocked_visitor_without_a_contact_is_forgotten_by_their_identity(
    site: Site, jane: UUID, visitor: VisitorData
) -> None:
    named = {"phone": "070-123 45 67", "personal_identity_number": "040217-7935"}
    apply(site, JANE | named, 2)
    key = visitor_key(visitor)
    blocked = submission(site, State.BLOCKED, visitor_key=key, code="lookup_failed")
    call = api_call(site, submission_id=blocked.pk, reason="jane@example.com is odd")
    elsewhere = submission(SiteFactory.create(), State.BLOCKED, visitor_key=key)
    apply(site, JANE, 5, deletion=Deletion(reason="asked"))
    blocked.refresh_from_db()
    elsewhere.refresh_from_db()
    assert (blocked.visitor, blocked.contact_id) == ({}, None)
    assert texts_of(call) == {"", "{}", "[]"}
    assert elsewhere.visitor["email"] == "jane@example.com"


def test_submissions_and_calls_follow_a_merge(site: Site, jane: UUID) -> None:
    absorbed = apply(site, {"email": "j.doe@example.com"}).contact_id
    mine, call = submission(site, contact_id=absorbed), api_call(site, contact_id=absorbed)
    contacts_merged.send(None, site_id=site.pk, kept_id=jane, absorbed_id=absorbed)
    mine.refresh_from_db()
    call.refresh_from_db()
    assert mine.contact_id == call.contact_id == jane
