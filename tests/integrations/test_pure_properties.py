"""No input makes a verifier or a preset raise anything but its own refusal."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.inbound_event import Disposition, InboundEvent, UnreadablePayload
from integrations.registry import offered_presets
from integrations.request import InboundRequest, PresetConfig, RefusedBody
from integrations.verification import (
    AllOf,
    Basic,
    Hmac,
    IpList,
    SharedToken,
    StandardWebhooks,
    VerificationFailed,
    WebEngageQuerySecret,
)
from tests.integrations.arrivals import (
    GENERIC_POINTERS,
    NOW,
    SIGNING_SECRET,
    TOKEN,
    cleaned_config,
    make_request,
)
from tests.integrations.recorded_events import plain

VERIFIERS = [
    StandardWebhooks(secrets=[SIGNING_SECRET]),
    Hmac(secrets=[TOKEN], header="x-signature"),
    Hmac(secrets=[TOKEN], header="x-signature", encoding="base64", prefix="é="),
    SharedToken(secrets=[TOKEN], header="x-token"),
    SharedToken(secrets=[TOKEN], query_parameter="token"),
    Basic(username="name", password="password"),
    WebEngageQuerySecret(license_code="311c48b3", key="my-webhook-secret"),
    AllOf(IpList(["10.0.0.0/8"]), SharedToken(secrets=[TOKEN], header="x-token")),
]
HEADER_NAMES = [
    *(f"{family}-{part}" for family in ("svix", "webhook") for part in ("id", "timestamp")),
    "svix-signature",
    "webhook-signature",
    "x-signature",
    "x-token",
    "authorization",
    "x-request-id",
]
# Surrogates too: a server may hand over bytes that are no UTF-8.
any_text = st.text(st.characters(exclude_categories=()), max_size=60)
near_values = any_text | st.sampled_from(
    [
        "v1,AAAA",
        "1773576000",
        "msg_3AysA7sGc87XglaAuoLSRCd34Ki",
        "Basic bmFtZTp4",
        "0" * 12,
        "msg_" + "z" * 27,
    ]
)
header_maps = st.dictionaries(st.sampled_from(HEADER_NAMES), near_values, max_size=6)
query_maps = st.dictionaries(
    st.sampled_from(["token", "licenseCode", "secret", "eventType"]), near_values, max_size=4
)

KEYS_WORDS = """
    eventId id eventType isEncrypted payload tenant contactId ContactId acceptsEmail
    AcceptsSms value consentId date source comment amount Amount balance definitionId
    changedValues path customAttributes email mobilePhone firstName dateOfBirth
    swedishFinnishPersonalIdentityNumber deletionReason response data fields
    questionResponses surveyId replies repliedOn repliedByEmail replyType attachments
    customData activity activityOn event_name event_time event_data system_data category
    license_code user_id anonymous_id resource push_notification_content label questionText
    @class text values list_id status esp_name type created customer phone number first_name
    tier order total
"""
KEYS = KEYS_WORDS.split()
TEXTS_WORDS = """
    contact.created contact.updated contact.deleted contact.acceptsEmail.changed
    contact.acceptsSms.changed contact.consent.changed loyalty.addPoints
    point.balance.updated reward.voucher.created promotion.multichannel.assigned
    email_bounce email_unsubscribe journey_activated soft hard unsubscribe complaint
    jane@example.com 2024-03-15T10:30:15Z 9999-12-31T23:59:59-23:59
    0001-01-01T00:00:00+23:59 2024-03-15 USER ADMIN email list matrix map score Journey NaN
    1e999999 8PHy8_T19vf4-fr7_P3-_w {} [] @ /
"""
TEXTS = TEXTS_WORDS.split()
XML_TAGS_WORDS = """
    response data fields field value values entry key class text replies reply id repliedOn
    replyType questionResponses questionResponse surveyId customData activity fileSize
    attachments attachment
"""
XML_TAGS = XML_TAGS_WORDS.split()
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(TEXTS)
    | st.text(max_size=20)
)
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=7)
    ),
    max_leaves=30,
)
xml_texts = st.recursive(
    st.sampled_from(["", "x", "12", "&amp;", "&#13;", "jane@example.com", "<![CDATA[a]]>"]),
    lambda inner: st.lists(
        st.tuples(
            st.sampled_from(XML_TAGS),
            st.sampled_from(["", ' class="map"', ' class="list"', ' class="score"', ' key="k"']),
            inner,
        ),
        max_size=4,
    ).map(lambda parts: "".join(f"<{tag}{attr}>{text}</{tag}>" for tag, attr, text in parts)),
    max_leaves=20,
)
bodies = (
    st.binary(max_size=200)
    | documents.map(lambda document: json.dumps(document).encode())
    | xml_texts.map(lambda text: f"<response>{text}</response>".encode())
)


@given(header_maps, query_maps, st.binary(max_size=100), any_text)
def test_verify_raises_verification_failed_only(
    headers: dict[str, str], query: dict[str, str], body: bytes, address: str
) -> None:
    request = make_request(body, headers=headers, query=query, remote_address=address)
    for verifier in VERIFIERS:
        with contextlib.suppress(VerificationFailed):
            verifier.verify(request, NOW)


@settings(max_examples=300, deadline=None)
@given(bodies, header_maps, query_maps)
def test_presets_raise_their_own_refusals_only(
    body: bytes, headers: dict[str, str], query: dict[str, str]
) -> None:
    for preset in offered_presets():
        request = make_request(body, headers=headers, query=query)
        _check(preset, request, cleaned_config(preset))


@settings(max_examples=200, deadline=None)
@given(documents, st.sampled_from(["", "/data", "/payload/0", "/-"]))
def test_generic_mapping_never_fails_otherwise(document: Any, events_pointer: str) -> None:
    preset = next(preset for preset in offered_presets() if preset.key == "generic_json")
    config = PresetConfig(
        settings={
            **GENERIC_POINTERS,
            "events_pointer": events_pointer,
            "email_pointer": "/email",
            "event_id_pointer": "/id",
            "occurred_at_pointer": "/date",
            "fields": {"first_name": "/value", "personal_identity_number": "/status", "a": "/data"},
        }
    )
    _check(preset, make_request(json.dumps(document).encode()), config)


def _check(preset: Any, request: InboundRequest, config: PresetConfig) -> None:
    try:
        identity = preset.identify(request, config)
    except RefusedBody:
        return
    assert 0 < len(identity.dedupe_key) <= 200
    assert max(len(identity.event_type), len(identity.event_id)) <= 200
    try:
        events = preset.parse(request, config)
    except UnreadablePayload:
        return
    for event in events:
        _check_event(event)


def _check_event(event: InboundEvent) -> None:
    # Fails on a value that JSON cannot hold.
    plain(event)
    if event.disposition is Disposition.ACCEPTED:
        assert not event.reason
    else:
        assert event.change is None
        assert event.cause
        assert event.reason
    if event.change is not None:
        assert not event.change.identity.is_empty()
        assert all(len(activity.key) <= 200 for activity in event.change.activities)
