"""WebEngage's hooks: what goes out is verified by its preset and read as the same facts."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Final

import pytest

from integrations.contact_change import Channel, EmailStatus
from integrations.preset import Preset
from integrations.registry import preset_for
from integrations.request import PresetConfig
from tests.webhooks.outbound.dialects.receiving import (
    HOOKS,
    WEBENGAGE,
    change_of,
    one,
)
from tests.webhooks.outbound.dialects.sending import (
    LICENSE_CODE,
    PERSON,
    carried,
    catalogue,
    facts,
    parsed,
    relay,
    request_of,
    sent_event,
    snapshot,
)
from webhooks.outbound.formats.base import SentEvent
from webhooks.outbound.formats.registry import formats
from webhooks.outbound.formats.webengage_names import category_of
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot

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
