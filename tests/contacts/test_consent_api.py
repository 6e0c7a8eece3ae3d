"""Consents by API: what the site asks for, and one contact's answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from contacts.models import Consent, ConsentChange, Contact
from integrations.contact_change import ConsentFact
from sites.models import Site
from tests.contacts.changes import apply
from tests.contacts.contact_client import ContactClient
from tests.factories import ConsentDefinitionFactory, SiteFactory

EMAIL = "/contacts/email/jane@example.com/consents"


@pytest.fixture
def shop(site: Site) -> ContactClient:
    apply(site, {"email": "jane@example.com", "external_id": "4711"})
    ConsentDefinitionFactory.create(site=site, consent_id="terms", name="Terms")
    return ContactClient(site)


def test_the_sites_consents_come_as_a_bare_array_in_the_documented_shape(
    shop: ContactClient,
) -> None:
    texts = {
        "sv-SE": {"condition": "<p>Villkor</p>", "display": "Ja", "link": "Läs"},
        "en-GB": {"condition": "", "display": "Yes", "link": ""},
    }
    ConsentDefinitionFactory.create(
        site=shop.site, consent_id="news", name="News", text__texts=texts
    )
    ConsentDefinitionFactory.create(site=shop.site, consent_id="old", is_active=False)
    ConsentDefinitionFactory.create(site=SiteFactory.create(), consent_id="other")
    for path in ("/api/v3/consents", "/api/v3/consents/"):
        answer = shop.get(path)
        assert answer.status == 200
        news, terms = answer.body
        assert news == {
            "id": "news",
            "name": "News",
            "metaData": {
                "conditionText": {"sv-SE": "<p>Villkor</p>"},
                "displayText": {"sv-SE": "Ja", "en-GB": "Yes"},
                "linkText": {"sv-SE": "Läs"},
            },
        }
        assert terms["id"] == "terms"


@pytest.mark.parametrize("path", [EMAIL, EMAIL + "/", "/contacts/external-id/4711/consents"])
def test_an_answer_is_set_and_read(shop: ContactClient, path: str) -> None:
    not_set = {"id": "terms", "value": None} | dict.fromkeys(
        ("date", "comment", "source", "textVersion")
    )
    assert shop.get(path).body == [not_set]
    sent = {
        "id": "terms", "value": True, "date": "2024-05-01T10:00:00+02:00",
        "comment": "At the till", "source": "Shop 4", "textVersion": 1,
    }  # fmt: skip
    answer = shop.patch(path, **sent)
    assert answer.status == 200
    assert answer.body == sent | {"date": "2024-05-01T08:00:00.000Z"}
    assert shop.get(path).body == [answer.body]
    kept = ConsentChange.objects.get()
    assert (kept.source_key, kept.source_label) == (shop.key.key_id, "Shop 4")


def test_now_and_the_key_stand_in_for_what_is_not_named(shop: ContactClient) -> None:
    before = timezone.now()
    body = shop.patch(EMAIL, id="terms", value=False).body
    assert (body["source"], body["comment"], body["textVersion"]) == ("API: Shop", None, 1)
    row = Consent.objects.get()
    assert before <= row.changed_at <= timezone.now()


def test_an_older_yes_does_not_undo_a_no(shop: ContactClient) -> None:
    shop.patch(EMAIL, id="terms", value=False)
    late = shop.patch(EMAIL, id="terms", value=True, date="2024-05-01T10:00:00Z")
    assert (late.status, late.body["value"]) == (200, False)
    assert ConsentChange.objects.count() == 1


@pytest.mark.parametrize(
    ("values", "paths"),
    [
        ({"value": None}, {"value"}),
        ({"value": "yes"}, {"value"}),
        ({"id": "unknown"}, {"id"}),
        ({"id": 5}, {"id"}),
        ({"date": "yesterday"}, {"date"}),
        ({"date": "2024-05-01T10:00:00"}, {"date"}),
        ({"date": (datetime.now(UTC) + timedelta(hours=1)).isoformat()}, {"date"}),
        ({"textVersion": 2}, {"textVersion"}),
        ({"textVersion": True}, {"textVersion"}),
        ({"comment": "x" * 501, "source": 3, "more": 1}, {"comment", "source", "more"}),
    ],
)
def test_what_cannot_be_taken_is_named_and_nothing_is_written(
    shop: ContactClient, values: dict[str, Any], paths: set[str]
) -> None:
    answer = shop.patch(EMAIL, **({"id": "terms", "value": True} | values))
    assert answer.status == 422
    assert answer.faults.keys() == paths
    assert not Consent.objects.exists()


def test_nobody_is_made_by_an_answer(shop: ContactClient) -> None:
    for path in ("/contacts/email/x@example.com/consents", "/contacts/external-id/9/consents"):
        assert shop.get(path).status == 404
        assert shop.patch(path, id="terms", value=True).status == 404
    assert Contact.objects.count() == 1


@pytest.mark.parametrize("address", ["A/consents", "A%2Fconsents", "A/consents/"])
def test_an_external_id_that_ends_like_the_address_is_never_taken_for_another_contact(
    shop: ContactClient, address: str
) -> None:
    named_alike = {"email": "a@example.com", "external_id": "A/consents"}
    apply(shop.site, named_alike, consents=(ConsentFact(consent_id="terms", value=True),))
    path = f"/contacts/external-id/{address}"
    for answer in (shop.get(path), shop.patch(path, id="terms", value=False)):
        assert (answer.status, answer.body["code"]) == (409, "AMBIGUOUS_ADDRESS")
    assert shop.send("DELETE", path).status == 405
    assert [each["value"] for each in shop.get(f"{path.rstrip('/')}/consents").body] == [True]
    apply(shop.site, {"email": "other@example.com", "external_id": "A"})
    assert [each["value"] for each in shop.get(path).body] == [None]
    assert Contact.objects.filter(external_id="A/consents", deleted_at=None).exists()


def test_scopes_are_apart(shop: ContactClient) -> None:
    shop.key.scopes = ["consents:write", "contacts:read"]
    shop.key.save()
    assert shop.get(EMAIL).status == 403
    assert shop.get("/api/v3/consents").status == 403
    assert shop.patch(EMAIL, id="terms", value=True).body == {"id": "terms"}
    shop.key.scopes = ["consents:read", "contacts:write"]
    shop.key.save()
    assert shop.patch(EMAIL, id="terms", value=False).status == 403
    assert shop.get(EMAIL).body[0]["value"] is True


def test_what_a_source_told_is_read_even_if_nobody_defined_it(shop: ContactClient) -> None:
    told = (ConsentFact(consent_id="undefined", value=True),)
    apply(shop.site, {"email": "jane@example.com"}, consents=told)
    assert {each["id"]: each["value"] for each in shop.get(EMAIL).body} == {
        "terms": None,
        "undefined": True,
    }
