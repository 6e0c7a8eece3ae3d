"""One visitor after another through the flow, against a retailer's API over real HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.models import Activity, Contact, Preference
from integrations.contact_change import Channel
from integrations.models import ApiCall, Operation, Outcome, Purpose
from onsite.models import Register, State
from tests.contacts.changes import apply
from tests.factories import SiteFactory
from tests.hostile.api import closed_port
from tests.onsite.campaign import JANE, Campaign
from tests.onsite.retailer import Retailer, retailer_api

pytestmark = [pytest.mark.network, pytest.mark.django_db]


def test_a_new_friend_is_written_with_the_tag_and_continues(
    campaign: Campaign, retailer: Retailer
) -> None:
    contact = {
        "email": JANE,
        "phone": "070-123 45 67",
        "name": "Jane van Doe",
        "personalIdentity": "20040217-7935",
        "options": {"pet": "Dog", "acceptsEmail": True},
    }
    answer = campaign.send(contact)
    submission = campaign.submission
    assert (answer.status, answer.body) == (
        200,
        {
            "id": str(submission.pk),
            "result": "continue",
            "known": False,
            "redeal": "NewFriend",
            "contact": {},
        },
    )
    assert retailer.lookups == [{"e_mail": JANE, "mobile": "+46701234567"}]
    assert retailer.writes == [
        {
            "e_mail": JANE,
            "mobile": "+46701234567",
            "name": "Jane van Doe",
            "personalIdentity": "20040217-7935",
            "pet": "Dog",
            "acceptsEmail": True,
            "redeal": "NewFriend",
        }
    ]
    stored = Contact.objects.get()
    assert stored.pk == submission.contact_id
    assert (stored.email, stored.phone, stored.last_name) == (JANE, "+46701234567", "van Doe")
    assert stored.attributes == {"pet": "Dog", "redeal": "NewFriend"}
    assert stored.preferences.get().accepts is True
    assert (submission.state, submission.register) == (State.CONTINUED, Register.GENERIC_API)
    assert (submission.lookup_outcome, submission.write_outcome) == ("not_found", "created")
    assert (submission.sent_by, submission.sent, submission.code) == ("Campaign page", 1, "")


def test_both_calls_are_logged_with_their_submission(
    campaign: Campaign, retailer: Retailer
) -> None:
    campaign.send()
    calls = ApiCall.objects.filter(submission_id=campaign.submission.pk).order_by("pk")
    assert [(call.operation, call.outcome, call.purpose) for call in calls] == [
        (Operation.LOOKUP, Outcome.NOT_FOUND, Purpose.SUBMISSION),
        (Operation.WRITE, Outcome.CREATED, Purpose.SUBMISSION),
    ]


def test_a_known_ambassador_gets_what_the_retailer_knows(
    campaign: Campaign, retailer: Retailer
) -> None:
    retailer.knows(e_mail=JANE, mobile="0701234567", name="Jane Doe", pet="Cat", shoe_size=38)
    answer = campaign.send({"email": JANE, "options": {"pet": "Dog"}}, role="ambassador")
    assert answer.body["known"] is True
    assert answer.body["redeal"] == "ExistingAmbassador"
    assert answer.body["contact"] == {
        "email": JANE,
        "phone": "0701234567",
        "name": "Jane Doe",
        "options": {"pet": "Cat"},
    }
    # Only what the visitor supplied is sent.
    assert retailer.writes == [{"e_mail": JANE, "pet": "Dog", "redeal": "ExistingAmbassador"}]
    stored = Contact.objects.get()
    # The retailer's data under the visitor's own.
    assert (stored.phone, stored.first_name) == ("+46701234567", "Jane")
    assert stored.attributes["pet"] == "Dog"


@pytest.mark.parametrize(
    ("known", "said", "expected"),
    [
        (None, {}, True),
        (True, {}, True),
        (False, {}, False),
        (False, {"acceptsEmail": True}, True),
        (True, {"acceptsEmail": False}, False),
    ],
)
def test_what_the_retailer_knows_never_undoes_a_no(
    campaign: Campaign,
    retailer: Retailer,
    known: bool | None,
    said: dict[str, bool],
    expected: bool,
) -> None:
    retailer.knows(e_mail=JANE, acceptsEmail=True)
    if known is not None:
        apply(campaign.site, {"email": JANE}, preferences={Channel.EMAIL: known})
    answer = campaign.send({"email": JANE, "options": said})
    assert answer.status == 200
    assert Preference.objects.get().accepts is expected


def test_a_known_signup_is_written_without_any_tag(campaign: Campaign, retailer: Retailer) -> None:
    retailer.knows(e_mail=JANE)
    answer = campaign.send(role="signup", conversion=True)
    assert answer.body["redeal"] is None
    assert retailer.writes == [{"e_mail": JANE}]
    assert "redeal" not in Contact.objects.get().attributes


def test_a_conversion_is_an_activity_of_its_own(campaign: Campaign) -> None:
    answer = campaign.send(conversion={"reference": "A-1", "value": 129.5, "currency": "SEK"})
    assert answer.body["redeal"] == "ConvertedFriend"
    key = str(campaign.submission.pk)
    activities = {each.type: each for each in Activity.objects.all()}
    assert set(activities) == {"onsite_submission", "onsite_conversion"}
    assert {each.key for each in activities.values()} == {key}
    assert activities["onsite_conversion"].properties == {
        "submission": key,
        "reference": "A-1",
        "value": "129.5",
        "currency": "SEK",
    }


def test_an_ignored_lookup_makes_a_new_visitor(campaign: Campaign, retailer: Retailer) -> None:
    retailer.knows(e_mail=JANE)
    retailer.lookup_status = 503
    answer = campaign.send()
    assert (answer.status, answer.body["known"], answer.body["redeal"]) == (200, False, "NewFriend")
    assert campaign.submission.lookup_outcome == Outcome.IGNORED
    assert retailer.writes


def test_an_ignored_write_lets_the_visitor_go_on(campaign: Campaign, retailer: Retailer) -> None:
    retailer.write_status = 409
    answer = campaign.send()
    assert (answer.status, answer.body["result"]) == (200, "continue")
    assert campaign.submission.write_outcome == Outcome.IGNORED
    assert Contact.objects.get().email == JANE


@pytest.mark.parametrize(
    ("fault", "code", "writes"),
    [
        ({"lookup_status": 401}, "LOOKUP_STATUS", 0),
        ({"lookup_status": 302}, "LOOKUP_STATUS", 0),
        ({"lookup_body": b"<html>"}, "LOOKUP_NOT_JSON", 0),
        ({"lookup_body": b"[]"}, "LOOKUP_NOT_JSON", 0),
        ({"write_status": 400}, "WRITE_STATUS", 1),
    ],
)
def test_a_blocked_visitor_gets_the_code_and_leaves_no_contact(
    campaign: Campaign, retailer: Retailer, fault: dict[str, Any], code: str, writes: int
) -> None:
    for name, value in fault.items():
        setattr(retailer, name, value)
    answer = campaign.send({"email": JANE, "options": {"pet": "Dog"}})
    submission = campaign.submission
    assert answer.status == 502
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.body == {
        "status": 502,
        "title": "Bad Gateway",
        "detail": submission.reason,
        "code": code,
        "id": str(submission.pk),
        "result": "blocked",
    }
    assert submission.reason
    assert (submission.state, submission.code) == (State.BLOCKED, code)
    # Kept for sending it again.
    assert submission.visitor == {"email": JANE, "options": {"pet": "Dog"}}
    assert len(retailer.writes) == writes
    assert not Contact.objects.exists()


def test_what_was_known_is_kept_when_the_write_blocks(
    campaign: Campaign, retailer: Retailer
) -> None:
    retailer.knows(e_mail=JANE, name="Jane Doe")
    retailer.write_status = 422
    campaign.send()
    submission = campaign.submission
    assert (submission.is_known, submission.tag) == (True, "ExistingFriend")
    assert submission.known_contact == {"email": JANE, "name": "Jane Doe"}


def test_an_api_that_cannot_be_reached_or_is_too_slow(
    campaign: Campaign, retailer: Retailer
) -> None:
    with closed_port() as port:
        retailer_api(campaign.site, retailer, lookup_url=f"http://127.0.0.1:{port}/")
        assert campaign.send().body["code"] == "LOOKUP_REFUSED"
    retailer_api(campaign.site, retailer, connect_seconds=1, total_seconds=1)
    retailer.open_door.clear()
    assert campaign.send().body["code"] == "LOOKUP_TIMEOUT"


def test_an_address_that_is_not_allowed(campaign: Campaign, retailer: Retailer) -> None:
    retailer_api(campaign.site, retailer, lookup_url="http://169.254.169.254:8080/")
    assert campaign.send().body["code"] == "LOOKUP_ADDRESS"


def test_another_identity_at_the_retailer_is_noted_and_not_taken_over(
    campaign: Campaign, retailer: Retailer
) -> None:
    retailer.knows(e_mail=JANE, mobile="+46709999999", name="Somebody Else")
    answer = campaign.send({"email": JANE, "phone": "+46701234567"})
    assert [note.partition(":")[0] for note in answer.body["notes"]] == ["OTHER_IDENTITY"]
    assert answer.body["contact"]["name"] == "Somebody Else"
    stored = Contact.objects.get()
    assert (stored.phone, stored.first_name) == ("+46701234567", "")


def test_a_stranger_behind_a_shared_phone_is_not_shown(
    campaign: Campaign, retailer: Retailer
) -> None:
    retailer.knows(e_mail="kim@example.com", mobile="+46701234567", name="Kim Doe")
    answer = campaign.send({"email": JANE, "phone": "+46701234567"})
    assert (answer.body["known"], answer.body["contact"]) == (True, {})
    assert Contact.objects.get().email == JANE


def test_a_phone_that_cannot_exist_is_noted_and_not_sent(
    campaign: Campaign, retailer: Retailer
) -> None:
    answer = campaign.send({"email": JANE, "phone": "12"})
    assert [note.partition(":")[0] for note in answer.body["notes"]] == ["BAD_PHONE"]
    assert retailer.writes == [{"e_mail": JANE, "redeal": "NewFriend"}]


def test_a_person_whom_patchbay_cannot_name_continues_at_the_retailer(
    campaign: Campaign, retailer: Retailer
) -> None:
    retailer_api(campaign.site, retailer, lookup_sends=["personal_identity"])
    answer = campaign.send({"personalIdentity": "01129955131"})
    assert answer.status == 200
    assert answer.body["notes"][0].startswith("BAD_PERSONAL_IDENTITY")
    assert retailer.writes[0]["personalIdentity"] == "01129955131"
    assert not Contact.objects.exists()


class TestOwnContacts:
    """Without an active Generic API, Patchbay's contacts are the register."""

    def test_new_then_known(self, own_campaign: Campaign) -> None:
        first = own_campaign.send({"email": JANE, "name": "Jane Doe"}, role="signup")
        assert (first.body["known"], first.body["redeal"]) == (False, "NewSignup")
        second = own_campaign.send("JANE@example.com", role="ambassador")
        assert (second.body["known"], second.body["redeal"]) == (True, "ExistingAmbassador")
        assert second.body["contact"] == {"email": JANE, "name": "Jane Doe"}
        assert Contact.objects.get().attributes["redeal"] == "ExistingAmbassador"
        submission = own_campaign.submission
        assert (submission.register, submission.write_outcome) == (Register.PATCHBAY, "updated")
        assert not ApiCall.objects.exists()

    def test_an_api_that_is_switched_off_is_not_asked(
        self, own_campaign: Campaign, retailer: Retailer
    ) -> None:
        retailer_api(own_campaign.site, retailer, is_active=False)
        answer = own_campaign.send({"email": JANE, "options": {"pet": "Dog"}})
        assert answer.status == 200
        assert not retailer.lookups
        # Its options are the campaign's all the same.
        assert Contact.objects.get().attributes["pet"] == "Dog"

    def test_another_sites_contact_is_nobody(self, own_campaign: Campaign) -> None:
        own_campaign.send()
        elsewhere = Campaign(SiteFactory.create())
        assert elsewhere.send().body["known"] is False
        assert Contact.objects.count() == 2
