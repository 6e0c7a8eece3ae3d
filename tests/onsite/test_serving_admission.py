"""Who gets in: whoever carries what the site asks for, and nobody learns anything else."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from pytest_django import Settings

from contacts.models import Contact
from integrations.models import ApiCall, GenericApi, Outcome
from onsite.serving import call_log
from onsite.serving.call_log import MOST_REFUSALS_AN_HOUR
from onsite.serving.served_request import served_request
from onsite.serving.view import throttle
from sites.models import Site
from tests.factories import SiteFactory
from tests.onsite.served_site import SECRET, Onsite, served_api

JANE = {"email": "jane@example.com"}
MODES: list[dict[str, Any]] = [
    {"auth_mode": "header", "header_name": "X-Onsite-Token"},
    {"auth_mode": "hmac", "hmac_signs": "body"},
    {"auth_mode": "hmac", "hmac_signs": "request", "hmac_encoding": "base64"},
    {"auth_mode": "hmac", "hmac_signs": "timestamp", "hmac_algorithm": "sha512"},
    {"auth_mode": "api_key"},
    {"auth_mode": "api_key", "api_key_place": "query", "api_key_name": "api_key"},
]


@pytest.fixture(autouse=True)
def fresh_memory() -> None:
    throttle.forget()
    call_log.forget_refusals()


def answers_of(onsite: Onsite) -> list[tuple[int, bytes, dict[str, str]]]:
    """Return what a look-up and a write are answered, headers included."""
    answers = (onsite.get(JANE), onsite.post(JANE))
    return [
        (each.status_code, each.content, {k: v for k, v in each.items() if k != "X-Request-Id"})
        for each in answers
    ]


@pytest.mark.parametrize("mode", MODES)
def test_right_credentials_get_in_and_wrong_ones_do_not(site: Site, mode: dict[str, Any]) -> None:
    api = served_api(site, **mode)
    onsite = Onsite(api)
    assert onsite.post(JANE).status_code == 201
    assert onsite.get(JANE).status_code == 200
    other = dict.fromkeys(("header_value", "hmac_secret", "api_key_value"), "another-secret-23456")
    stranger = Onsite(api, credentials=GenericApi(**mode, **other))
    without = onsite.get(JANE, is_signed=False)
    assert [each[0] for each in answers_of(stranger)] == [401, 401]
    onsite.post(JANE, is_signed=False, headers={"Shop-Door": "another-secret-23456"})
    assert (without.status_code, without.content) == (401, b"")
    refused = onsite.calls[2:]
    assert len(refused) == 4
    assert refused[-1].request_headers["shop-door"] == "•••"
    assert refused[-1].request_headers["content-type"] == "application/json"
    for call in refused:
        assert (call.outcome, call.status_code, call.contact_id) == (Outcome.ERROR, 401, None)
        assert call.reason
        kept = f"{call.url}{call.request_headers}{call.request_body}{call.reason}"
        assert "another-secret" not in kept
        assert SECRET not in kept
        assert "jane" not in kept


def test_every_way_of_not_being_let_in_answers_the_same(db: None) -> None:
    unknown = served_api()
    open_api = served_api()
    GenericApi.objects.filter(pk=open_api.pk).update(api_key_value="another-secret-23456")
    closed = served_api(is_served=False)
    switched_off = served_api(SiteFactory.create(is_active=False))
    damaged = served_api()
    without_api = served_api()
    callers = [Onsite(each) for each in (unknown, open_api, closed, switched_off, damaged)]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE integrations_genericapi SET api_key_value = 'enc:v1:gone:AAAA' WHERE id = %s",
            [damaged.pk],
        )
    Site.objects.filter(pk=unknown.site_id).update(public_id=uuid.uuid4())
    without_api.delete()
    answers = [answers_of(each) for each in (*callers, Onsite(without_api))]
    status, body, headers = answers[0][0]
    assert (status, body) == (401, b"")
    assert headers["WWW-Authenticate"] == "GenericApi"
    assert all(each == [answers[0][0]] * 2 for each in answers)
    assert not Contact.objects.exists()
    reasons = dict(ApiCall.objects.values_list("site_id", "reason"))
    assert reasons.keys() == {api.site_id for api in (open_api, closed, switched_off, damaged)}
    assert "another value" in reasons[open_api.site_id]
    assert "not served" in reasons[closed.site_id]
    assert "switched off" in reasons[switched_off.site_id]
    assert "ENCRYPTION_KEYS" in reasons[damaged.site_id]


def test_the_secret_of_another_site_is_no_credential(db: None) -> None:
    one, other = served_api(api_key_value="the-secret-of-one-1"), served_api()
    assert Onsite(other, credentials=one).get(JANE).status_code == 401


def test_a_secret_of_another_mode_does_not_open(site: Site) -> None:
    api = served_api(site, auth_mode="hmac")
    for mode in ("header", "api_key"):
        stranger = GenericApi(
            auth_mode=mode, header_name=api.hmac_header, header_value=SECRET, api_key_value=SECRET
        )
        assert Onsite(api, credentials=stranger).get(JANE).status_code == 401


def test_a_signature_covers_what_it_says(site: Site) -> None:
    onsite = Onsite(served_api(site, auth_mode="hmac", hmac_signs="request"))
    fitting = GenericApi(auth_mode="hmac", hmac_signs="body", hmac_secret=SECRET)
    assert Onsite(onsite.api, credentials=fitting).post(JANE).status_code == 401
    assert onsite.post(JANE).status_code == 201


def test_an_old_timestamp_is_refused_with_its_cause(site: Site) -> None:
    onsite = Onsite(served_api(site, auth_mode="hmac", hmac_signs="timestamp"))
    stale = str(int((datetime.now(UTC) - timedelta(minutes=6)).timestamp()))
    assert onsite.post(JANE, headers={"X-Timestamp": stale}).status_code == 401
    assert "clock" in onsite.logged.reason
    assert onsite.logged.request_headers["x-timestamp"] == stale
    assert onsite.logged.request_headers["x-signature"] == "•••"


def test_refusals_leave_a_bounded_number_of_rows_each_hour(site: Site) -> None:
    onsite = Onsite(served_api(site))
    with time_machine.travel(datetime(2026, 6, 1, 9, 10, tzinfo=UTC), tick=False) as clock:
        for _ in range(MOST_REFUSALS_AN_HOUR + 5):
            assert onsite.get(JANE, is_signed=False).status_code == 401
        assert len(onsite.calls) == MOST_REFUSALS_AN_HOUR
        other = Onsite(served_api())
        other.get(JANE, is_signed=False)
        assert len(other.calls) == 1
        assert onsite.get(JANE).status_code == 404
        assert onsite.logged.outcome == Outcome.NOT_FOUND
        clock.shift(timedelta(hours=1))
        onsite.get(JANE, is_signed=False)
        assert len(onsite.calls) == MOST_REFUSALS_AN_HOUR + 2


def test_strangers_use_up_their_own_room_and_not_the_site_s(site: Site, settings: Settings) -> None:
    settings.RECEPTION_THROTTLE_PER_ADDRESS = 1
    settings.API_THROTTLE_PER_KEY = 1
    onsite = Onsite(served_api(site))
    statuses = [onsite.get(JANE, is_signed=False).status_code for _ in range(3)]
    assert statuses == [401, 401, 429]

    settings.RECEPTION_THROTTLE_PER_ADDRESS = 0
    answers = [onsite.get(JANE) for _ in range(3)]
    assert [each.status_code for each in answers] == [404, 404, 429]
    assert int(answers[2]["Retry-After"]) >= 1
    assert Onsite(served_api()).get(JANE).status_code == 404


def test_a_compressed_body_is_refused_before_anything_is_known_of_the_site(site: Site) -> None:
    onsite = Onsite(served_api(site))
    for path in ("", f"/generic/{uuid.uuid4()}/contacts"):
        answer = onsite.post(JANE, headers={"Content-Encoding": "gzip"}, path=path)
        assert answer.status_code == 415
    assert "Content-Encoding" in onsite.logged.reason
    assert ApiCall.objects.count() == 1


def test_the_environment_of_the_server_is_no_header() -> None:
    environ = {
        "REQUEST_METHOD": "GET",
        "HTTP_PROXY": "http://name:password@proxy.example.com",
        "HTTP_X_API_KEY": "key",
    }
    request = served_request(environ, datetime.now(UTC))
    assert request.headers == {"x-api-key": "key"}
