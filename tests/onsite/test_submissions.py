"""The endpoint's contract: who may send, what is refused and how, and what a repeat gets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.urls import reverse

from contacts.models import Contact
from onsite.flow import capacity
from onsite.models import Submission
from sites.models import Site
from tests.factories import ApiKeyFactory, SiteFactory
from tests.onsite.campaign import JANE, Campaign
from tests.onsite.retailer import Retailer

pytestmark = pytest.mark.django_db


def body_of(response: Any) -> dict[str, Any]:
    return json.loads(response.content)  # type: ignore[no-any-return]


def test_the_address_answers_with_and_without_a_slash(own_campaign: Campaign) -> None:
    path = reverse("onsite-submissions", args=(own_campaign.site.public_id,))
    assert path == own_campaign.path
    body = json.dumps({"role": "friend", "contact": {"email": JANE}})
    for each in (path, f"{path}/"):
        assert own_campaign.post(body, path=each).status_code == 200


def test_only_a_key_of_this_site_with_the_permission(own_campaign: Campaign) -> None:
    elsewhere: Site = SiteFactory.create()
    unknown = "/onsite/6f3f6f0e-6f6b-4b7e-9d0a-000000000000/submissions"
    theirs = own_campaign.post("{}", path=f"/onsite/{elsewhere.public_id}/submissions")
    nobodys = own_campaign.post("{}", path=unknown)
    assert theirs.status_code == nobodys.status_code == 404
    assert theirs.content == nobodys.content
    anonymous = own_campaign.post("{}", headers={"Authorization": "ApiKey key_x:y"})
    assert (anonymous.status_code, anonymous.content) == (401, b"")
    own_campaign.key = ApiKeyFactory.create(site=own_campaign.site, scopes=[])
    assert own_campaign.send().status == 403
    assert not Submission.objects.exists()


def test_an_inactive_site_is_no_site(own_campaign: Campaign) -> None:
    Site.objects.update(is_active=False)
    assert own_campaign.send().status == 404


def test_wrong_values_are_told_with_their_place(own_campaign: Campaign) -> None:
    answer = own_campaign.send({"email": "jane@", "phone": 7}, role="visitor")
    assert (answer.status, answer.body["code"]) == (422, "INVALID")
    assert [each["path"] for each in answer.body["validationErrors"]] == [
        "role", "contact.phone", "contact.email",
    ]  # fmt: skip
    assert not Submission.objects.exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff", 400),
        (b'{"role": "friend", "role": "friend"}', 400),
        (b'{"role": "\\u0000"}', 400),
        (b"[" * 100 + b"]" * 100, 400),
        (b'{"contact": ' + b"9" * 400 + b"}", 400),
        (b"null", 422),
        (b'{"role": 1e300, "contact": 1}', 422),
        (b'{"role": {"a": []}, "contact": {"email": {}, "options": {"a": {}}}}', 422),
        (b'{"role": "friend", "contact": {"email": "\\ud83d\\ude00@x"}}', 422),
        (b" " * (512 * 1024 + 1), 413),
    ],
)
def test_hostile_bodies(own_campaign: Campaign, body: bytes, status: int) -> None:
    assert own_campaign.post(body).status_code == status
    assert not Submission.objects.exists()


def test_an_erased_visitors_answer_says_no_more_than_how_it_ended(
    own_campaign: Campaign,
) -> None:
    contact = {"email": JANE, "name": "Jane Doe"}
    own_campaign.send(contact)
    first = own_campaign.send(contact, idempotency_key="a")
    assert first.body["contact"]
    Submission.objects.update(visitor={}, known_contact={}, answer={})
    repeat = own_campaign.send(contact, idempotency_key="a")
    assert (repeat.status, repeat.body) == (200, first.body | {"contact": {}})


def test_another_kind_of_body_or_method(own_campaign: Campaign) -> None:
    assert own_campaign.post("role=friend", content_type="text/csv").status_code == 415
    encoded = own_campaign.post("{}", headers={"Content-Encoding": "gzip"})
    assert encoded.status_code == 415
    for method in ("GET", "PUT", "DELETE"):
        other = own_campaign.post(b"", method=method)
        assert (other.status_code, other.headers["Allow"]) == (405, "POST, OPTIONS")


@pytest.mark.parametrize("key", ["", "x" * 201, "nyckel-ä", "a\tb"])
def test_an_idempotency_key_that_is_none(own_campaign: Campaign, key: str) -> None:
    answer = own_campaign.send(idempotency_key=key)
    assert (answer.status, answer.body["code"]) == (400, "BAD_IDEMPOTENCY_KEY")


@pytest.mark.network
def test_a_repeat_gets_the_first_answer_and_nothing_happens_again(
    campaign: Campaign, retailer: Retailer
) -> None:
    first = campaign.send(idempotency_key="order 1")
    # The order of keys, keys that are ignored and the spelling of an address make no other body.
    second = campaign.post(
        '{"contact": {"email": "JANE@example.com"}, "x": 1, "role": "friend"}',
        headers={"Idempotency-Key": "order 1"},
    )
    assert (second.status_code, body_of(second)) == (200, first.body)
    assert len(retailer.writes) == Submission.objects.count() == 1


@pytest.mark.network
def test_a_repeat_of_a_blocked_one_is_blocked_and_a_new_key_tries_anew(
    campaign: Campaign, retailer: Retailer
) -> None:
    retailer.lookup_status = 401
    first = campaign.send(idempotency_key="a")
    retailer.lookup_status = None
    repeat = campaign.send(idempotency_key="a")
    assert (repeat.status, repeat.body) == (502, first.body)
    assert campaign.send(idempotency_key="b").status == 200


def test_a_key_with_another_body_is_refused(own_campaign: Campaign) -> None:
    own_campaign.send(idempotency_key="a")
    for other in (
        own_campaign.send("kim@example.com", idempotency_key="a"),
        own_campaign.send(role="signup", idempotency_key="a"),
        own_campaign.send(conversion=True, idempotency_key="a"),
    ):
        assert (other.status, other.body["code"]) == (409, "IDEMPOTENCY_KEY_REUSED")
    assert Submission.objects.count() == Contact.objects.count() == 1


def test_a_key_is_the_sites_own(own_campaign: Campaign) -> None:
    own_campaign.send(idempotency_key="a")
    elsewhere = Campaign(SiteFactory.create())
    assert elsewhere.send("kim@example.com", idempotency_key="a").status == 200


def test_one_after_the_other_without_a_key_are_two(own_campaign: Campaign) -> None:
    ids = {own_campaign.send().body["id"] for _ in range(2)}
    assert len(ids) == 2
    assert Contact.objects.count() == 1


@pytest.mark.network
def test_too_many_at_once_are_turned_away_before_anything_is_stored(
    campaign: Campaign, retailer: Retailer
) -> None:
    first = campaign.send(idempotency_key="a")
    places = max(1, settings.WEB_THREADS // 2)
    for _ in range(places):
        assert capacity._slots.acquire(blocking=False)
    try:
        answer = campaign.send("kim@example.com", idempotency_key="b")
        # What has its answer needs no place.
        assert campaign.send(idempotency_key="a").body == first.body
    finally:
        capacity._slots.release(places)
    assert (answer.status, answer.body["code"]) == (503, "BUSY")
    assert int(answer.headers["Retry-After"]) > 0
    assert Submission.objects.count() == 1
    assert campaign.send("kim@example.com", idempotency_key="b").status == 200


def test_the_stored_row_shows_nobody_in_clear(own_campaign: Campaign) -> None:
    # Ciphertext holds any three letters now and then, and hardly ever this name.
    own_campaign.send({"email": JANE, "name": "Jane Quuxberry"})
    own_campaign.send({"email": JANE, "name": "Jane Quuxberry"})
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM onsite_submission")
        text = str(cursor.fetchall())
    assert JANE not in text.lower()
    assert "quuxberry" not in text.lower()
