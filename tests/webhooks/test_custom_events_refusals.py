"""Who is refused by the Public API, with what, and in which order."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone
from pytest_django import Settings

from sites.api_keys.services import api_key_create, api_key_revoke
from sites.audit import Actor
from sites.models import ApiKey, Scope, Site
from tests.factories import API_KEY_SECRET, ApiKeyFactory, ReceptionEventFactory, SiteFactory
from tests.webhooks.custom_events import (
    CREATE,
    E0501,
    FLAT,
    body_of,
    contact,
    documented_event,
    send,
)
from tests.webhooks.reception import knock
from webhooks.inbound.journal.writer import journal_writer
from webhooks.inbound.reception import api_events
from webhooks.inbound.reception_events.deletion import reception_event_delete
from webhooks.models import Context, ReceptionEvent

pytestmark = pytest.mark.django_db(transaction=True)

ACTOR = Actor.system("tests")


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


# -- 503 -----------------------------------------------------------------------------------------


def test_while_the_database_is_away_the_sender_is_asked_to_come_back(
    event: ReceptionEvent, key: ApiKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert send(event, key, FLAT, query=CREATE).status_code == 201

    def away(site_id: int, email: str) -> bool:
        raise OperationalError("away")

    monkeypatch.setattr(api_events, "is_known", away)
    response = send(event, key, FLAT)
    assert (response.status_code, body_of(response)["code"]) == (503, "UNAVAILABLE")
    assert int(response.headers["Retry-After"]) > 0


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
