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

from integrations.contact_change import Channel, ContactChange, EmailStatus
from integrations.inbound_event import InboundEvent
from integrations.preset import Preset
from integrations.registry import preset_for
from integrations.request import PresetConfig
from tests.webhooks.outbound.dialects.sending import (
    CONTACT_ID,
    LICENSE_CODE,
    MESSAGE_ID,
    NOW,
    PERSON,
    PLAIN_SECRET,
    SECRET,
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
from webhooks.outbound.formats.webengage_names import category_of
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot

KEY: Final = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
ENGAGE: Final = PresetConfig(
    settings={"tenant": "acme"}, secrets={"signing_secrets": [SECRET], "decryption_key": KEY}
)
WEBENGAGE: Final = PresetConfig(
    settings={"license_code": LICENSE_CODE, "email_field": "E-mail"},
    secrets={"secret_key": PLAIN_SECRET},
)
ONGAGE: Final = PresetConfig(
    settings={"verification": "basic", "basic_username": "patchbay"},
    secrets={"basic_password": PLAIN_SECRET},
)
SIGNED: Final[Mapping[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "standard_webhooks": (
        {"verification": "standard_webhooks"},
        {"signing_secrets": [SECRET]},
    ),
    "hmac": ({"verification": "hmac"}, {"hmac_secrets": [PLAIN_SECRET]}),
    "basic": (
        {"verification": "basic", "basic_username": "patchbay"},
        {"basic_password": PLAIN_SECRET},
    ),
}


def taken(
    preset_key: str, config: PresetConfig, to: SubscriptionSnapshot, *events: SentEvent
) -> list[InboundEvent]:
    """Return what the preset reads after its own check let the request in."""
    preset = preset_for(preset_key)
    config, errors = preset.clean(config)
    assert not errors
    request = arrived(request_of(to, *events))
    preset.verifier(config).verify(request, NOW)
    identity = preset.identify(request, config)
    assert 0 < len(identity.dedupe_key) <= 200
    return preset.parse(request, config)


def one(
    preset_key: str, config: PresetConfig, to: SubscriptionSnapshot, event: SentEvent
) -> InboundEvent:
    (found,) = taken(preset_key, config, to, event)
    return found


def change_of(event: InboundEvent) -> ContactChange:
    assert event.change is not None, event.reason
    return event.change


def generic(signing: str, **pointers: Any) -> PresetConfig:
    settings, secrets = SIGNED[signing]
    return PresetConfig(settings={**settings, **pointers}, secrets=secrets)


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


WEBENGAGE_RELAYS: Final = [
    pytest.param(preset_for("webengage"), sample, id=sample.name)
    for sample in preset_for("webengage").samples()
]


def webengage_snapshot(event: SentEvent, body_format: str) -> SubscriptionSnapshot:
    for key in ("webengage_feedback", "webengage_survey"):
        found = snapshot(key, {"body_format": body_format})
        if event in carried(key) or _carries(key, event):
            return found
    hook = {
        "system": "global_system", "application": "global_application", "account": "journey",
    }[category_of(event.type)]  # fmt: skip
    return snapshot("webengage_event", {"hook": hook})


def _carries(key: str, event: SentEvent) -> bool:
    (dialect,) = (each for each in formats() if each.key == key)
    return dialect.carries(event.type, {})


@pytest.mark.parametrize("body_format", ["json", "xml"])
@pytest.mark.parametrize(("preset", "sample"), WEBENGAGE_RELAYS)
def test_webengages_own_samples_say_the_same_after_they_were_relayed(
    preset: Preset, sample: Any, body_format: str
) -> None:
    (came_in,) = parsed(preset, sample)
    event = relay(preset, sample, came_in)
    to = webengage_snapshot(event, body_format)
    again = one("webengage", WEBENGAGE, to, event)
    if body_format == "xml" and sample.name.endswith(".json"):
        # XML has no types: numbers under names that the reader does not know come as text.
        assert _as_text(facts(again)) == _as_text(facts(came_in))
    else:
        assert facts(again) == facts(came_in)
    if came_in.change is not None:
        assert again.occurred_at == came_in.occurred_at


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_text(item) for item in value]
    return str(value)


EFFECTS: Final = (
    "email_unsubscribe", "email_resubscribe", "email_complaint", "email_spam", "email_bounce",
    "contact.acceptsEmail.changed", "ongage.hard", "ongage.unsubscribe", "ongage.complaint",
)  # fmt: skip
HOOKS: Final = ("global_system", "global_application", "journey")


@pytest.mark.parametrize(
    ("hook", "event"),
    [
        pytest.param(hook, event, id=f"{hook} {event.type}")
        for hook in HOOKS
        for event in carried("webengage_event", {"hook": hook})
    ],
)
def test_webengage_reads_every_event_of_the_catalogue(hook: str, event: SentEvent) -> None:
    to = snapshot("webengage_event", {"hook": hook})
    again = one("webengage", WEBENGAGE, to, event)
    document = json.loads(request_of(to, event).body or b"")
    assert again.type == document["event_name"]
    assert len(again.type) <= 50
    if hook == "journey":
        assert (again.cause, again.change) == ("", None)
        assert again.type.startswith("journey_")
        return
    if not (document["user_id"] or document["anonymous_id"]):
        assert again.cause == "NO_IDENTITY"
        assert not event.subject
        return
    change = change_of(again)
    assert change.occurred_at == event.occurred_at.replace(microsecond=0)
    if event.subject:
        named = event.subject.get("email") or event.subject["external_id"]
        assert named in (change.identity.email, change.identity.external_id)
    (activity,) = change.activities
    assert activity.properties["category"] == document["category"]
    # Nothing else may be taken for an opt-out, an opt-in, a bounce or a complaint.
    has_effect = bool(change.preferences or change.email_status)
    assert has_effect == (hook == "global_system" and event.type.endswith(EFFECTS))


@pytest.mark.parametrize(
    ("status", "preferences", "email_status"),
    [
        ("hard", {}, EmailStatus.BOUNCED),
        ("soft", {}, None),
        ("unsubscribe", {Channel.EMAIL: False}, None),
        ("complaint", {Channel.EMAIL: False}, None),
    ],
)
def test_what_ongage_says_of_an_address_webengage_is_told(
    status: str, preferences: Any, email_status: EmailStatus | None
) -> None:
    event = catalogue()[f"inbound.ongage.{status}"]
    hook = "global_application" if status == "soft" else "global_system"
    change = change_of(
        one("webengage", WEBENGAGE, snapshot("webengage_event", {"hook": hook}), event)
    )
    assert (change.preferences, change.email_status) == (preferences, email_status)
    assert change.identity.email == event.subject["email"]


@pytest.mark.parametrize("alias", ["email_unsubscribe", "journey_deleted", "we_x", "email_bounce"])
def test_an_event_of_the_operator_cannot_pass_for_one_of_webengage(alias: str) -> None:
    event = sent_event(f"custom_event.{alias}", {"email": PERSON["email"]})
    again = one("webengage", WEBENGAGE, snapshot("webengage_event"), event)
    change = change_of(again)
    assert again.type == f"event_{alias}"
    assert not change.preferences
    assert change.email_status is None


@pytest.mark.parametrize("key", ["webengage_feedback", "webengage_survey"])
@pytest.mark.parametrize("body_format", ["json", "xml"])
@pytest.mark.parametrize(
    "event",
    [each for each in catalogue().values() if each.type.startswith(("custom_event.", "send."))],
    ids=lambda each: each.type,
)
def test_the_operators_events_are_forms_of_the_person(
    key: str, body_format: str, event: SentEvent
) -> None:
    config = PresetConfig(settings={"license_code": LICENSE_CODE}, secrets=WEBENGAGE.secrets)
    to = snapshot(key, {"body_format": body_format})
    # Whom the event names besides is nobody's contact, wherever it stands.
    for payload in (
        event.payload_text,
        json.dumps({"friend": "friend@example.com", **json.loads(event.payload_text)}),
        '{"friend":"friend@example.com","amount":12345678901234567.25}',
    ):
        again = one("webengage", config, to, dataclasses.replace(event, payload_text=payload))
        change = change_of(again)
        assert change.identity.email == PERSON["email"]
        (activity,) = change.activities
        listed = activity.properties.get("fields") or activity.properties["questionResponses"]
        names = [each.get("label") or each["questionText"] for each in listed]
        assert names == list(json.loads(payload))
    assert listed[1]["value"]["text"] == "12345678901234567.25"


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
STANDARD: Final = {
    "event_type_pointer": "/type", "occurred_at_pointer": "/timestamp",
    "email_pointer": "/data/email", "external_id_pointer": "/data/contactId",
    "properties": {"data": "/data"},
}  # fmt: skip
STRUCTURED: Final = STANDARD | {"event_id_pointer": "/id", "occurred_at_pointer": "/time"}


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
