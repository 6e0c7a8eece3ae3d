"""What each format carries, wants and refuses, and the settings that it takes."""

from __future__ import annotations

import dataclasses
import json
from decimal import Decimal
from typing import Any, Final

import pytest

from sites.models import Site
from tests.webhooks.outbound.dialects.sending import (
    CONTACT_ID,
    FORMAT_SETTINGS,
    LICENSE_CODE,
    MESSAGE_ID,
    carried,
    catalogue,
    request_of,
    sent_event,
    snapshot,
)
from webhooks.outbound.building import build
from webhooks.outbound.formats.base import CannotBuild, Format
from webhooks.outbound.formats.registry import format_for, formats
from webhooks.outbound.models import Signing
from webhooks.outbound.signing import signing_fields
from webhooks.outbound.subscriptions.fitting import fit_to_format, new_subscription

ALL: Final = [pytest.param(each, id=each.key) for each in formats()]


def document(format_key: str, event_type: str, payload: Any, **fields: Any) -> Any:
    settings = fields.pop("settings", {})
    event = sent_event(event_type, payload, **fields)
    return json.loads(request_of(snapshot(format_key, settings), event).body or b"")


@pytest.mark.parametrize("dialect", ALL)
def test_the_declaration_is_complete(dialect: Format) -> None:
    assert dialect.label
    assert dialect.summary.endswith(".")
    assert dialect.signings
    assert set(dialect.signings) <= set(Signing.values)
    assert (dialect.batching == (1, 0)) or dialect.is_batchable
    known = {field.key for field in signing_fields(dialect.signings[0])}
    assert set(dialect.signing_settings) <= known
    seen: dict[str, set[str]] = {}
    for field in dialect.settings_fields:
        if field.shown_when is not None:
            other, values = field.shown_when
            assert values <= seen[other]
        seen[field.key] = set(field.choices)
        assert not field.choices or field.default in field.choices


@pytest.mark.parametrize("dialect", ALL)
def test_cleaning_clean_settings_changes_nothing(dialect: Format) -> None:
    cleaned, errors = dialect.clean(FORMAT_SETTINGS.get(dialect.key, {}))
    assert not errors
    assert dialect.clean(cleaned) == (cleaned, {})
    assert dialect.clean({"nobody": "reads"})[1]["nobody"]


def test_a_new_subscription_starts_as_receivers_of_the_dialect_expect() -> None:
    site = Site(pk=1)
    engage, ongage = format_for("engage"), format_for("ongage_batch")
    assert engage is not None
    assert ongage is not None
    assert new_subscription(site, engage).signing_settings == {"family": "svix"}
    subscription = new_subscription(site, ongage)
    assert (subscription.batch_size, subscription.batch_seconds) == (5000, 600)
    assert subscription.signing == "none"
    fit_to_format(subscription, engage)
    assert (subscription.signing, subscription.signing_settings) == (
        "standard_webhooks",
        {"family": "svix"},
    )


@pytest.mark.parametrize(
    ("format_key", "settings", "name"),
    [
        ("webengage_event", {"license_code": "a b"}, "license_code"),
        ("webengage_event", {"hook": "specific"}, "event_name"),
        ("webengage_event", {"hook": "specific", "event_name": "app_installed"}, "event_name"),
        ("webengage_event", {"hook": "specific", "event_name": "a, b"}, "event_name"),
        ("webengage_event", {"hook": "specific", "event_name": "x" * 51}, "event_name"),
        ("webengage_survey", {"body_format": "yaml"}, "body_format"),
        ("ongage_batch", {"list_id": "0"}, "list_id"),
        ("ongage_batch", {"list_id": "9x"}, "list_id"),
        ("engage", {"tenant": ""}, "tenant"),
        ("cloudevents", {"type_prefix": "köp."}, "type_prefix"),
        ("cloudevents", {"type_prefix": "x" * 101}, "type_prefix"),
        ("raw_request", {"headers": "authorization"}, "headers"),
        ("raw_request", {"headers": "webhook-signature"}, "headers"),
        ("raw_request", {"headers": "X-Kund-Nr:"}, "headers"),
        ("raw_request", {"headers": ",".join(f"x-{n}" for n in range(21))}, "headers"),
    ],
)
def test_settings_that_could_not_work_are_refused(
    format_key: str, settings: Any, name: str
) -> None:
    dialect = format_for(format_key)
    assert dialect is not None
    _, errors = dialect.clean({**FORMAT_SETTINGS.get(format_key, {}), **settings})
    assert list(errors) == [name]
    assert errors[name].endswith(".")


def test_only_the_raw_request_needs_what_came_in_and_it_takes_reception_events_too() -> None:
    assert [each.key for each in formats() if each.needs_raw({})] == ["raw_request"]
    raw = format_for("raw_request")
    assert raw is not None
    assert raw.carries("custom_event.purchase", {})
    assert raw.carries("inbound.ongage.hard", {})
    assert not raw.carries("send.5f0c1d2e3a4b5c6d7e8f9a0b", {})
    assert not raw.carries("contact.created", {})
    with pytest.raises(CannotBuild, match="no longer stored"):
        build(snapshot("raw_request"), [sent_event("custom_event.x", {"a": 1})], MESSAGE_ID)


def test_ongage_wants_no_opt_in_and_webengage_the_event_that_was_named() -> None:
    ongage, webengage = format_for("ongage_batch"), format_for("webengage_event")
    assert ongage is not None
    assert webengage is not None
    named = {"license_code": LICENSE_CODE, "hook": "specific", "event_name": "email_unsubscribe"}
    for value in (True, False):
        payload, event_type = {"acceptsEmail": value}, "contact.acceptsEmail.changed"
        assert ongage.wants(event_type, payload, {}) is not value
        assert webengage.wants(event_type, payload, named) is not value
    assert ongage.asks_payload
    assert webengage.asks_payload
    assert webengage.carries("inbound.ongage.unsubscribe", named)
    assert not webengage.carries("inbound.ongage.hard", named)


def test_an_ongage_row_keeps_to_its_own_list_and_a_batch_to_those_it_can_tell_of() -> None:
    row = {"email": "a@example.com", "status": "hard", "list_id": " 12 ", "esp_name": {"a": 1}}
    hard = sent_event("inbound.ongage.hard", {"data": row}, subject={})
    nobody = sent_event("contact.acceptsEmail.changed", {"acceptsEmail": False}, subject={})
    to = snapshot("ongage_batch")
    built = json.loads(build(to, [nobody, hard], MESSAGE_ID).body)
    assert built == [
        {"email": "a@example.com", "list_id": 12, "status": "hard", "esp_name": "Patchbay"}
    ]
    with pytest.raises(CannotBuild, match="no e-mail address"):
        build(to, [nobody], MESSAGE_ID)


@pytest.mark.parametrize(
    ("event_type", "expected"),
    [
        ("custom_event.store-purchase", "store_purchase"),
        ("custom_event.购买", "event_"),
        ("custom_event.we_love", "event_we_love"),
        ("custom_event.email_click", "event_email_click"),
        ("custom_event.user_logged_in", "event_user_logged_in"),
        ("custom_event." + "long_" * 29, "long_" * 10),
        ("inbound.generic_json." + "ö" * 139, "inbound_generic_json"),
        ("inbound.ongage.soft", "inbound_ongage_soft"),
        ("onsite.submission.blocked", "onsite_submission_blocked"),
    ],
)
def test_names_at_webengage_are_short_plain_and_nobody_elses(
    event_type: str, expected: str
) -> None:
    name = document("webengage_event", event_type, {"a": 1})["event_name"]
    assert name.startswith(expected)
    assert name.isascii()
    assert 0 < len(name) <= 50


def test_an_event_about_nobody_names_nobody() -> None:
    told = document("webengage_event", "onsite.submission.blocked", {}, subject={}, contact_id="")
    assert (told["user_id"], told["anonymous_id"]) == (None, None)
    told = document("webengage_event", "contact.deleted", {"contactId": "1"}, subject={})
    assert told["user_id"] == CONTACT_ID
    settings = {"user_id": "external_id"}
    told = document("webengage_event", "contact.updated", {}, settings=settings)
    assert told["user_id"] == "CRM-12345"


def test_somebody_anonymous_at_webengage_stays_so() -> None:
    event = catalogue()["inbound.webengage.order_placed"]
    to = snapshot("webengage_event")
    told = json.loads(request_of(to, dataclasses.replace(event, contact_id=CONTACT_ID)).body or b"")
    assert told["user_id"] is None
    assert told["anonymous_id"]


def test_what_another_sender_calls_system_data_stays_in_the_event() -> None:
    data = {"event_data": "x", "system_data": [1], "anonymous_id": {"a": 1}, "user_id": 5}
    told = document("webengage_event", "inbound.generic_json.order", {"data": data})
    assert told["event_data"] == data
    assert told["anonymous_id"] is None
    assert "system_data" not in told


def test_a_journey_that_came_in_goes_out_as_it_was() -> None:
    event = catalogue()["inbound.webengage.journey_activated"]
    to = snapshot("webengage_event", {"hook": "journey"})
    told = json.loads(request_of(to, event).body or b"")
    given = json.loads(event.payload_text)["data"]
    assert told == given | {"license_code": LICENSE_CODE}


def test_every_digit_of_a_number_goes_out() -> None:
    text = '{"amount":12345678901234567.25,"big":123456789012345678901234567890,"small":1E-30}'
    digits = json.loads(text, parse_float=Decimal)
    for format_key in ("standard_webhooks", "cloudevents", "connectif_send", "webengage_event"):
        event = sent_event("custom_event.x", text)
        body = request_of(snapshot(format_key), event).body or b""
        assert text.encode() in body
    relayed = f'{{"data":{{"event_data":{text}}}}}'
    event = sent_event("inbound.webengage.order_placed", relayed)
    body = json.loads(
        request_of(snapshot("webengage_event"), event).body or b"", parse_float=Decimal
    )
    assert body["event_data"] == digits
    form = sent_event("inbound.webengage.FEEDBACK_SUBMIT", f'{{"data":{{"fields":[],"x":{text}}}}}')
    body = json.loads(
        request_of(snapshot("webengage_feedback"), form).body or b"", parse_float=Decimal
    )
    assert body["response"]["data"]["x"] == digits
    xml = request_of(snapshot("webengage_feedback", {"body_format": "xml"}), form).body or b""
    assert b"<amount>12345678901234567.25</amount>" in xml


@pytest.mark.parametrize(
    ("format_key", "name", "data"),
    [
        ("webengage_feedback", "FEEDBACK_SUBMIT", {"email": "a@example.com"}),
        ("webengage_feedback", "FEEDBACK_REPLY_SUBMIT", []),
        ("webengage_feedback", "FEEDBACK_REPLY_SUBMIT", ["x"]),
        ("webengage_survey", "SURVEY_RESPONSE_SUBMIT", None),
    ],
)
def test_what_is_no_form_is_not_sent_as_one(format_key: str, name: str, data: Any) -> None:
    event = sent_event(f"inbound.webengage.{name}", {"data": data})
    with pytest.raises(CannotBuild, match="no form of this kind"):
        build(snapshot(format_key), [event], MESSAGE_ID)


def test_attributes_of_a_cloud_event() -> None:
    told = document("cloudevents", "contact.created", {"a": 1}, settings={"type_prefix": "com.x."})
    assert told["specversion"] == "1.0"
    assert told["type"] == "com.x.contact.created"
    assert told["subject"] == CONTACT_ID
    assert "subject" not in document("cloudevents", "x.y", {}, contact_id="")
    event = sent_event('custom_event.söder "50%"', {})
    headers = request_of(snapshot("cloudevents", {"mode": "binary"}), event).headers
    # HTTP Protocol Binding, 3.1.3.2: blanks, quotes, percent signs and all that is no ASCII.
    assert headers["ce-type"] == "custom_event.s%C3%B6der%20%2250%25%22"
    assert headers["Content-Type"] == "application/json"


def test_the_id_stands_where_engage_documents_it() -> None:
    to = snapshot("engage")
    for event in carried("engage"):
        told = json.loads(request_of(to, event).body or b"")
        key = "id" if event.type in ("loyalty.addPoints", "point.balance.updated") else "eventId"
        assert list(told) == [key, "eventType", "isEncrypted", "payload", "tenant"]
        assert (told[key], told["eventType"], told["isEncrypted"]) == (
            event.message_id,
            event.type,
            False,
        )
