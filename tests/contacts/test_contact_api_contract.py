"""Who may call the contact API, what it refuses and how, and two callers at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

import pytest
from django.db import connection

from contacts.models import Contact, ContactField, Preference
from integrations.contact_change import Channel
from sites.models import AuditEntry, Scope, Site
from tests.contacts.changes import apply
from tests.contacts.contact_client import Answer, ContactClient
from tests.factories import ApiKeyFactory, ContactFieldFactory, SiteFactory
from tests.webhooks.reception_fields import field_writing_to

JANE: Final = "/contacts/email/jane@example.com"
FIELDS: Final = "/contact-fields"


@pytest.fixture
def shop(site: Site) -> ContactClient:
    return ContactClient(site)


def with_scopes(shop: ContactClient, *scopes: Scope) -> ContactClient:
    shop.key = ApiKeyFactory.create(site=shop.site, scopes=[scope.value for scope in scopes])
    return shop


# -- keys -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [JANE, FIELDS, "/contacts/external-id/1"])
def test_without_a_right_key_there_is_no_body(shop: ContactClient, path: str) -> None:
    for authorization in ("", "ApiKey key_x:y", "Bearer x"):
        answer = shop.send("GET", path, authorization=authorization)
        assert (answer.status, answer.body) == (401, None)


def test_reading_and_writing_are_two_permissions(shop: ContactClient) -> None:
    apply(shop.site, {"email": "jane@example.com"})
    reader = with_scopes(shop, Scope.CONTACTS_READ)
    assert [reader.get(path).status for path in (JANE, FIELDS)] == [200, 200]
    refused = [
        reader.patch(JANE),
        reader.send("DELETE", JANE),
        reader.send("POST", FIELDS, {}),
        reader.send("DELETE", f"{FIELDS}/x"),
    ]
    assert [answer.status for answer in refused] == [403] * 4
    assert refused[0].body["code"] == "SCOPE_MISSING"
    writer = with_scopes(shop, Scope.CONTACTS_WRITE)
    assert [writer.get(path).status for path in (JANE, FIELDS)] == [403, 403]


def test_who_may_only_write_is_told_no_more_than_the_id(shop: ContactClient) -> None:
    shop.patch(JANE, _name="Jane")
    writer = with_scopes(shop, Scope.CONTACTS_WRITE)
    contact_id = str(Contact.objects.get().pk)
    assert writer.patch(JANE).body == {"id": contact_id}
    path = f"/api/v2/contacts/{contact_id}/preferences/acceptsSms"
    assert writer.send("POST", path, {"value": True}).body == {"id": contact_id}


def test_an_inactive_site_answers_nothing(shop: ContactClient) -> None:
    Site.objects.update(is_active=False)
    assert shop.get(JANE).status == shop.patch(JANE).status == shop.get(FIELDS).status == 404


def test_head_and_options(shop: ContactClient) -> None:
    shop.patch(JANE)
    head = shop.send("HEAD", JANE)
    assert (head.status, head.body) == (200, None)
    options = shop.send("OPTIONS", JANE)
    assert (options.status, options.headers["Allow"]) == (204, "GET, HEAD, PATCH, DELETE, OPTIONS")
    assert shop.send("PUT", JANE, {}).status == shop.send("POST", JANE, {}).status == 405


# -- hostile bodies -------------------------------------------------------------------------------

BODIES: Final[list[tuple[bytes, int]]] = [
    (b"", 400),
    (b"{", 400),
    (b"\xff", 400),
    (b'{"_name": "a", "_name": "b"}', 400),
    (b'{"_name": "\\u0000"}', 400),
    (b'{"_name": "\\ud800"}', 400),
    (b"[" * 100 + b"]" * 100, 400),
    (b'{"_points": ' + b"9" * 400 + b"}", 400),
    (b'{"_points": NaN}', 400),
    (b"null", 422),
    (b"[]", 422),
    (b'"x"', 422),
    (b'{"_points": 1e300}', 422),
    (b'{"_points": 1000000000000000000}', 422),
    (b'{"_points": true}', 422),
    (b'{"_name": {"a": []}, "_birthdate": 1, "age": [1]}', 422),
    (b'{"": 1, "__proto__": {}, "non_field_errors": 1}', 422),
    (b'{"_birthdate": "0001-01-01T00:00:00+23:59"}', 422),
    (b'{"age": -0.5}', 422),
    (b'{"list": ["a", {}]}', 422),
    (b'{"list": ' + b'["a"' + b', "a"' * 50_000 + b"]}", 200),
    (b" " * (512 * 1024 + 1), 413),
]


@pytest.mark.parametrize(("body", "status"), BODIES)
def test_bodies_that_a_stranger_may_send(shop: ContactClient, body: bytes, status: int) -> None:
    ContactFieldFactory.create(site=shop.site, field_id="age", type="integer")
    options = [{"id": "a", "label": "A"}]
    ContactFieldFactory.create(site=shop.site, field_id="list", type="checkbox", options=options)
    answer = shop.send("PATCH", JANE, raw=body)
    assert answer.status == status
    assert Contact.objects.exists() == (status == 200)


@pytest.mark.parametrize("body", [body for body, status in BODIES if status != 200])
def test_bodies_that_make_no_field_and_no_preference(shop: ContactClient, body: bytes) -> None:
    apply(shop.site, {"email": "jane@example.com"})
    preference = f"/api/v2/contacts/{Contact.objects.get().pk}/preferences/acceptsEmail"
    for path in (FIELDS, preference):
        answer = shop.send("POST", path, raw=body)
        assert 400 <= answer.status < 500
        assert answer.body["status"] == answer.status
    assert not ContactField.objects.exists()
    assert not Preference.objects.exists()


def test_what_is_no_json_or_is_encoded_is_refused(shop: ContactClient) -> None:
    body = b"{}"
    assert shop.send("PATCH", JANE, raw=body, content_type="text/plain").status == 415
    encoded = {"Content-Encoding": "gzip"}
    assert shop.send("PATCH", JANE, raw=body, **encoded).status == 415


# -- contact fields -------------------------------------------------------------------------------


def test_fields_are_made_listed_and_deleted(shop: ContactClient) -> None:
    sent = {
        "id": "tier",
        "name": "Tier",
        "type": "radio",
        "options": [{"id": "gold", "label": "Gold"}],
    }
    made = shop.send("POST", f"{FIELDS}/", sent)
    assert made.status == 201
    stamps = {name: made.body[name] for name in ("createdAt", "updatedAt")}
    assert made.body == sent | stamps
    phone = {"id": "desk", "name": "Desk", "type": "phone", "defaultCountryCode": "46"}
    shop.send("POST", FIELDS, phone)
    listed = shop.get(FIELDS).body
    assert listed["links"] == {"next": None, "prev": None}
    assert [field["id"] for field in listed["results"]] == ["desk", "tier"]
    assert listed["results"][0]["defaultCountryCode"] == "46"
    assert shop.send("DELETE", f"{FIELDS}/tier").status == 204
    assert shop.send("DELETE", f"{FIELDS}/tier/").status == 404
    entry = AuditEntry.objects.filter(action="contact_field.created").earliest("at")
    assert entry.actor_label == f"API key {shop.key.name}"


def test_every_fault_of_a_field_is_told_at_once(shop: ContactClient) -> None:
    body = {"id": "_x", "name": 7, "type": "phone", "colour": "red", "defaultCountryCode": "+46"}
    answer = shop.send("POST", FIELDS, body)
    assert answer.status == 422
    assert set(answer.faults) == {"id", "name", "colour", "defaultCountryCode"}
    assert set(shop.send("POST", FIELDS, {}).faults) >= {"type"}


def test_an_id_that_is_taken_is_told(shop: ContactClient) -> None:
    ContactFieldFactory.create(site=shop.site, field_id="tier")
    answer = shop.send("POST", FIELDS, {"id": "tier", "name": "Tier", "type": "text"})
    assert list(answer.faults) == ["id"]


def test_a_field_in_use_is_a_conflict(shop: ContactClient) -> None:
    field = ContactFieldFactory.create(site=shop.site, field_id="tier", name="Tier")
    field_writing_to(field, event="Order", name="Level")
    answer = shop.send("DELETE", f"{FIELDS}/tier")
    assert (answer.status, answer.body["code"]) == (409, "FIELD_IN_USE")
    assert "“Order”" in answer.body["detail"]


def test_fields_of_other_sites_are_not_there(shop: ContactClient) -> None:
    ContactFieldFactory.create(site=SiteFactory.create(), field_id="tier")
    assert shop.get(FIELDS).body["results"] == []
    for field_id in ("tier", "%00", "%FF", "..", "x" * 5_000):
        assert shop.send("DELETE", f"{FIELDS}/{field_id}").status == 404


# -- preferences ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "channel"),
    [("acceptsEmail", "email"), ("acceptsSms", "sms"), ("acceptsPostal", "postal")],
)
@pytest.mark.parametrize(
    "who", [{"email": "jane@example.com"}, {"phone": "+46701234567"}, {"contact": "7"}]
)
def test_a_preference_is_set_by_the_id_of_the_contact(
    shop: ContactClient, name: str, channel: str, who: dict[str, str]
) -> None:
    apply(shop.site, who)
    path = f"/api/v2/contacts/{Contact.objects.get().pk}/preferences/{name}"
    for slash, value in (("", True), ("/", False)):
        answer = shop.send("POST", path + slash, {"value": value})
        assert answer.status == 200
        assert answer.body["preferences"] == {
            "acceptsEmail": None, "acceptsSms": None, "acceptsPostal": None, name: value,
        }  # fmt: skip
    row = Preference.objects.get()
    assert (row.channel, row.source_label) == (Channel(channel), "API: Shop")


def test_preferences_that_cannot_be_set(shop: ContactClient) -> None:
    apply(shop.site, {"contact": "7"})
    theirs = SiteFactory.create()
    apply(theirs, {"email": "jane@example.com"})
    path = "/api/v2/contacts/{}/preferences/{}"
    own, foreign = (
        path.format(Contact.objects.get(site=where).pk, "acceptsSms")
        for where in (shop.site, theirs)
    )
    value = {"value": True}
    assert shop.send("POST", foreign, value).status == 404
    assert shop.send("POST", own.replace("acceptsSms", "acceptsFax"), value).status == 404
    assert set(shop.send("POST", own, {"value": "yes", "a": 1}).faults) == {"value", "a"}
    assert not Preference.objects.exists()


# -- at the same moment ---------------------------------------------------------------------------


def at_once(count: int, send: Any) -> list[Answer]:
    def run(number: int) -> Answer:
        try:
            answer: Answer = send(number)
            return answer
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db(transaction=True)
def test_patches_of_one_moment_make_one_contact(shop: ContactClient) -> None:
    for number in range(8):
        ContactFieldFactory.create(site=shop.site, field_id=f"f{number}")
    answers = at_once(8, lambda number: shop.patch(JANE, **{f"f{number}": "x"}))
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert Contact.objects.get().attributes == {f"f{number}": "x" for number in range(8)}


@pytest.mark.django_db(transaction=True)
def test_one_external_id_goes_to_one_of_two_at_the_same_moment(shop: ContactClient) -> None:
    paths = [f"/contacts/email/p{number}@example.com" for number in range(6)]
    answers = at_once(6, lambda number: shop.patch(paths[number], _externalId="A"))
    assert sorted(answer.status for answer in answers) == [200] + [409] * 5
    assert Contact.objects.get().external_id == "A"


@pytest.mark.django_db(transaction=True)
def test_one_id_makes_one_field_at_the_same_moment(shop: ContactClient) -> None:
    body = {"id": "tier", "name": "Tier", "type": "text"}
    answers = at_once(6, lambda _: shop.send("POST", FIELDS, body))
    assert sorted(answer.status for answer in answers) == [201] + [422] * 5
    assert ContactField.objects.count() == 1
