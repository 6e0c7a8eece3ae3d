"""What the contact API does with one contact; the documented client's words, exactly."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.models import Contact, ContactRevision
from integrations.contact_change import Channel
from integrations.field_types import SYSTEM_FIELDS, FieldType
from sites.models import Site
from tests.contacts.changes import apply
from tests.contacts.contact_client import ContactClient
from tests.factories import ContactFieldFactory, SiteFactory

JANE: Final = "/contacts/email/jane@example.com"
PAYLOADS: Final = Path(__file__).parents[1] / "integrations" / "payloads" / "connectif"


@pytest.fixture
def shop(site: Site) -> ContactClient:
    return ContactClient(site)


def test_the_documented_body_makes_a_contact_and_is_answered(shop: ContactClient) -> None:
    ContactFieldFactory.create(site=shop.site, field_id="favourite-shop")
    sent = json.loads((PAYLOADS / "contact_patch.json").read_text())
    answer = shop.patch("/contacts/email/John.Doe@Example.org", **sent)
    assert answer.status == 200
    contact = Contact.objects.get()
    assert answer.body == {
        **sent,
        "_birthdate": "1990-02-17",
        "id": str(contact.pk),
        "_email": "john.doe@example.org",
        "_createdAt": answer.body["_createdAt"],
        "_updatedAt": answer.body["_updatedAt"],
    }
    assert answer.body["_createdAt"].endswith("Z")
    assert answer.headers["Cache-Control"] == "no-store"
    assert contact.first_name == "John"
    assert contact.attributes["_points"] == 130
    assert {row.channel: row.accepts for row in contact.preferences.all()} == {Channel.EMAIL: True}
    assert shop.get("/contacts/external-id/CRM-12345").body == answer.body


def test_a_patch_writes_only_what_it_names_and_null_clears(shop: ContactClient) -> None:
    ContactFieldFactory.create(site=shop.site, field_id="tier")
    shop.patch(JANE, _name="Jane", _surname="Doe", _mobilePhone="+46701234567", tier="gold")
    assert shop.patch(JANE, _surname="Roe").body["_name"] == "Jane"
    cleared = shop.patch(JANE, _name=None, _mobilePhone=None, tier=None).body
    assert [cleared[name] for name in ("_name", "_surname", "_mobilePhone", "tier")] == [
        None, "Roe", None, None,
    ]  # fmt: skip


def test_the_history_names_the_key(shop: ContactClient) -> None:
    shop.patch(JANE, _name="Jane")
    revision = ContactRevision.objects.get()
    assert (revision.source_key, revision.source_label) == (shop.key.key_id, "API: Shop")
    assert revision.changes["first_name"] == [None, "Jane"]


def test_values_have_the_types_of_their_fields(shop: ContactClient) -> None:
    options = [{"id": "a", "label": "A"}, {"id": "b", "label": "B"}]
    values = {
        "text": "x",
        "email": "Mary@Example.com",
        "phone": "0701234567",
        "integer": 7,
        "decimal": 49.9,
        "boolean": False,
        "date": "2024-03-15T10:30:00Z",
        "radio": "a",
        "checkbox": ["b", "a"],
    }
    for type_ in values:
        ContactFieldFactory.create(
            site=shop.site, field_id=type_, type=type_, options=options, default_country_code="46"
        )
    answer = shop.patch(JANE, **values)
    expected = values | {"email": "mary@example.com", "phone": "+46701234567"}
    assert {name: answer.body[name] for name in values} == expected
    assert shop.patch(JANE, decimal=50).body["decimal"] == 50


def test_every_fault_is_told_at_once_and_nothing_is_written(shop: ContactClient) -> None:
    ContactFieldFactory.create(site=shop.site, field_id="age", type="integer")
    answer = shop.patch(
        JANE,
        _name="Jane",
        _surname=7,
        _email="other@example.com",
        id="x",
        _rfm="5",
        _birthdate="2999-01-01",
        _mobilePhone="0701234567",
        _points="130",
        _emailStatus=None,
        _smsSubscriptionStatus="maybe",
        _externalId="",
        age="41",
        nickname="J",
    )
    assert (answer.status, answer.body["code"]) == (422, "INVALID")
    assert set(answer.faults) == {
        "_surname", "_email", "id", "_rfm", "_birthdate", "_mobilePhone", "_points",
        "_emailStatus", "_smsSubscriptionStatus", "_externalId", "age", "nickname",
    }  # fmt: skip
    assert answer.faults["nickname"] == "Field is not defined on this site."
    assert answer.faults["_email"].startswith("Read-only")
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    "name", [name for name, field in SYSTEM_FIELDS.items() if not field.writable]
)
def test_what_is_read_only_is_refused(shop: ContactClient, name: str) -> None:
    assert list(shop.patch(JANE, **{name: "x"}).faults) == [name]


def test_texts_that_the_contact_has_no_room_for_are_refused(shop: ContactClient) -> None:
    answer = shop.patch(JANE, _name="x" * 201, _externalId="x" * 201)
    assert set(answer.faults) == {"_name", "_externalId"}


def test_none_leaves_a_subscription_as_it_is(shop: ContactClient) -> None:
    shop.patch(JANE, _smsSubscriptionStatus="unsubscribed")
    assert shop.patch(JANE, _smsSubscriptionStatus="none").body["_smsSubscriptionStatus"] == (
        "unsubscribed"
    )


def test_a_stored_value_that_does_not_fit_its_field_is_no_value(shop: ContactClient) -> None:
    apply(shop.site, {"email": "jane@example.com"}, attributes={"age": "many", "plain": 1})
    ContactFieldFactory.create(site=shop.site, field_id="age", type="integer")
    body = shop.get(JANE).body
    assert body["age"] is None
    assert "plain" not in body


# -- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("made", "asked"),
    [
        ("/contacts/email/jane+a@example.com", "/contacts/email/JANE%2Ba%40example.com/"),
        ("/contacts/email/a/b@example.com", "/contacts/email/a%2Fb@example.com"),
        ("/contacts/jane@example.com", "/contacts/email/jane@example.com"),
        ("/contacts/jane@example.com/", "/contacts/jane@example.com"),
        ("/contacts/external-id/A+1/2%202", "/contacts/external-id/A%2B1%2F2 2/"),
        ("/contacts/external-id/%C3%A5", "/contacts/external-id/å"),
    ],
)
def test_addresses_mean_the_same_contact_however_written(
    shop: ContactClient, made: str, asked: str
) -> None:
    answer = shop.patch(made, _name="Jane")
    assert answer.status == 200
    assert shop.get(asked).body == answer.body


@pytest.mark.parametrize(
    "path",
    [
        "/contacts/email/nobody@example.com",
        "/contacts/email/jane",
        "/contacts/external-id/1",
        "/contacts/external-id/" + "x" * 201,
        "/contacts/external-id/%00",
        "/contacts/external-id/%FF",
        "/contacts/external-id//",
        "/contacts/email",
        "/contacts/external-id",
    ],
)
def test_who_is_not_known_is_not_found(shop: ContactClient, path: str) -> None:
    answers = [shop.send(method, path) for method in ("GET", "DELETE")]
    assert [answer.status for answer in answers] == [404, 404]
    assert {answer.body["code"] for answer in answers} == {"NOT_FOUND"}


@pytest.mark.parametrize("path", ["/contacts/email/jane", "/contacts/external-id/" + "x" * 201])
def test_a_name_that_is_none_makes_no_contact(shop: ContactClient, path: str) -> None:
    assert shop.patch(path, _name="Jane").status == 422
    assert not Contact.objects.exists()


def test_contacts_of_other_sites_are_not_there(shop: ContactClient) -> None:
    apply(SiteFactory.create(), {"email": "jane@example.com"}, fields={"first_name": "Jane"})
    assert shop.get(JANE).status == 404
    assert shop.send("DELETE", JANE).status == 404
    assert shop.patch(JANE).body["_name"] is None
    assert Contact.objects.count() == 2


# -- who is who -----------------------------------------------------------------------------------


def test_an_external_id_is_replaced_by_way_of_the_e_mail(shop: ContactClient) -> None:
    shop.patch(JANE, _externalId="A")
    answer = shop.patch(JANE, _externalId="B")
    assert answer.body["_externalId"] == "B"
    assert Contact.objects.count() == 1
    assert shop.patch(JANE, _externalId=None).body["_externalId"] is None


def test_an_external_id_that_names_the_contact_stays(shop: ContactClient) -> None:
    assert shop.patch("/contacts/external-id/A", _externalId="A").status == 200
    for other in ("B", None):
        assert "_externalId" in shop.patch("/contacts/external-id/A", _externalId=other).faults


@pytest.mark.parametrize("known", [True, False])
def test_an_external_id_of_somebody_else_is_a_conflict(shop: ContactClient, known: bool) -> None:
    theirs: dict[str, Any] = {"email": "mary@example.com", "external_id": "A"}
    apply(shop.site, theirs)
    if known:
        shop.patch(JANE, _name="Jane")
    before = list(Contact.objects.order_by("pk").values())
    answer = shop.patch(JANE, _externalId="A", _name="Changed")
    assert (answer.status, answer.body["code"]) == (409, "CONTACT_CONFLICT")
    assert answer.body["detail"] == "Another contact has this external id. Nothing was written."
    assert list(Contact.objects.order_by("pk").values()) == before


def test_a_phone_of_somebody_else_is_a_conflict(shop: ContactClient) -> None:
    shop.patch("/contacts/email/mary@example.com", _mobilePhone="+46701234567")
    answer = shop.patch(JANE, _mobilePhone="+46701234567")
    assert (answer.status, answer.body["code"]) == (409, "CONTACT_CONFLICT")
    assert "phone number" in answer.body["detail"]


def test_an_external_id_without_an_e_mail_finds_its_own(shop: ContactClient) -> None:
    made = shop.patch("/contacts/external-id/A", _name="Jane").body
    joined = shop.patch(JANE, _externalId="A").body
    assert joined == made | {"_email": "jane@example.com", "_updatedAt": joined["_updatedAt"]}
    assert Contact.objects.count() == 1


def test_two_contacts_that_nothing_tells_apart_become_one(shop: ContactClient) -> None:
    shop.patch("/contacts/external-id/A", _name="Jane")
    shop.patch(JANE, _surname="Doe")
    joined = shop.patch(JANE, _externalId="A").body
    assert (joined["_name"], joined["_surname"], joined["_externalId"]) == ("Jane", "Doe", "A")
    assert Contact.objects.count() == 1


# -- deletion -------------------------------------------------------------------------------------


def test_deleting_erases_the_person(shop: ContactClient) -> None:
    shop.patch(JANE, _name="Jane")
    assert shop.send("DELETE", JANE).status == 204
    assert shop.send("DELETE", JANE).status == shop.get(JANE).status == 404
    erased = Contact.objects.get()
    assert (erased.email, erased.first_name, erased.deletion_reason) == (None, "", "API")
    assert shop.patch(JANE).body["_name"] is None


# -- anything at all ------------------------------------------------------------------------------

_SCALARS: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["1990-02-17", "jane@example.com", "+46701234567", "active", "a"])
)
_FITTING: Final[dict[str, st.SearchStrategy[Any]]] = {
    "_name": st.text("aå😀 \t", max_size=5),
    "_birthdate": st.dates(date(1900, 1, 1), date(2020, 1, 1)).map(date.isoformat),
    "_externalId": st.text("ab", min_size=1, max_size=1),
    "_mobilePhone": st.sampled_from(["+46701234567", "+34666777888"]),
    "_smsSubscriptionStatus": st.sampled_from(["subscribed", "unsubscribed", "none"]),
    "_points": st.integers(-(10**17), 10**17),
    "decimal": st.decimals(-(10**6), 10**6, places=3).map(float),
    "boolean": st.booleans(),
    "date": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat),
    "checkbox": st.lists(st.just("a")),
    "phone": st.sampled_from(["0701234567", "+34666777888"]),
    "text": st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9),
}
_BODIES: Final = st.fixed_dictionaries({}, optional=_FITTING) | st.dictionaries(
    st.sampled_from([*SYSTEM_FIELDS, *FieldType]) | st.text(max_size=10),
    _SCALARS | st.lists(_SCALARS, max_size=3) | st.dictionaries(st.text(), _SCALARS, max_size=2),
    max_size=6,
)
_NAMES: Final = st.text(max_size=30) | st.from_regex(r"[a-z+]{1,5}@[a-z]{1,5}\.com", fullmatch=True)


@pytest.fixture
def every_field(shop: ContactClient) -> ContactClient:
    """The shop of a site with a field of every type."""
    options = [{"id": "a", "label": "A"}]
    for kind in FieldType:
        ContactFieldFactory.create(
            site=shop.site, field_id=kind.value, type=kind, options=options,
            default_country_code="46",
        )  # fmt: skip
    return shop


@given(body=_BODIES, name=_NAMES, kind=st.sampled_from(["email", "external-id"]))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_a_patch_took_is_what_is_answered_next(
    every_field: ContactClient, body: dict[str, Any], name: str, kind: str
) -> None:
    path = f"/contacts/{kind}/{quote(name, safe='', errors='replace')}"
    written = every_field.patch(path, **body)
    assert written.status in (200, 400, 404, 409, 422)
    read = every_field.get(path)
    if written.status == 200:
        assert read.body == written.body
        # What was answered can be sent again, and then changes nothing.
        again = {key: written.body[key] for key in body if written.body.get(key) is not None}
        assert every_field.patch(path, **again).body == written.body
