"""From events to a request: what is added to it, what wins, and what is never shown."""

from __future__ import annotations

import dataclasses
import json
import logging
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest

from common.http.headers import sendable
from tests.webhooks.outbound.dialects.recorded_requests import ENGAGE_KEY
from tests.webhooks.outbound.dialects.sending import (
    LICENSE_CODE,
    MESSAGE_ID,
    NOW,
    OLD_SECRET,
    PLAIN_SECRET,
    catalogue,
    request_of,
    sent_event,
    snapshot,
)
from webhooks.outbound.building import MOST_BODY_BYTES, build, prepare
from webhooks.outbound.delivering.attempt import Sent, masked_headers, tried
from webhooks.outbound.delivering.retry_policy import unbuildable
from webhooks.outbound.delivering.unit import Part, Unit
from webhooks.outbound.formats.base import CannotBuild
from webhooks.outbound.formats.registry import format_for, formats

EVENT: Final = sent_event("contact.deleted", {"contactId": "1", "deletionReason": "x"})
FEEDBACK: Final = "inbound.webengage.FEEDBACK_SUBMIT"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/hook", "https://a.example/hook?eventType="),
        ("https://a.example/hook?x=1", "https://a.example/hook?x=1&eventType="),
        ("https://a.example/hook?", "https://a.example/hook?eventType="),
        ("https://a.example/hook?x=1&", "https://a.example/hook?x=1&eventType="),
        ("https://a.example", "https://a.example?eventType="),
    ],
)
def test_parameters_come_after_those_of_the_url(url: str, expected: str) -> None:
    request = request_of(snapshot("webengage_event", url=url), EVENT)
    assert request.url.startswith(expected)
    added = parse_qsl(urlsplit(request.url).query)[-3:]
    assert [name for name, _ in added] == ["eventType", "licenseCode", "secret"]


def test_a_name_of_webengage_may_hold_blanks_and_a_code_a_tilde() -> None:
    settings = {"license_code": "~99199077", "hook": "specific", "event_name": "Added To Cart"}
    event = dataclasses.replace(EVENT, type="inbound.webengage.Added To Cart")
    request = request_of(snapshot("webengage_event", settings), event)
    query = dict(parse_qsl(urlsplit(request.url).query, strict_parsing=True))
    assert (query["eventType"], query["licenseCode"]) == ("Added To Cart", "~99199077")


@pytest.mark.parametrize(
    ("format_key", "fields", "name", "expected"),
    [
        ("engage", {}, "SVIX-SIGNATURE", "v1,"),
        ("engage", {}, "Content-type", "application/json"),
        ("webengage_event", {}, "X-Request-ID", ""),
        ("standard_webhooks", {"signing": "basic"}, "AUTHORIZATION", "Basic "),
        ("standard_webhooks", {"signing": "hmac"}, "x-SIGNATURE", ""),
        ("standard_webhooks", {}, "user-agent", "Patchbay/"),
    ],
)
def test_a_header_of_the_operator_never_replaces_ours_however_it_is_spelt(
    format_key: str, fields: Any, name: str, expected: str
) -> None:
    to = snapshot(format_key, headers={name: "mine", "X-Own": "kept"}, **fields)
    headers = request_of(to, EVENT).headers
    (given,) = (value for each, value in headers.items() if each.lower() == name.lower())
    assert given != "mine"
    assert given.startswith(expected)
    assert headers["X-Own"] == "kept"


def test_a_header_that_came_in_does_not_stand_beside_our_signature() -> None:
    to = snapshot("raw_request", {"headers": "x-signature, x-shop"}, signing="hmac")
    event = dataclasses.replace(
        catalogue()[FEEDBACK], raw_headers={"x-signature": "theirs", "x-shop": "Lund"}
    )
    headers = request_of(to, event).headers
    assert [name for name in headers if name.lower() == "x-signature"] == ["X-Signature"]
    assert "theirs" not in headers.values()
    assert headers["x-shop"] == "Lund"


@pytest.mark.parametrize("value", ["•••", "Malmö", "a\r\nb", " a", "x" * 4001])
def test_what_was_masked_or_cannot_be_sent_is_left_out_of_a_relay(value: str) -> None:
    event = dataclasses.replace(
        catalogue()[FEEDBACK], raw_headers={"x-api-key": value}, raw_content_type=value
    )
    request = request_of(snapshot("raw_request", {"headers": "X-Api-Key"}), event)
    assert "x-api-key" not in request.headers
    assert request.headers["Content-Type"] == "application/octet-stream"
    assert sendable(request.headers)


SECRET_WAYS: Final[list[tuple[str, Any, Any, Any]]] = [
    ("engage", {}, {"encryption": "engage"}, {"encryption": ENGAGE_KEY}),
    ("engage", {}, {}, {"previous_signing": OLD_SECRET}),
    ("webengage_event", {}, {}, {}),
    ("ongage_batch", {}, {"signing": "basic"}, {}),
    (
        "standard_webhooks",
        {},
        {"signing": "hmac"},
        {"previous_signing": "an-older-one-of-24-bytes"},
    ),
]


@pytest.mark.parametrize(("format_key", "settings", "fields", "secrets"), SECRET_WAYS)
def test_no_secret_is_shown_by_a_request_or_kept_in_the_log(
    format_key: str, settings: Any, fields: Any, secrets: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    to = snapshot(
        format_key,
        settings,
        secrets=secrets,
        headers={"X-Partner": "of-the-operator", "X-Trace": "also-theirs"},
        url="https://a.example/hook?token=in-the-url",
        previous_until=NOW.replace(hour=23),
        **fields,
    )
    event = catalogue()["inbound.ongage.hard" if format_key == "ongage_batch" else EVENT.type]
    built = build(to, [event], MESSAGE_ID)
    prepared = prepare(to, built, MESSAGE_ID, NOW)
    hidden = [*to.secrets.values(), "of-the-operator", "also-theirs", "in-the-url"]
    hidden += [
        value
        for name, value in prepared.request.headers.items()
        if name.lower() in prepared.secret_headers
    ]
    query = dict(parse_qsl(urlsplit(prepared.request.url).query))
    hidden += [query[name] for name in prepared.secret_query]
    if to.signing == "webengage":
        assert prepared.secret_query == {"secret"}
    unit = Unit(id="1", subscription_id=1, parts=[Part("1", "1")], attempts=1, trigger="event")
    row = tried(unit, to, unbuildable("x"), Sent(NOW, prepared))
    kept = [row.url, *row.request_headers.values(), *masked_headers(prepared).values()]
    for text in (repr(to), repr(built), repr(prepared), repr(event), caplog.text, *kept):
        for secret in hidden:
            assert secret not in text
    assert event.payload_text not in repr(event) + repr(built)


def test_what_was_emptied_is_not_sent_and_does_not_hold_a_batch_up() -> None:
    emptied = dataclasses.replace(EVENT, payload_text="", subject={}, message_id="msg_2")
    for format_key in ("standard_webhooks", "raw_request", "webengage_event"):
        with pytest.raises(CannotBuild, match="erased or have passed their retention"):
            build(snapshot(format_key), [emptied], MESSAGE_ID)
    to = snapshot("standard_webhooks", batch_size=10, batch_seconds=60)
    rows = json.loads(build(to, [emptied, EVENT, emptied], "msg_3").body)
    assert [row["id"] for row in rows] == [EVENT.message_id]
    with pytest.raises(CannotBuild, match="erased"):
        build(to, [emptied, emptied], "msg_3")


def test_what_another_format_was_to_carry_is_not_sent_in_this_one() -> None:
    with pytest.raises(CannotBuild, match="“Ongage batch” does not carry events of this type"):
        build(snapshot("ongage_batch"), [EVENT], MESSAGE_ID)
    hard = catalogue()["inbound.ongage.hard"]
    assert len(json.loads(build(snapshot("ongage_batch"), [EVENT, hard], "msg_3").body)) == 1


def test_a_batch_is_a_list_also_of_one_event() -> None:
    for format_key in ("standard_webhooks", "cloudevents"):
        single, batch = snapshot(format_key), snapshot(format_key, batch_size=5)
        assert isinstance(json.loads(build(single, [EVENT], MESSAGE_ID).body), dict)
        assert isinstance(json.loads(build(batch, [EVENT], MESSAGE_ID).body), list)
    assert json.loads(
        build(snapshot("ongage_batch"), [catalogue()["inbound.ongage.soft"]], "m").body
    )


def test_a_request_has_an_upper_limit() -> None:
    large = dataclasses.replace(EVENT, payload_text=json.dumps({"a": "x" * MOST_BODY_BYTES}))
    with pytest.raises(CannotBuild, match="more than 8 MiB"):
        build(snapshot("standard_webhooks"), [large], MESSAGE_ID)


def test_faults_of_a_subscription_are_its_own_sentences() -> None:
    broken = dataclasses.replace(snapshot("engage"), fault="Its secrets do not decrypt.")
    with pytest.raises(CannotBuild, match="do not decrypt"):
        build(broken, [EVENT], MESSAGE_ID)
    gone = dataclasses.replace(snapshot("engage"), format_key="of_a_plugin")
    with pytest.raises(CannotBuild, match="not installed any more"):
        build(gone, [EVENT], MESSAGE_ID)
    unsigned = dataclasses.replace(snapshot("engage"), secrets={})
    with pytest.raises(CannotBuild, match="no usable secret"):
        request_of(unsigned, EVENT)


def test_a_format_that_fails_says_so_and_does_not_quote_the_event(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any, **__: Any) -> Any:
        raise KeyError("john.doe@example.com")

    monkeypatch.setattr(type(format_for("engage")), "build", fails)
    with pytest.raises(CannotBuild, match=r"failed on this event \(KeyError\)") as raised:
        build(snapshot("engage"), [EVENT], MESSAGE_ID)
    assert "john" not in caplog.text + str(raised.value)
    assert "format engage failed: KeyError" in caplog.text


def test_success_is_any_2xx_but_at_webengage_only_200() -> None:
    for dialect in formats():
        taken = {status for status in range(100, 600) if dialect.is_success(status)}
        is_webengage = dialect.key.startswith("webengage")
        assert taken == ({200} if is_webengage else set(range(200, 300))), dialect.key


def test_the_request_id_of_webengage_is_the_same_on_every_attempt() -> None:
    to = snapshot("webengage_event")
    first, later = request_of(to, EVENT), request_of(to, EVENT, now=NOW.replace(hour=20))
    assert first == later
    assert len(first.headers["x-request-id"]) == 32
    assert int(first.headers["x-request-id"], 16)
    other = request_of(to, dataclasses.replace(EVENT, message_id="msg_2"))
    assert other.headers["x-request-id"] != first.headers["x-request-id"]


def test_a_new_attempt_has_the_same_bytes_and_id_and_a_signature_of_its_own() -> None:
    to = snapshot("engage")
    first, later = request_of(to, EVENT), request_of(to, EVENT, now=NOW.replace(hour=20))
    assert first.body == later.body
    assert first.headers["svix-id"] == later.headers["svix-id"] == EVENT.message_id
    assert first.headers["svix-timestamp"] != later.headers["svix-timestamp"]
    assert first.headers["svix-signature"] != later.headers["svix-signature"]


def test_the_licence_code_belongs_to_the_secret() -> None:
    one = request_of(snapshot("webengage_event"), EVENT)
    two = request_of(snapshot("webengage_event", {"license_code": "~1"}), EVENT)
    assert LICENSE_CODE in one.url
    assert one.url.rpartition("secret=")[2] != two.url.rpartition("secret=")[2]
    assert PLAIN_SECRET not in one.url
