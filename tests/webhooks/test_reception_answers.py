"""What a sender sees: requests and the answers to them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from tests.webhooks.reception import Sender, engage_body, engage_source, reloaded_directory
from webhooks.inbound.journal.writer import journal_writer
from webhooks.models import ReceivedEvent

pytestmark = pytest.mark.django_db(transaction=True)

_NOT_FOUND = {
    "status": 404,
    "title": "Not Found",
    "detail": "There is nothing at this address. Check the URL.",
    "code": "NOT_FOUND",
}


@pytest.fixture
def sender() -> Sender:
    return Sender(engage_source())


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_signed_event_is_stored_and_answered_in_both_slash_forms(
    sender: Sender, slash: str
) -> None:
    body = engage_body()
    response = sender.post(body, path=f"/in/{sender.source.public_id}{slash}")

    assert response.status_code == 200
    stored = ReceivedEvent.objects.get()
    assert json.loads(response.content) == {"id": str(stored.id)}
    assert bytes(stored.body or b"") == body
    assert stored.body_bytes == len(body)
    assert (stored.site_id, stored.source_id) == (sender.source.site_id, sender.source.pk)
    assert stored.event_type == "contact.updated"
    assert stored.event_id == "event-1"
    assert stored.status == "received"
    assert stored.due_at == stored.received_at
    assert stored.remote_address == "127.0.0.1"
    assert stored.history == []


def test_a_repeat_gets_the_first_answer_and_stores_nothing(sender: Sender) -> None:
    body = engage_body()
    headers = sender.signed_headers(body)

    first, second = sender.post(body, headers), sender.post(body, headers)

    assert (first.status_code, first.content) == (second.status_code, second.content)
    assert ReceivedEvent.objects.count() == 1


def test_a_body_with_odd_spacing_and_escapes_verifies_over_its_raw_bytes(sender: Sender) -> None:
    body = b'{ "eventType" :"contact.updated",\n"payload":{"email":"andr\\u00e9@example.com"} }'
    assert sender.post(body).status_code == 200
    assert bytes(ReceivedEvent.objects.get().body or b"") == body


def test_an_answer_carries_neither_cookie_nor_redirect(sender: Sender) -> None:
    response = sender.post(engage_body())
    assert "Set-Cookie" not in response.headers
    assert "Location" not in response.headers
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"


def test_a_host_name_that_is_not_ours_is_served(sender: Sender) -> None:
    headers = sender.signed_headers(engage_body()) | {"Host": "other.example.com"}
    assert sender.post(engage_body(), headers).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE"])
@pytest.mark.parametrize("path", ["/in/unknown", "/in/unknown/"])
def test_other_methods_are_405_whatever_the_address(method: str, path: str) -> None:
    response = Client().generic(method, path)
    assert response.status_code == 405
    assert response.headers["Allow"] == "POST, OPTIONS"


def test_options_tells_the_methods() -> None:
    response = Client().options("/in/unknown")
    assert (response.status_code, response.headers["Allow"]) == (204, "POST, OPTIONS")


def test_an_unknown_source_is_404_without_a_query(
    sender: Sender, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert sender.post(engage_body()).status_code == 200
    with django_assert_num_queries(0):
        response = sender.post(engage_body(2), path="/in/src_doesNotExist")
    assert response.status_code == 404
    assert json.loads(response.content) == _NOT_FOUND
    assert ReceivedEvent.objects.count() == 1


def test_a_request_opens_no_connection_of_its_own(
    sender: Sender, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert sender.post(engage_body()).status_code == 200


@pytest.mark.parametrize("switched_off", ["source", "site", "preset"])
def test_what_is_switched_off_looks_like_what_does_not_exist(
    sender: Sender, switched_off: str
) -> None:
    headers = sender.signed_headers(engage_body())
    if switched_off == "source":
        sender.source.is_active = False
    elif switched_off == "preset":
        sender.source.preset_key = "removed_preset"
    else:
        sender.source.site.is_active = False
        sender.source.site.save()
    sender.source.save()
    reloaded_directory()

    response = sender.post(engage_body(), headers)
    unknown = sender.post(engage_body(), headers, path="/in/src_doesNotExist")

    assert response.status_code == 404
    assert response.content == unknown.content
    assert response.headers == unknown.headers
    assert not ReceivedEvent.objects.exists()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"svix-id": "msg_1"},
        {"svix-id": "msg_1", "svix-timestamp": "1", "svix-signature": "v1,é"},
        {"svix-id": "msg_1", "svix-timestamp": "nan", "svix-signature": "v1,AAAA"},
        {"svix-id": "msg_1", "svix-timestamp": "1", "svix-signature": "v1," + "A" * 8_000},
        {"svix-id": "msg_1", "svix-timestamp": "1", "svix-signature": "v1,AAAA " * 1_000},
    ],
)
@pytest.mark.parametrize("debug", [False, True])
def test_a_request_without_a_good_signature_is_401_without_a_body(
    sender: Sender, settings: Settings, headers: dict[str, str], debug: bool
) -> None:
    settings.DEBUG = debug
    response = sender.post(engage_body(), headers)
    assert (response.status_code, response.content) == (401, b"")
    assert "Content-Type" not in response.headers
    assert not ReceivedEvent.objects.exists()


def test_a_changed_body_is_401(sender: Sender) -> None:
    headers = sender.signed_headers(engage_body(1))
    assert sender.post(engage_body(2), headers).status_code == 401


@pytest.mark.parametrize(("seconds", "status"), [(290, 200), (310, 401), (-290, 200), (-310, 401)])
def test_a_signature_is_good_for_five_minutes(sender: Sender, seconds: int, status: int) -> None:
    verifier = sender.source.preset.verifier(sender.source.config)
    signed_at = datetime.now(UTC) + timedelta(seconds=seconds)
    headers = verifier.credentials(engage_body(), signed_at).headers
    assert sender.post(engage_body(), headers).status_code == status


def test_a_source_whose_secret_was_emptied_behind_our_back_takes_nothing(sender: Sender) -> None:
    headers = sender.signed_headers(engage_body())
    type(sender.source).objects.filter(pk=sender.source.pk).update(secrets={})
    reloaded_directory()
    assert sender.post(engage_body(), headers).status_code == 401


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "EMPTY_BODY"),
        (b"[1, 2", 400, "BAD_JSON"),
        (b"[" * 100_000, 400, "BAD_JSON"),
        (b'{"a":1e999}', 400, "BAD_JSON"),
        (b'{"a":"\\u0000"}', 400, "BAD_JSON"),
        (b'{"a":"\\ud800"}', 400, "BAD_JSON"),
        (b'{"a":' + b"9" * 4_301 + b"}", 400, "BAD_JSON"),
        (b'{"a":1,"a":2}', 400, "BAD_JSON"),
        (b"\xef\xbb\xbf{}", 400, "BAD_JSON"),
        (b'"text"', 400, "BAD_BODY"),
        (b"x" * (512 * 1024 + 1), 413, "TOO_LARGE"),
    ],
)
def test_a_bad_body_is_refused_with_its_cause(
    sender: Sender, body: bytes, status: int, code: str
) -> None:
    response = sender.post(body)
    problem = json.loads(response.content)
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert set(problem) == {"status", "title", "detail", "code"}
    assert response.headers["Content-Type"] == "application/problem+json"
    assert not ReceivedEvent.objects.exists()


def test_engage_is_told_to_stop_retrying_a_body_that_will_never_do(sender: Sender) -> None:
    assert sender.post(b"[1, 2").headers["webhook-delivery"] == "abort-message"


def test_a_body_of_exactly_the_cap_is_read(sender: Sender) -> None:
    padding = 512 * 1024 - len(engage_body())
    assert sender.post(engage_body() + b" " * padding).status_code == 200


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("Content-Encoding", "gzip"),
        ("Content-Encoding", "br, identity"),
        ("Content-Type", "application/json; charset=utf-7"),
        ("Content-Type", 'application/json; charset="UTF-16"'),
        ("Content-Type", "application/json; charset=utf-8; charset=latin-1"),
    ],
)
def test_encodings_are_415(sender: Sender, header: str, value: str) -> None:
    headers = sender.signed_headers(engage_body())
    content_type = value if header == "Content-Type" else "application/json"
    if header == "Content-Encoding":
        headers[header] = value
    response = sender.post(engage_body(), headers, content_type=content_type)
    assert response.status_code == 415
    assert json.loads(response.content)["code"] == "UNSUPPORTED_ENCODING"


@pytest.mark.parametrize("content_type", ["application/json; charset=UTF-8", "text/plain", ""])
def test_utf8_by_any_name_is_taken(sender: Sender, content_type: str) -> None:
    assert sender.post(engage_body(), content_type=content_type).status_code == 200


def test_the_limit_of_a_source_answers_429_with_when_to_come_back() -> None:
    sender = Sender(engage_source(throttle_per_second=1))
    statuses = [sender.post(engage_body(number)).status_code for number in range(2)]
    over = sender.post(engage_body(3))
    assert statuses == [200, 200]
    assert over.status_code == 429
    assert int(over.headers["Retry-After"]) >= 1
    assert json.loads(over.content)["code"] == "THROTTLED"


def test_the_limit_of_an_address_counts_over_all_sources_and_can_be_switched_off(
    settings: Settings,
) -> None:
    settings.RECEPTION_THROTTLE_PER_ADDRESS = 1
    senders = [Sender(engage_source()) for _ in range(3)]
    statuses = [sender.post(engage_body()).status_code for sender in senders]
    assert statuses == [200, 200, 429]
    settings.RECEPTION_THROTTLE_PER_ADDRESS = 0
    assert senders[2].post(engage_body()).status_code == 200


def test_the_limit_of_an_address_counts_a_network_of_ipv6_as_one(
    sender: Sender, settings: Settings
) -> None:
    settings.RECEPTION_THROTTLE_PER_ADDRESS = 1
    settings.TRUSTED_PROXY_COUNT = 1
    statuses = []
    for number in range(3):
        seen = {"X-Forwarded-For": f"2001:db8:1:2::{number}"}
        headers = sender.signed_headers(engage_body(number)) | seen
        statuses.append(sender.post(engage_body(number), headers).status_code)
    elsewhere = sender.signed_headers(engage_body(4)) | {"X-Forwarded-For": "2001:db8:1:3::1"}
    assert statuses == [200, 200, 429]
    assert sender.post(engage_body(4), elsewhere).status_code == 200


def test_forged_proxy_headers_do_not_move_the_bucket(sender: Sender, settings: Settings) -> None:
    settings.RECEPTION_THROTTLE_PER_ADDRESS = 1
    statuses = []
    for number in range(3):
        forged = {"X-Forwarded-For": f"198.51.100.{number}"}
        headers = sender.signed_headers(engage_body(number)) | forged
        statuses.append(sender.post(engage_body(number), headers).status_code)
    assert statuses == [200, 200, 429]


def test_a_fault_of_ours_is_a_500_that_quotes_nothing(
    sender: Sender, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("canary john1@example.com")

    monkeypatch.setattr(type(sender.source.preset), "identify", broken)
    response = sender.post(engage_body())
    assert response.status_code == 500
    assert json.loads(response.content)["code"] == "INTERNAL_ERROR"
    assert b"canary" not in response.content
    assert "ValueError" in caplog.text
    assert "canary" not in caplog.text


def test_no_secret_and_no_body_reaches_the_log(
    sender: Sender, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    sender.post(engage_body(), query={"token": "canary"})
    sender.post(engage_body(), {"svix-signature": "canary", "Authorization": "canary"})
    journal_writer.run_chores()
    for text in ("canary", "john1@example.com", "whsec_"):
        assert text not in caplog.text


@hypothesis_settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.binary(max_size=300) | st.text(max_size=100).map(lambda text: text.encode("utf-8")),
    header=st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=60),
    query=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
    is_signed=st.booleans(),
)
def test_any_bytes_are_answered_and_never_by_a_500(
    sender: Sender, body: bytes, header: str, query: str, is_signed: bool
) -> None:
    headers = sender.signed_headers(body) if is_signed else {"svix-id": header}
    path = f"/in/{sender.source.public_id}?{query}".replace("#", "%23")
    response = sender.post(
        body, headers | {"svix-timestamp": header} if not is_signed else headers, path=path
    )
    assert 200 <= response.status_code < 500
    assert response.status_code not in (301, 302, 307, 308)
