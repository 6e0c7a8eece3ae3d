"""The context Public API through HTTP: every documented answer, in the documented order."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from contacts.models import Activity, Contact
from sites.api_keys import last_use, usage
from sites.audit import Actor
from sites.models import ApiKey, ApiKeyHour, User
from tests.factories import API_KEY_SECRET, SiteFactory
from tests.webhooks.custom_events import (
    CREATE,
    E0501,
    FLAT,
    body_of,
    contact,
    documented,
    post,
    send,
    worked_off,
)
from tests.webhooks.reception import knock, written_rejections
from webhooks.inbound.replaying.reprocessing import rejected_request_reprocess
from webhooks.models import ReceivedEvent, ReceptionEvent, RejectedRequest

pytestmark = pytest.mark.django_db(transaction=True)

ACTOR = Actor.system("tests")


# -- accepted ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/custom-events/alias/{event.alias}",
        "/custom-events/alias/{event.alias}/",
        "/custom-events/id/{event.event_id}",
        "/custom-events/id/{event.event_id}/",
    ],
)
def test_the_documented_event_becomes_a_contact(
    event: ReceptionEvent, key: ApiKey, path: str
) -> None:
    response = send(event, key, FLAT, path=path.format(event=event), query=CREATE)

    assert response.status_code == 201
    assert response.headers["Content-Type"] == "application/json"
    assert list(body_of(response)) == ["id"]
    told = body_of(response)["id"]
    assert re.fullmatch("[0-9a-f]{24}", told)
    assert ReceivedEvent.objects.get(event_id=told).source_id == event.source_id
    worked_off()
    found = Contact.objects.get()
    assert (found.email, found.phone, found.first_name) == (
        "john.doe@example.org",
        "+34666777888",
        "Hi there!",
    )
    assert Activity.objects.get().type == "api-event-example"


def test_all_nine_types_are_taken(event: ReceptionEvent, key: ApiKey) -> None:
    body = documented("api_event_all_types.json")
    assert send(event, key, body, query=CREATE).status_code == 201
    worked_off()
    activity = Activity.objects.get()
    assert activity.properties["interests"] == ["shoes", "hats"]
    assert activity.properties["points"] == 10
    assert Contact.objects.get().phone == "+34666777888"


def test_the_same_body_twice_is_two_events(event: ReceptionEvent, key: ApiKey) -> None:
    first, second = (send(event, key, FLAT, query=CREATE) for _ in range(2))
    assert first.content != second.content
    worked_off()
    assert Activity.objects.count() == 2


def test_the_answer_holds_nothing_for_browsers(event: ReceptionEvent, key: ApiKey) -> None:
    origin = {"Origin": "https://shop.example.com"}
    response = send(event, key, FLAT, query=CREATE, headers=origin)
    preflight = knock(
        "OPTIONS",
        "/custom-events/alias/x",
        b"",
        "",
        origin | {"Access-Control-Request-Method": "POST"},
    )
    for answer in (response, preflight):
        assert not [name for name in answer.headers if name.startswith("Access-Control")]
        assert "Set-Cookie" not in answer.headers


def test_django_behind_the_door_answers_the_same(event: ReceptionEvent, key: ApiKey) -> None:
    authorization = f"apikey {key.key_id}:{API_KEY_SECRET}"
    address = f"/custom-events/alias/{event.alias}?createContact=true"
    client = Client(headers={"Authorization": authorization})
    response = client.post(address, FLAT, content_type="application/json")
    assert response.status_code == 201
    assert Client().post(address, FLAT, content_type="application/json").status_code == 401
    assert client.get(address).status_code == 405


# -- contacts ------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", [None, {"createContact": "false"}])
def test_an_unknown_contact_is_e0501(
    event: ReceptionEvent, key: ApiKey, query: dict[str, str] | None
) -> None:
    contact(SiteFactory.create())
    response = send(event, key, FLAT, query=query)
    assert (response.status_code, body_of(response)) == (400, E0501)
    assert not ReceivedEvent.objects.exists()


def test_a_known_contact_needs_no_parameter(event: ReceptionEvent, key: ApiKey) -> None:
    contact(event.site)
    body = FLAT | {"email": "John.Doe@EXAMPLE.org"}
    assert send(event, key, body).status_code == 201
    worked_off()
    assert Contact.objects.get().first_name == "Hi there!"


def test_a_contact_that_went_since_is_not_made_anew(event: ReceptionEvent, key: ApiKey) -> None:
    known = contact(event.site)
    assert send(event, key, FLAT).status_code == 201
    known.delete()
    worked_off()
    assert not Contact.objects.exists()


@pytest.mark.parametrize("given", ["True", "1", "", "yes", "true&createContact=true"])
def test_another_create_contact_is_400(event: ReceptionEvent, key: ApiKey, given: str) -> None:
    path = f"/custom-events/alias/{event.alias}?createContact={given}"
    response = send(event, key, FLAT, path=path)
    assert (response.status_code, body_of(response)["code"]) == (400, "BAD_PARAMETER")


def test_only_an_unknown_contact_is_looked_up(
    event: ReceptionEvent, key: ApiKey, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    send(event, key, FLAT)
    with django_assert_num_queries(1):
        assert send(event, key, FLAT).status_code == 400
    with django_assert_num_queries(0):
        assert send(event, key, FLAT, query=CREATE).status_code == 201


# -- 422 -----------------------------------------------------------------------------------------


def test_all_errors_come_at_once_in_the_documented_words(
    event: ReceptionEvent, key: ApiKey
) -> None:
    body = {
        "email": "john.doe@example.org",
        "phone": "12",
        "interests": "shoes",
        "nickname": "Johnny",
    }
    response = send(event, key, body)
    assert response.status_code == 422
    assert body_of(response) == documented("validation_error.json")


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"email": None}, "email"),
        ({"email": "nobody"}, "email"),
        ({"name": 1}, "name"),
        ({"points": "10"}, "points"),
        ({"points": 1.5}, "points"),
        ({"amount": "49.9"}, "amount"),
        ({"vip": "true"}, "vip"),
        ({"last-visit": "yesterday"}, "last-visit"),
        ({"tier": "Gold"}, "tier"),
        ({"interests": ["Shoes"]}, "interests"),
        ({"unknown": None}, "unknown"),
    ],
)
def test_a_value_that_does_not_fit_is_named(
    event: ReceptionEvent, key: ApiKey, values: dict[str, Any], path: str
) -> None:
    response = send(event, key, FLAT | values, query=CREATE)
    assert response.status_code == 422
    errors = body_of(response)["validationErrors"]
    assert [error["path"] for error in errors] == [path]
    assert not ReceivedEvent.objects.exists()


def test_a_missing_required_field_is_named_and_null_is_missing(
    event: ReceptionEvent, key: ApiKey
) -> None:
    for body in ({}, {"email": None}):
        errors = body_of(send(event, key, body))["validationErrors"]
        assert [error["path"] for error in errors] == ["email"]
    assert send(event, key, FLAT | {"tier": None}, query=CREATE).status_code == 201


# -- what staff see ------------------------------------------------------------------------------


def test_requests_are_counted_on_their_key_with_time_and_address(
    event: ReceptionEvent, key: ApiKey
) -> None:
    send(event, key, FLAT, query=CREATE)
    send(event, key, {}, query=CREATE)
    usage.flush()
    last_use.flush()
    counted = {row.status: row.count for row in ApiKeyHour.objects.filter(key=key)}
    assert counted == {201: 1, 422: 1}
    key.refresh_from_db()
    assert key.last_used_at is not None
    assert key.last_used_from == "127.0.0.1"


def test_the_log_finds_an_event_by_the_id_that_was_told(
    event: ReceptionEvent, key: ApiKey, client: Client, superuser: User
) -> None:
    first, _ = (send(event, key, FLAT, query=CREATE) for _ in range(2))
    client.force_login(superuser)
    response = client.get(
        reverse("admin:webhooks_receivedevent_changelist"), {"q": body_of(first)["id"]}
    )
    (found,) = response.context["cl"].result_list
    assert found.event_id == body_of(first)["id"]


def test_refused_requests_are_kept_with_their_cause_and_without_the_secret(
    event: ReceptionEvent, key: ApiKey
) -> None:
    send(event, key, {})
    send(event, key, FLAT)
    send(event, key, b"{")
    written_rejections()
    rows = {row.cause: row for row in RejectedRequest.objects.all()}
    assert {cause: row.status_code for cause, row in rows.items()} == {
        "INVALID_FIELDS": 422,
        "CONTACT_UNKNOWN": 400,
        "BAD_JSON": 400,
    }
    assert rows["INVALID_FIELDS"].detail == "email: Required field is missing."
    assert API_KEY_SECRET not in json.dumps([row.headers for row in rows.values()])


def test_the_other_context_has_an_address_of_its_own(event: ReceptionEvent) -> None:
    assert post(event, FLAT).status_code == 404


def test_an_unknown_contact_can_be_taken_in_once_it_is_there(
    event: ReceptionEvent, key: ApiKey
) -> None:
    send(event, key, FLAT)
    send(event, key, FLAT | {"email": "nobody@example.org"})
    written_rejections()
    contact(event.site)
    for rejected in RejectedRequest.objects.all():
        rejected_request_reprocess(rejected=rejected, actor=ACTOR)
    worked_off()
    assert Contact.objects.get().first_name == "Hi there!"
    assert set(ReceivedEvent.objects.values_list("status", "cause")) == {
        ("processed", ""),
        ("failed", "E0501"),
    }
