"""For any payload, text or name: what every format keeps to."""

from __future__ import annotations

import dataclasses
import json
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.http.headers import sendable
from common.json import parse_json
from common.json_text import json_text
from integrations.presets.webengage.bodies import BodyKind, read_body
from tests.webhooks.outbound.dialects.recorded_requests import ENGAGE_KEY
from tests.webhooks.outbound.dialects.sending import request_of, sent_event, snapshot
from webhooks.outbound.building import build, prepare
from webhooks.outbound.formats.base import CannotBuild, SentEvent
from webhooks.outbound.formats.registry import formats
from webhooks.outbound.formats.webengage_xml import form_xml
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot

# What reception stores: no NUL, no half of a surrogate pair.
TEXT: Final = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
NUMBERS: Final = st.one_of(
    st.integers(-(10**40), 10**40),
    st.decimals(allow_nan=False, allow_infinity=False, places=4),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
)
JSON: Final[st.SearchStrategy[Any]] = st.recursive(
    st.one_of(st.none(), st.booleans(), NUMBERS, TEXT),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXT, inner, max_size=4)),
    max_leaves=12,
)
PAYLOADS: Final = st.dictionaries(TEXT, JSON, max_size=5)
NAMES: Final = TEXT.map(lambda text: text[:100])
# As XML can hold it; what it cannot is written as the sign for that.
UNFIT: Final = dict.fromkeys(
    (*(code for code in range(32) if chr(code) not in "\t\n\r"), 0xFFFE, 0xFFFF), "\ufffd"
)


def encrypted(format_key: str) -> SubscriptionSnapshot:
    return snapshot(format_key, encryption="engage", secrets={"encryption": ENGAGE_KEY})


REPEATABLE: Final = [pytest.param(snapshot(each.key), id=each.key) for each in formats()] + [
    pytest.param(encrypted("engage"), id="engage, encrypted"),
    pytest.param(snapshot("cloudevents", {"mode": "binary"}), id="cloudevents, binary"),
    pytest.param(snapshot("webengage_feedback", {"body_format": "xml"}), id="feedback in XML"),
    pytest.param(snapshot("webengage_survey", {"body_format": "xml"}), id="survey in XML"),
    pytest.param(snapshot("webengage_event", {"hook": "global_system"}), id="system events"),
    pytest.param(snapshot("standard_webhooks", batch_size=9), id="standard webhooks in batches"),
]
TYPES: Final = st.one_of(
    NAMES.map(lambda name: f"custom_event.{name}"),
    NAMES.map(lambda name: f"inbound.webengage.{name}"),
    NAMES.map(lambda name: f"inbound.generic_json.{name}"),
    st.sampled_from(
        [
            "contact.created", "contact.acceptsEmail.changed", "loyalty.addPoints",
            "account.source.created", "inbound.ongage.hard", "send.1",
            "inbound.webengage.FEEDBACK_SUBMIT", "inbound.webengage.FEEDBACK_REPLY_SUBMIT",
            "inbound.webengage.SURVEY_RESPONSE_SUBMIT", "inbound.webengage.journey_created",
        ]
    ),
)  # fmt: skip
FORMS: Final = st.fixed_dictionaries(
    {
        "data": st.one_of(
            JSON,
            st.fixed_dictionaries({"fields": JSON, "customData": JSON, "x": JSON}),
            st.fixed_dictionaries({"questionResponses": JSON, "surveyId": JSON}),
            st.lists(PAYLOADS, min_size=1, max_size=3),
        )
    }
)
EVENTS: Final = st.builds(
    lambda event_type, payload, headers, content_type, body: sent_event(
        event_type,
        payload,
        raw_headers={"x-one": headers},
        raw_content_type=content_type,
        raw_body=body,
    ),
    TYPES,
    st.one_of(PAYLOADS, FORMS),
    TEXT,
    TEXT,
    st.one_of(st.none(), st.binary(max_size=50)),
)


@pytest.mark.parametrize("to", REPEATABLE)
@settings(deadline=None)
@given(event=EVENTS)
def test_a_request_can_go_out_and_is_the_same_again_or_there_is_none(
    to: SubscriptionSnapshot, event: SentEvent
) -> None:
    if to.format_key == "raw_request":
        to = dataclasses.replace(to, format_settings={"headers": "x-one"})
    try:
        first = request_of(to, event)
    except CannotBuild as error:
        why_not = str(error)
    else:
        why_not = ""
    assert "failed on this event" not in why_not
    if why_not:
        return
    assert request_of(to, event) == first
    # `payload` is read once and kept: a fresh copy gives the same.
    assert request_of(to, dataclasses.replace(event)) == first
    assert sendable(first.headers) == first.headers
    assert len({name.lower() for name in first.headers}) == len(first.headers)
    assert first.url.isascii()
    assert " " not in first.url
    query = parse_qsl(urlsplit(first.url).query, strict_parsing=True)
    assert query[0] == ("tenant", "acme")
    if first.headers["Content-Type"].startswith("application/xml"):
        assert read_body(first.body or b"").kind is not BodyKind.EVENT
    elif to.format_key != "raw_request":
        json.loads(first.body or b"")


@settings(deadline=None)
@given(payload=PAYLOADS)
def test_a_payload_stands_byte_for_byte_inside_the_envelope(payload: Any) -> None:
    text = json_text(payload)
    event = sent_event("contact.updated", text)
    for format_key, member in (
        ("engage", "payload"),
        ("standard_webhooks", "data"),
        ("cloudevents", "data"),
    ):
        body = request_of(snapshot(format_key), event).body or b""
        assert text.encode() in body
        document = parse_json(body)
        assert isinstance(document, dict)
        assert document[member] == parse_json(text.encode())
    flat = request_of(snapshot("connectif_send"), sent_event("send.1", text))
    assert flat.body == text.encode()
    binary = request_of(snapshot("cloudevents", {"mode": "binary"}), event)
    assert binary.body == text.encode()


def fit(text: str) -> str:
    return text.translate(UNFIT)


@settings(deadline=None)
@given(
    label=TEXT,
    text=TEXT,
    items=st.lists(TEXT, max_size=4),
    rows=st.dictionaries(TEXT.filter(bool), TEXT, max_size=3),
    custom=st.dictionaries(TEXT.filter(bool), st.lists(TEXT, min_size=1, max_size=2), max_size=3),
)
def test_any_text_in_a_form_survives_its_way_through_xml(
    label: str, text: str, items: list[str], rows: dict[str, str], custom: dict[str, list[str]]
) -> None:
    def form(fitted: Any) -> dict[str, Any]:
        return {
            "id": "1",
            "fields": [
                {"label": fitted(label), "value": {"@class": "text", "text": fitted(text)}},
                {"value": {"@class": "list", "values": [fitted(each) for each in items]}},
                {
                    "value": {
                        "@class": "map",
                        "values": {fitted(k): fitted(v) for k, v in rows.items()},
                    }
                },
            ],
            "customData": {fitted(k): [fitted(each) for each in v] for k, v in custom.items()},
            "replies": [],
        }

    if len({fit(key) for key in rows}) < len(rows) or len({fit(k) for k in custom}) < len(custom):
        return
    body = read_body(form_xml(form(lambda given: given), {"status": "success"}))
    assert body.kind is BodyKind.FEEDBACK
    assert body.data == form(fit)


@settings(deadline=None)
@given(text=TEXT)
def test_replies_survive_their_way_through_xml(text: str) -> None:
    replies = [{"id": "1", "replyType": "USER", "repliedText": text}]
    assert read_body(form_xml(replies, {})).data == [replies[0] | {"repliedText": fit(text)}]


def test_half_of_a_surrogate_pair_is_no_text_of_xml() -> None:
    read = read_body(form_xml({"fields": [], "id": "\ud800"}, {}))
    assert read.data["id"] == "\ufffd"


@settings(deadline=None)
@given(
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=0x2FFF), min_size=24, max_size=60),
    signing=st.sampled_from(["hmac", "basic"]),
)
def test_whatever_the_secret_is_it_stays_hidden(secret: str, signing: str) -> None:
    secrets = {"signing": secret, "user": "patchbay", "password": secret}
    to = snapshot("standard_webhooks", signing=signing, secrets=secrets)
    event = sent_event("contact.deleted", {"contactId": "1"})
    prepared = prepare(to, build(to, [event], "msg_1"), "msg_1", event.occurred_at)
    assert secret not in repr(prepared) + repr(to)
    assert sendable(prepared.request.headers)
    added = set(prepared.request.headers) - {"User-Agent", "Content-Type"}
    assert {name.lower() for name in added} == prepared.secret_headers
