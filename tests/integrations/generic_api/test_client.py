from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from django.test import override_settings
from structlog.testing import capture_logs

from integrations.generic_api.authentication import SignedRequest, verify
from integrations.generic_api.client import lookup, write
from integrations.generic_api.services import generic_api_for
from integrations.generic_api.visitor import VisitorData
from integrations.models import ApiCall, GenericApi, GenericApiHour, Outcome, Purpose
from sites.models import Site
from tests.factories import GenericApiFactory
from tests.hostile.api import Behaviour, HostileApi, Received
from tests.hostile.behaviours import (
    answers,
    answers_deep_json,
    answers_doubled_keys,
    answers_html,
    answers_huge_json,
    answers_json,
    answers_nul_json,
    by_method,
    closes,
    drips_body,
    floods_interim,
    has_huge_headers,
    is_garbage,
    is_late,
    redirects,
    resets,
    resets_within_body,
    sends_endless_body,
    sends_gzip_bomb,
)
from tests.hostile.certificates import self_signed
from tests.integrations.generic_api.samples import CUSTOM_KEYS, OPTIONS, sample

pytestmark = [pytest.mark.django_db, pytest.mark.network]

SECRET = "an API secret for tests"
JANE = VisitorData(
    email="jane@example.com",
    phone="+46701234567",
    name="Jane Doe",
    personal_identity="20040217-7935",
    options={"pet": "Dog", "acceptsEmail": True},
)
MODES: dict[str, dict[str, Any]] = {
    "header": {"auth_mode": "header", "header_value": SECRET},
    "api_key": {"auth_mode": "api_key", "api_key_value": SECRET},
    "api_key_query": {
        "auth_mode": "api_key",
        "api_key_value": SECRET,
        "api_key_place": "query",
        "api_key_name": "api_key",
    },
    **{
        f"hmac_{signs}": {"auth_mode": "hmac", "hmac_secret": SECRET, "hmac_signs": signs}
        for signs in ("body", "request", "timestamp")
    },
}


@contextmanager
def retailer(
    site: Site, *behaviours: Behaviour, path: str = "/api/contacts", **settings: Any
) -> Iterator[tuple[HostileApi, GenericApi]]:
    """A retailer's API, and the settings of a site that point at it."""
    with HostileApi(*behaviours) as server:
        url = server.url(path)
        yield (
            server,
            GenericApiFactory.create(
                site=site,
                lookup_url=url,
                write_url=url,
                **({"custom_options": OPTIONS} | settings),
            ),
        )


def only_call() -> ApiCall:
    return ApiCall.objects.get()


def signed(request: Received) -> SignedRequest:
    path, _, query = request.target.partition("?")
    return SignedRequest(
        method=request.method,
        path=path,
        query=query,
        headers=dict(request.headers),
        body=request.body,
    )


def test_known_visitor_is_found(site: Site) -> None:
    document = sample("contact.json") | {"unknown": {"a": [1]}, "name": 5}
    with retailer(site, answers_json(document)) as (server, api):
        result = lookup(
            api=api, visitor=JANE, purpose=Purpose.SUBMISSION, submission_id=UUID(int=5)
        )
    (request,) = server.requests
    assert request.method == "GET"
    assert request.target == "/api/contacts?email=jane%40example.com&phone=%2B46701234567"
    assert request.body == b""
    assert request.header("Accept") == "application/json"
    assert request.header("Authorization") == SECRET
    assert result.continues
    assert result.visitor == VisitorData(
        email="jane@example.com",
        phone="+46701234567",
        personal_identity="20040217-7935",
        options={"pet": "Dog", "acceptsEmail": True},
    )
    assert result.tag == "NewFriend"
    assert result.notes == ("“name” must be text; it was left out.",)
    call = only_call()
    assert (call.outcome, call.status_code, call.failure, call.reason) == ("found", 200, "", "")
    assert (call.submission_id, call.notes) == (UUID(int=5), list(result.notes))
    assert call.response_headers["Content-Type"] == "application/json"


def test_unknown_visitor_is_not_found(site: Site) -> None:
    with retailer(site, answers(404, b"<nonsense")) as (_, api):
        result = lookup(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
    assert (result.call.outcome, result.continues, result.visitor) == ("not_found", True, None)


@pytest.mark.parametrize(("status", "outcome"), [(200, "updated"), (201, "created")])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_write_sends_what_was_supplied(site: Site, method: str, status: int, outcome: str) -> None:
    with retailer(site, answers_html(status), write_method=method) as (server, api):
        result = write(api=api, visitor=JANE, tag="NewFriend", purpose=Purpose.SUBMISSION)
    (request,) = server.requests
    assert (request.method, request.target) == (method, "/api/contacts")
    assert request.header("Content-Type") == "application/json"
    assert request.json() == sample("contact.json")
    assert b": " not in request.body
    assert (result.call.outcome, result.continues) == (outcome, True)


def test_keys_of_the_site_are_used_in_both_calls(site: Site) -> None:
    document = sample("contact_custom_keys.json")
    with retailer(site, answers_json(document), **CUSTOM_KEYS) as (server, api):
        found = lookup(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
        assert found.visitor is not None
        write(api=api, visitor=found.visitor, tag=found.tag, purpose=Purpose.SUBMISSION)
    asked, written = server.requests
    assert asked.target == "/api/contacts?e_mail=jane%40example.com&mobile_phone=%2B46701234567"
    assert written.json() == document


def test_url_keeps_the_query_that_it_has(site: Site) -> None:
    with retailer(site, answers(404), path="/c?brand=north&x=%2F") as (server, api):
        lookup(api=api, visitor=VisitorData(email="a+b@c.se"), purpose=Purpose.SUBMISSION)
    assert server.requests[0].target == "/c?brand=north&x=%2F&email=a%2Bb%40c.se"


def test_only_chosen_keys_are_asked_by(site: Site) -> None:
    with retailer(site, answers(404), lookup_sends=["personal_identity"]) as (server, api):
        lookup(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
    assert server.requests[0].target == "/api/contacts?personalIdentity=20040217-7935"
    assert only_call().url.endswith("?personalIdentity=•••")


def test_visitor_with_nothing_to_ask_by_is_neither_new_nor_known(site: Site) -> None:
    visitor = VisitorData(name="Jane", personal_identity="20040217-7935")
    with retailer(site, answers_json({})) as (server, api):
        result = lookup(api=api, visitor=visitor, purpose=Purpose.SUBMISSION)
    assert server.requests == []
    assert (result.call.outcome, result.call.failure) == ("error", "no_key")
    assert not result.continues


@pytest.mark.parametrize(
    ("name", "keys"), [("contact.json", {}), ("contact_custom_keys.json", CUSTOM_KEYS)]
)
@pytest.mark.parametrize("mode", MODES)
def test_called_end_accepts_every_mode_with_every_sample(
    site: Site, mode: str, name: str, keys: dict[str, str]
) -> None:
    behaviour = by_method(GET=answers_json(sample(name)), POST=answers(201))
    with retailer(site, behaviour, **MODES[mode], **keys) as (server, api):
        found = lookup(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
        assert found.visitor is not None
        write(api=api, visitor=found.visitor, tag=found.tag, purpose=Purpose.SUBMISSION)
        calls = list(ApiCall.objects.order_by("id"))
    assert [call.outcome for call in calls] == ["found", "created"]
    assert server.requests[1].json() == sample(name)
    for call, request in zip(calls, server.requests, strict=True):
        verify(api, signed(request), call.at)
        assert SECRET not in repr(ApiCall.objects.values())


@pytest.mark.parametrize(
    ("status", "codes", "outcome"),
    [
        (500, "", "blocked"),
        (500, "500-599", "ignored"),
        (409, "404, 409", "ignored"),
        (302, "", "blocked"),
        (302, "302", "ignored"),
        (204, "", "blocked"),
        (401, "403", "blocked"),
    ],
)
def test_code_that_is_not_expected(site: Site, status: int, codes: str, outcome: str) -> None:
    with (
        retailer(site, answers(status), ignored_codes=codes) as (_, api),
        capture_logs() as logs,
    ):
        asked = lookup(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
        written = write(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
    for result in (asked, written):
        assert result.call.outcome == outcome
        assert result.continues == (outcome == "ignored")
        assert str(status) in result.call.reason
        assert result.visitor is None
    errors = [entry for entry in logs if entry["log_level"] == "error"]
    assert len(errors) == (0 if outcome == "ignored" else 2)
    assert "jane" not in repr(logs)


def test_201_means_nothing_to_a_look_up_and_404_nothing_to_a_write(site: Site) -> None:
    with retailer(site, answers(201), answers(404)) as (_, api):
        assert lookup(api=api, visitor=JANE, purpose=Purpose.SUBMISSION).call.outcome == "blocked"
        assert write(api=api, visitor=JANE, purpose=Purpose.SUBMISSION).call.outcome == "blocked"


@pytest.mark.parametrize(
    ("behaviour", "part"),
    [
        (answers_html(), "no JSON"),
        (answers(200, b""), "The body is empty"),
        (answers(200, b"[]"), "not one object"),
        (answers(200, b"null"), "not one object"),
        (answers_deep_json(), "deeper than 64"),
        (answers_huge_json(), "longer than 64 KiB"),
        (answers_nul_json(), "NUL"),
        (answers_doubled_keys(), "same key twice"),
        (sends_gzip_bomb, "compressed"),
        (sends_endless_body(), "longer than 64 KiB"),
    ],
)
def test_answer_without_a_contact_blocks(site: Site, behaviour: Behaviour, part: str) -> None:
    with retailer(site, behaviour) as (_, api):
        result = lookup(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
    call = only_call()
    assert (call.outcome, call.status_code, result.continues) == ("blocked", 200, False)
    assert part in call.reason
    assert len(call.response_body.encode()) <= 16 * 1024
    assert result.visitor is None


@pytest.mark.parametrize(
    ("behaviour", "failure"),
    [
        (is_late, "timeout"),
        (drips_body, "timeout"),
        (floods_interim(), "timeout"),
        (resets, "reset"),
        (resets_within_body, "reset"),
        (closes, "reset"),
        (is_garbage, "protocol"),
        (has_huge_headers(), "protocol"),
    ],
)
@pytest.mark.parametrize("call_it", [lookup, write])
def test_no_answer_is_an_error_with_a_sentence(
    site: Site, call_it: Any, behaviour: Behaviour, failure: str
) -> None:
    # Short only where it is to run out: this machine may be busy.
    seconds = 1 if failure == "timeout" else 30
    with retailer(site, behaviour, connect_seconds=seconds, total_seconds=seconds) as (_, api):
        result = call_it(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
    call = only_call()
    assert (call.outcome, call.status_code, call.failure) == ("error", None, failure)
    assert call.reason.endswith(".")
    assert not result.continues
    assert GenericApiHour.objects.get().failed == 1


def test_certificate_is_checked_unless_switched_off(site: Site) -> None:
    with HostileApi(answers(404), tls=self_signed("127.0.0.1")) as server:
        api = GenericApi(site=site, lookup_url=server.url(), header_value=SECRET)
        refused = lookup(api=api, visitor=JANE, purpose=Purpose.TRIAL)
        api.verify_tls = False
        taken = lookup(api=api, visitor=JANE, purpose=Purpose.TRIAL)
    assert (refused.call.outcome, refused.call.failure) == ("error", "tls")
    assert taken.call.outcome == "not_found"
    assert len(server.requests) == 1


def test_address_that_is_not_allowed_is_not_called(site: Site) -> None:
    with (
        retailer(site, answers(404)) as (server, api),
        override_settings(OUTBOUND_ALLOWED_NETWORKS=[]),
    ):
        result = lookup(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
    assert server.connections == 0
    assert (result.call.outcome, result.call.failure) == ("error", "blocked")
    assert "127.0.0.1" not in result.call.reason


def test_redirect_leads_nowhere(site: Site) -> None:
    with HostileApi(answers_json({})) as elsewhere:
        with retailer(site, redirects(307, elsewhere.url())) as (_, api):
            result = write(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
        assert elsewhere.requests == []
    assert result.call.outcome == "blocked"
    assert "redirect" in result.call.reason


def test_settings_that_cannot_be_used_are_an_error_and_nothing_is_sent(site: Site) -> None:
    api = GenericApiFactory.create(site=site, lookup_url="", header_value="")
    no_url = lookup(api=api, visitor=JANE, purpose=Purpose.SUBMISSION).call
    api.lookup_url = "http://127.0.0.1:9999/"
    no_secret = lookup(api=api, visitor=JANE, purpose=Purpose.SUBMISSION).call
    api.auth_mode, api.hmac_algorithm, api.hmac_secret = "hmac", "md5", "x"
    bad_choice = lookup(api=api, visitor=JANE, purpose=Purpose.SUBMISSION).call
    assert {no_url.failure, no_secret.failure, bad_choice.failure} == {"settings"}
    assert "URL" in no_url.reason
    assert "no secret" in no_secret.reason
    assert "SHA-256" in bad_choice.reason


def test_secret_of_a_lost_key_is_an_error(site: Site) -> None:
    GenericApiFactory.create(site=site, lookup_url="http://127.0.0.1:9999/")
    with override_settings(ENCRYPTION_KEYS="k2:" + "A" * 43 + "="):
        api = generic_api_for(site)
        result = lookup(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
    assert (result.call.outcome, result.call.failure) == ("error", "settings")
    assert "Enter the secret again" in result.call.reason


def test_header_stored_past_the_service_is_an_error(site: Site) -> None:
    with retailer(site, answers(200), extra_headers={"X-A": "a\r\nX-B: b"}) as (server, api):
        result = write(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
    assert server.connections == 0
    assert (result.call.outcome, result.call.failure) == ("error", "protocol")


def test_unsaved_settings_can_be_tried(site: Site) -> None:
    with HostileApi(answers(404)) as server:
        api = GenericApi(site=site, lookup_url=server.url(), header_value=SECRET)
        result = lookup(api=api, visitor=JANE, purpose=Purpose.TRIAL)
    assert result.call.outcome == "not_found"
    assert only_call().purpose == "trial"
    assert not GenericApi.objects.exists()
    assert not GenericApiHour.objects.exists()


def test_extra_headers_go_along_and_may_replace_ours(site: Site) -> None:
    headers = {"X-Gateway": "gateway-key-1", "accept": "application/vnd.shop+json"}
    with retailer(site, answers(201), extra_headers=headers) as (server, api):
        write(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
    (request,) = server.requests
    assert request.header("X-Gateway") == "gateway-key-1"
    assert request.header("Accept") == "application/vnd.shop+json"


@pytest.mark.parametrize("mode", MODES)
def test_log_holds_no_secret_and_no_personal_identity(site: Site, mode: str) -> None:
    def tells_all(peer: Any) -> None:
        request = peer.receive()
        body = json.dumps(
            {
                "you_sent": request.raw.decode(),
                "email": "jane@example.com",
                "personalIdentity": "040217-7935",
                "old": "200402177935 and 20040217%2D7935",
                "nested": [{"personalidentity": 200402177935}, {"personalIdentity": None}],
            }
        ).encode()
        answers(200, body, [("X-Echo", request.target), ("Set-Cookie", "session=abc")])(peer)

    settings = MODES[mode] | {
        "extra_headers": {"X-Gateway": "Bearer gateway-key-1"},
        "lookup_sends": ["email", "personal_identity"],
    }
    with retailer(site, tells_all, **settings) as (server, api):
        lookup(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
        write(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
    kept = repr(list(ApiCall.objects.values()))
    hidden = [SECRET, SECRET.replace(" ", "%20"), "gateway-key-1", "session=abc", "7935"]
    if mode.startswith("hmac"):
        hidden += [request.header("X-Signature") or "?" for request in server.requests]
    for text in hidden:
        assert text not in kept, text
    call = ApiCall.objects.earliest("id")
    assert "email=jane%40example.com" in call.url
    assert '"email": "jane@example.com"' in call.response_body
    assert '"personalIdentity": null' in call.response_body
    assert call.request_headers["X-Gateway"] == "•••"


@pytest.mark.parametrize(
    "body", [b"\0\x01\xff\xfe\xed\xa0\x80", b"\xff" * 40_000, "å".encode() * 20_000]
)
def test_any_body_can_be_stored(site: Site, body: bytes) -> None:
    with retailer(site, answers(500, body)) as (_, api):
        write(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
    stored = only_call().response_body
    assert 0 < len(stored.encode()) <= 16 * 1024
    assert "\0" not in stored


def test_hours_count_calls_but_no_trials(site: Site) -> None:
    behaviour = by_method(GET=answers(404), POST=answers(503))
    with retailer(site, behaviour, ignored_codes="") as (_, api):
        lookup(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
        lookup(api=api, visitor=JANE, purpose=Purpose.TRIAL)
        write(api=api, visitor=JANE, purpose=Purpose.RESEND)
        api.ignored_codes = "503"
        write(api=api, visitor=JANE, purpose=Purpose.SUBMISSION)
    hours = list(GenericApiHour.objects.values_list("succeeded", "ignored", "failed"))
    assert [sum(column) for column in zip(*hours, strict=True)] == [1, 1, 1]
    assert ApiCall.objects.count() == 4
    assert ApiCall.objects.filter(outcome=Outcome.IGNORED).count() == 1
