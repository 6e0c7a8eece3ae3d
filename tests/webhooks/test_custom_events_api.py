"""The context Public API through HTTP: every documented answer, in the documented order."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from contacts.models import Activity, Contact
from sites.api_keys import last_use, usage
from sites.api_keys.services import api_key_create, api_key_revoke
from sites.audit import Actor
from sites.models import ApiKey, ApiKeyHour, Scope, Site, User
from tests.factories import API_KEY_SECRET, ApiKeyFactory, ReceptionEventFactory, SiteFactory
from tests.webhooks.custom_events import (
    FLAT,
    documented,
    documented_event,
    post,
    send,
    worked_off,
)
from tests.webhooks.reception import knock, written_rejections
from webhooks.inbound.journal.writer import journal_writer
from webhooks.inbound.reception_events.deletion import reception_event_delete
from webhooks.inbound.replaying.reprocessing import rejected_request_reprocess
from webhooks.models import Context, ReceivedEvent, ReceptionEvent, RejectedRequest

pytestmark = pytest.mark.django_db(transaction=True)

CREATE = {"createContact": "true"}
ACTOR = Actor.system("tests")
E0501 = {
    "status": 400,
    "title": "Bad Request",
    "detail": "Contact does not exist.",
    "code": "E0501",
}


@pytest.fixture
def site() -> Site:
    return SiteFactory.create(default_country="ES")


@pytest.fixture
def key(site: Site) -> ApiKey:
    return ApiKeyFactory.create(site=site)


@pytest.fixture
def event(site: Site) -> ReceptionEvent:
    return documented_event(site)


def contact(site: Site, email: str = "john.doe@example.org") -> Contact:
    now = timezone.now()
    return Contact.objects.create(site=site, email=email, created_at=now, updated_at=now)


def body_of(response: Any) -> Any:
    return json.loads(response.content)


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


# -- 401, 403, 404 -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "ApiKey",
        "ApiKey secret",
        "Bearer {id}:{secret}",
        "ApiKey {id}:{secret}, ApiKey {id}:{secret}",
        "ApiKey {id}:wrong",
        "ApiKey key_0000000000000000:{secret}",
        "ApiKey é:é",
    ],
)
def test_no_or_a_wrong_key_is_a_bare_401(
    event: ReceptionEvent, key: ApiKey, authorization: str
) -> None:
    given = authorization.format(id=key.key_id, secret=API_KEY_SECRET)
    response = send(event, key, FLAT, headers={"Authorization": given})
    assert (response.status_code, response.content) == (401, b"")
    assert "Content-Type" not in response.headers
    assert response.headers["WWW-Authenticate"] == "ApiKey"


def test_an_expired_key_is_401_at_its_moment(event: ReceptionEvent, key: ApiKey) -> None:
    ApiKey.objects.update(expires_at=timezone.now() + timedelta(hours=1))
    assert send(event, key, FLAT, query=CREATE).status_code == 201
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert send(event, key, FLAT, query=CREATE).status_code == 401


def test_a_new_key_works_and_a_revoked_one_ends_without_a_restart(event: ReceptionEvent) -> None:
    event_key = ApiKeyFactory.create(site=event.site)
    assert send(event, event_key, FLAT, query=CREATE).status_code == 201
    made = api_key_create(
        site=event.site, name="New", scopes=[Scope.CUSTOM_EVENTS_WRITE], actor=ACTOR
    )
    header = {"Authorization": f"ApiKey {made.key.key_id}:{made.secret}"}
    assert journal_writer.run_chores()
    assert send(event, event_key, FLAT, query=CREATE, headers=header).status_code == 201
    api_key_revoke(key=made.key, actor=ACTOR)
    assert journal_writer.run_chores()
    assert send(event, event_key, FLAT, query=CREATE, headers=header).status_code == 401


def test_a_key_without_the_scope_is_403(event: ReceptionEvent) -> None:
    key = ApiKeyFactory.create(site=event.site, scopes=[Scope.CONTACTS_WRITE])
    response = send(event, key, FLAT, query=CREATE)
    assert response.status_code == 403
    assert body_of(response) == {
        "status": 403,
        "title": "Forbidden",
        "detail": "This API key lacks the permission custom-events:write. An admin of the site "
        "can add it to the key.",
        "code": "SCOPE_MISSING",
    }


def test_a_key_from_an_address_off_its_list_is_403(event: ReceptionEvent) -> None:
    key = ApiKeyFactory.create(site=event.site, allowed_networks=["192.0.2.7"])
    response = send(event, key, FLAT, query=CREATE)
    assert (response.status_code, body_of(response)["code"]) == (403, "ADDRESS_NOT_ALLOWED")
    wrong = {"Authorization": f"ApiKey {key.key_id}:wrong"}
    assert send(event, key, FLAT, headers=wrong).status_code == 401


def test_what_is_not_there_is_404(event: ReceptionEvent, key: ApiKey) -> None:
    webhook = documented_event(event.site, Context.WEBHOOK, alias="webhook-event-example")
    foreign = documented_event(SiteFactory.create(), alias="foreign")
    off = ReceptionEventFactory.create(site=event.site, alias="off", active=False)
    gone = ReceptionEventFactory.create(site=event.site, alias="gone")
    reception_event_delete(event=gone, actor=ACTOR)
    for other in (webhook, foreign, off, gone):
        for path in (f"alias/{other.alias}", f"id/{other.event_id}"):
            response = send(other, key, FLAT, path=f"/custom-events/{path}", query=CREATE)
            assert (response.status_code, body_of(response)["code"]) == (404, "NOT_FOUND"), path
    assert send(event, key, FLAT, path="/custom-events/alias/none").status_code == 404
    # A source's own address leads to no event of its kind.
    address = f"/in/{event.source.public_id}"
    assert knock("POST", address, b"{}", "application/json", {}).status_code == 404


def test_a_site_that_is_switched_off_is_404(event: ReceptionEvent, key: ApiKey) -> None:
    event.site.is_active = False
    event.site.save()
    assert send(event, key, FLAT, query=CREATE).status_code == 404


# -- 413, 415, 400 -------------------------------------------------------------------------------


def test_a_body_at_the_limit_is_taken_and_a_byte_more_is_413(
    event: ReceptionEvent, key: ApiKey
) -> None:
    body = json.dumps(FLAT).encode()
    padded = body + b" " * (524_288 - len(body))
    assert send(event, key, padded, query=CREATE).status_code == 201
    response = send(event, key, padded + b" ", query=CREATE)
    assert (response.status_code, body_of(response)["code"]) == (413, "TOO_LARGE")


@pytest.mark.parametrize(
    ("content_type", "headers", "status"),
    [
        ("application/json; charset=utf-8", {}, 201),
        ("application/vnd.erp+json", {}, 201),
        ("", {}, 201),
        ("text/plain", {}, 415),
        ("application/x-www-form-urlencoded", {}, 415),
        ("application/json; charset=latin-1", {}, 415),
        ("application/json", {"Content-Encoding": "gzip"}, 415),
    ],
)
def test_the_body_is_plain_json(
    event: ReceptionEvent, key: ApiKey, content_type: str, headers: dict[str, str], status: int
) -> None:
    response = send(event, key, FLAT, query=CREATE, content_type=content_type, headers=headers)
    assert response.status_code == status


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "EMPTY_BODY"),
        (b"{", "BAD_JSON"),
        (b'{"email": "a@example.org", "email": "b@example.org"}', "BAD_JSON"),
        (b'{"email": "\\ud800"}', "BAD_JSON"),
        (b'{"points": NaN}', "BAD_JSON"),
        (b"[" * 100_000, "BAD_JSON"),
        (b"\xff\xfe", "BAD_JSON"),
        (b"[]", "BAD_BODY"),
        (b'"text"', "BAD_BODY"),
        (b"null", "BAD_BODY"),
    ],
)
def test_what_cannot_be_read_is_400(
    event: ReceptionEvent, key: ApiKey, body: bytes, code: str
) -> None:
    response = send(event, key, body, query=CREATE)
    assert (response.status_code, body_of(response)["code"]) == (400, code)


def test_checks_come_in_the_documented_order(site: Site, key: ApiKey, settings: Settings) -> None:
    event = documented_event(site)
    known = contact(site)
    bad = {"email": 1}
    limited = ApiKeyFactory.create(site=site, scopes=[], allowed_networks=["192.0.2.7"])
    settings.CUSTOM_EVENTS_PER_MINUTE = 100
    nobody = {"Authorization": f"ApiKey {limited.key_id}:wrong"}

    assert send(event, limited, bad, headers=nobody).status_code == 401
    assert body_of(send(event, limited, bad))["code"] == "ADDRESS_NOT_ALLOWED"
    too_large = b"{" * 600_000
    nowhere = "/custom-events/alias/none"
    assert send(event, key, too_large, path=nowhere).status_code == 404
    assert send(event, key, too_large, content_type="text/plain").status_code == 413
    assert send(event, key, b"{", content_type="text/plain").status_code == 415
    assert send(event, key, bad, query={"createContact": "x"}).status_code == 400
    assert send(event, key, bad).status_code == 422
    known.delete()
    assert body_of(send(event, key, {"email": "john.doe@example.org"})) == E0501
    settings.CUSTOM_EVENTS_PER_MINUTE = 1
    assert send(event, key, too_large, path=nowhere).status_code == 429


# -- 429 -----------------------------------------------------------------------------------------


def test_every_answer_to_a_key_tells_its_rate(
    event: ReceptionEvent, key: ApiKey, settings: Settings
) -> None:
    settings.CUSTOM_EVENTS_PER_MINUTE = 2
    second = ApiKeyFactory.create(site=event.site)
    start = timezone.now().replace(microsecond=0)
    with time_machine.travel(start, tick=False) as clock:
        taken = send(event, key, FLAT, query=CREATE)
        wrong = send(event, key, {}, query=CREATE)
        clock.shift(20)
        refused = send(event, key, FLAT, query=CREATE)
        other = send(event, second, FLAT, query=CREATE)
        clock.shift(40)
        again = send(event, key, FLAT, query=CREATE)

    def told(response: Any) -> list[str]:
        return [response.headers[f"X-RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")]

    resets = int(start.timestamp()) + 60
    assert told(taken) == ["2", "1", str(resets)]
    assert (wrong.status_code, told(wrong)) == (422, ["2", "0", str(resets)])
    assert (refused.status_code, told(refused)) == (429, ["2", "0", str(resets)])
    assert refused.headers["Retry-After"] == "40"
    assert body_of(refused)["code"] == "THROTTLED"
    assert other.status_code == 201
    assert (again.status_code, told(again)) == (201, ["2", "1", str(resets + 60)])


def test_without_a_limit_nothing_is_told(
    event: ReceptionEvent, key: ApiKey, settings: Settings
) -> None:
    settings.CUSTOM_EVENTS_PER_MINUTE = 0
    assert "X-RateLimit-Limit" not in send(event, key, FLAT, query=CREATE).headers


def test_who_guesses_often_waits(event: ReceptionEvent, key: ApiKey) -> None:
    wrong = {"Authorization": f"ApiKey {key.key_id}:wrong"}
    statuses = [send(event, key, FLAT, headers=wrong).status_code for _ in range(100)]
    assert (statuses[0], statuses[-1]) == (401, 429)


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
