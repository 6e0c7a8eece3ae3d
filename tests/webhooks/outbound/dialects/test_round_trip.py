"""What one format sends, the matching preset verifies with its own check and reads the same.

Over each format and every event of the catalogue that it carries. Two kinds of facts are compared:
what a sample of a vendor says when it comes in, and what it says after it went out again; and for
events of our own, what their payload says.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from integrations.contact_change import Channel, EmailStatus
from integrations.inbound_event import InboundEvent
from integrations.preset import Preset
from integrations.registry import preset_for
from tests.webhooks.outbound.dialects.receiving import (
    ENGAGE,
    HOOKS,
    KEY,
    ONGAGE,
    SIGNED,
    STANDARD,
    STRUCTURED,
    WEBENGAGE,
    change_of,
    generic,
    one,
    taken,
)
from tests.webhooks.outbound.dialects.sending import (
    CONTACT_ID,
    MESSAGE_ID,
    NOW,
    PERSON,
    arrived,
    carried,
    catalogue,
    config_of,
    facts,
    parsed,
    relay,
    relays,
    request_of,
    sent_event,
    snapshot,
)
from webhooks.outbound.formats.base import SentEvent
from webhooks.outbound.formats.registry import formats

ENGAGE_WAYS: Final[Mapping[str, dict[str, Any]]] = {
    "svix": {},
    "webhook": {"signing_settings": {"family": "webhook"}},
    "encrypted": {"encryption": "engage", "secrets": {"encryption": KEY}},
}


def engage_samples() -> list[Any]:
    preset = preset_for("voyado_engage")
    return [
        pytest.param(preset, sample, id=sample.name)
        for sample in preset.samples()
        if not sample.name.endswith("encrypted.json")
    ]


@pytest.mark.parametrize("way", ENGAGE_WAYS)
@pytest.mark.parametrize(("preset", "sample"), engage_samples())
def test_engage_says_what_engages_own_samples_say(preset: Preset, sample: Any, way: str) -> None:
    (came_in,) = parsed(preset, sample)
    event = sent_event(came_in.type, came_in.data)
    again = one(preset.key, ENGAGE, snapshot("engage", **ENGAGE_WAYS[way]), event)
    assert facts(again) == facts(came_in)
    assert again.event_id == MESSAGE_ID
    # The time of a message is in its id.
    assert again.occurred_at is not None
    assert abs((NOW - again.occurred_at).total_seconds()) < 5


@pytest.mark.parametrize("way", ENGAGE_WAYS)
@pytest.mark.parametrize("event", carried("engage"), ids=lambda each: each.type)
def test_engage_reads_every_event_of_the_catalogue(event: SentEvent, way: str) -> None:
    again = one("voyado_engage", ENGAGE, snapshot("engage", **ENGAGE_WAYS[way]), event)
    change, payload = change_of(again), json.loads(event.payload_text)
    assert (again.type, again.cause, again.data is None) == (event.type, "", False)
    contact_id = payload.get("contactId") or payload["ContactId"]
    assert list(change.identity.source_ids.values()) == [contact_id]
    if "firstName" in payload:
        assert (change.identity.email, change.identity.phone) == (
            payload["email"],
            payload["mobilePhone"],
        )
        assert change.fields == {
            "first_name": "John", "last_name": "Doe", "care_of": "c/o John Smith",
            "street": "Storgatan 1", "postal_code": "11122", "city": "Stockholm",
            "country_code": "SE", "birth_date": "2004-02-17", "gender": "male", "language": "sv",
            "personal_identity_number": None,
        }  # fmt: skip
        assert change.attributes["myCustomAttribute"] == "myCustomAttributeValue"
    elif "deletionReason" in payload:
        assert change.deletion is not None
        assert change.deletion.reason == payload["deletionReason"]
    elif event.type.startswith("contact.accepts"):
        channel = Channel(event.type.removeprefix("contact.accepts").partition(".")[0].lower())
        assert change.preferences == {channel: payload[f"accepts{channel.value.capitalize()}"]}
    elif "consentId" in payload:
        (consent,) = change.consents
        assert (consent.consent_id, consent.value) == (payload["consentId"], payload["value"])
    else:
        (activity,) = change.activities
        assert activity.type == event.type


def test_an_opt_out_and_an_opt_in_stay_what_they_are() -> None:
    for value in (True, False):
        payload = {"contactId": CONTACT_ID, "acceptsEmail": value, "previousValue": not value}
        event = sent_event("contact.acceptsEmail.changed", payload)
        by_engage = change_of(one("voyado_engage", ENGAGE, snapshot("engage"), event))
        system = snapshot("webengage_event", {"hook": "global_system"})
        by_webengage = change_of(one("webengage", WEBENGAGE, system, event))
        assert by_engage.preferences == by_webengage.preferences == {Channel.EMAIL: value}
        assert by_webengage.identity.email == PERSON["email"]
        if not value:
            by_ongage = change_of(
                one("ongage", ONGAGE, snapshot("ongage_batch", signing="basic"), event)
            )
            assert by_ongage.preferences == {Channel.EMAIL: False}


def test_ongage_reads_the_rows_of_a_batch_as_they_came() -> None:
    to = snapshot("ongage_batch", signing="basic")
    events = [each for each in relays() if each.type.startswith("inbound.ongage.")]
    again = taken("ongage", ONGAGE, to, *events)
    assert len(again) == len(events) > 4
    for event, row in zip(events, again, strict=True):
        given = json.loads(event.payload_text)["data"]
        change = change_of(row)
        assert row.type == given["status"]
        assert change.email_list is not None
        assert change.identity.email == given["email"]
        assert (change.email_list.list_id, change.email_list.kind) == (
            str(given["list_id"]).strip(),
            given["status"],
        )
        assert change.email_list.esp_name == (given.get("esp_name") or "Patchbay")


@pytest.mark.parametrize("event", carried("ongage_batch"), ids=lambda each: each.type)
def test_ongage_reads_every_event_of_the_catalogue(event: SentEvent) -> None:
    named = dataclasses.replace(event, subject=event.subject or PERSON)
    again = one("ongage", ONGAGE, snapshot("ongage_batch", signing="basic"), named)
    change = change_of(again)
    assert change.identity.email == named.subject["email"]
    is_opt_out = event.type not in (
        "inbound.ongage.soft", "inbound.ongage.hard", "inbound.webengage.email_bounce",
    )  # fmt: skip
    assert (change.preferences == {Channel.EMAIL: False}) == is_opt_out
    assert (change.email_status is EmailStatus.BOUNCED) == again.type.startswith("hard")


EVERYTHING: Final = list(catalogue().values())


@pytest.mark.parametrize("signing", SIGNED)
@pytest.mark.parametrize("event", EVERYTHING, ids=lambda each: each.type)
def test_generic_json_reads_every_standard_webhook(event: SentEvent, signing: str) -> None:
    to = snapshot("standard_webhooks", signing=signing)
    _same_data(one("generic_json", generic(signing, **STANDARD), to, event), event)


@pytest.mark.parametrize("signing", SIGNED)
@pytest.mark.parametrize("event", EVERYTHING, ids=lambda each: each.type)
def test_generic_json_reads_every_cloud_event(event: SentEvent, signing: str) -> None:
    to = snapshot("cloudevents", signing=signing)
    again = one("generic_json", generic(signing, **STRUCTURED), to, event)
    assert again.event_id == event.message_id
    _same_data(again, event)


def _same_data(again: InboundEvent, event: SentEvent) -> None:
    payload = json.loads(event.payload_text)
    assert again.type == event.type
    assert again.occurred_at is not None
    assert abs((again.occurred_at - event.occurred_at).total_seconds()) < 0.001
    assert json.loads(json.dumps(again.data["data"], default=float)) == payload
    if payload.get("email") or payload.get("contactId"):
        change = change_of(again)
        assert change.identity.email == (payload.get("email") or "")
        assert change.identity.external_id == (payload.get("contactId") or "")
    else:
        assert again.cause == "NO_IDENTITY"


@pytest.mark.parametrize("format_key", ["standard_webhooks", "cloudevents"])
def test_generic_json_reads_every_row_of_a_batch(format_key: str) -> None:
    events = [catalogue()[each] for each in ("contact.created", "contact.deleted")]
    pointers = STRUCTURED | (
        {"occurred_at_pointer": "/timestamp"} if format_key == "standard_webhooks" else {}
    )
    for several in (events, events[:1]):
        to = snapshot(format_key, batch_size=100, batch_seconds=60)
        again = taken("generic_json", generic("standard_webhooks", **pointers), to, *several)
        assert [each.event_id for each in again] == [each.message_id for each in several]
        for event, row in zip(several, again, strict=True):
            _same_data(row, event)


@pytest.mark.parametrize("event", carried("connectif_send"), ids=lambda each: each.type)
def test_generic_json_reads_the_flat_fields_of_an_event(event: SentEvent) -> None:
    again = one(
        "generic_json",
        generic("basic", email_pointer="/email", properties={"voucher": "/voucher"}),
        snapshot("connectif_send", signing="basic"),
        event,
    )
    assert json.loads(json.dumps(again.data, default=float)) == json.loads(event.payload_text)
    assert change_of(again).identity.email == PERSON["email"]


RAW: Final = [
    pytest.param(preset_for(key), sample, id=f"{key}/{sample.name}")
    for key in ("voyado_engage", "ongage", "generic_json", "webengage")
    for sample in preset_for(key).samples()
]


@pytest.mark.parametrize(("preset", "sample"), RAW)
def test_as_received_is_read_by_the_preset_that_read_it_first(preset: Preset, sample: Any) -> None:
    came_in = parsed(preset, sample)
    event = relay(preset, sample, came_in[0])
    sent = arrived(request_of(snapshot("raw_request", {"headers": "x-request-id"}), event))
    assert sent.body == event.raw_body
    assert sent.headers["content-type"] == sample.content_type
    assert sent.headers["x-request-id"] == event.raw_headers["x-request-id"]
    again = preset.parse(dataclasses.replace(sent, query=sample.query), config_of(preset))
    assert [facts(each) for each in again] == [facts(each) for each in came_in]
    if preset.key == "voyado_engage":
        preset.verifier(ENGAGE).verify(sent, NOW)


def test_the_suite_covers_every_format_and_leaves_no_type_out() -> None:
    told = {each.type for each in EVERYTHING}
    assert len(told) > 120
    for dialect in formats():
        if dialect.key not in ("webengage_event", "raw_request"):
            assert carried(dialect.key), dialect.key
    by_hook = {each.type for hook in HOOKS for each in carried("webengage_event", {"hook": hook})}
    forms = {
        each.type
        for key in ("webengage_feedback", "webengage_survey")
        for each in carried(key)
        if each.type.startswith("inbound.")
    }
    assert by_hook | forms == told
