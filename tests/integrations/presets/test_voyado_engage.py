"""Quirks of Voyado Engage that the samples do not show."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.contact_change import Channel, SourceIdKind
from integrations.inbound_event import Disposition, InboundEvent, UnreadablePayload
from integrations.presets.voyado_engage.encryption import clean_key, decrypt, encrypt
from integrations.presets.voyado_engage.message_time import message_time
from integrations.presets.voyado_engage.preset import VoyadoEngage
from integrations.request import PresetConfig, RefusedBody
from tests.integrations.arrivals import ENGAGE_KEY, SIGNING_SECRET, built_sample, make_request

ENGAGE = VoyadoEngage()
PLAIN = PresetConfig(secrets={"signing_secrets": [SIGNING_SECRET]})
MESSAGE_ID = "msg_1srOrx2ZWZBpBUvZwXKQmoEYga2"
MADE_AT = datetime(2021, 5, 21, 20, 4, 3, 900_000, tzinfo=UTC)


def parsed(
    event_type: str,
    payload: Any,
    *,
    config: PresetConfig = PLAIN,
    headers: dict[str, str] | None = None,
    **envelope: Any,
) -> InboundEvent:
    body = {"eventId": "e1", "eventType": event_type, "payload": payload, **envelope}
    request = make_request(json.dumps(body).encode(), headers=headers)
    [event] = ENGAGE.parse(request, config)
    return event


def pascal(value: Any) -> Any:
    """Return the value with every key of it, and of no object inside, in PascalCase."""
    return {key[0].upper() + key[1:]: item for key, item in value.items()}


@pytest.mark.parametrize(
    "sample",
    [sample for sample in ENGAGE.samples() if "encrypted" not in sample.name],
    ids=lambda sample: sample.name,
)
def test_payload_in_pascal_case_means_the_same(sample: Any) -> None:
    document = json.loads(sample.body())
    lower = ENGAGE.parse(make_request(sample.body()), PLAIN)
    document["payload"] = pascal(document["payload"])
    upper = ENGAGE.parse(make_request(json.dumps(document).encode()), PLAIN)
    assert upper == lower


class TestIdentity:
    def key_of(self, body: Any, **headers: str) -> str:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = make_request(json.dumps(body).encode(), headers=named)
        return ENGAGE.identify(request, PLAIN).dedupe_key

    def test_message_id_comes_first_in_either_spelling(self) -> None:
        body = {"eventId": "e1", "eventType": "x"}
        assert self.key_of(body, svix_id="msg_1") == "msg:msg_1"
        assert self.key_of(body, webhook_id="msg_1") == "msg:msg_1"

    @pytest.mark.parametrize("name", ["eventId", "id", "EventId"])
    def test_event_id_stands_in(self, name: str) -> None:
        assert self.key_of({name: "e1", "eventType": "x"}) == "event:e1"

    def test_event_id_wins_over_id(self) -> None:
        assert self.key_of({"id": "other", "eventId": "e1"}) == "event:e1"

    def test_digest_of_the_body_is_the_last_resort(self) -> None:
        digest = hashlib.sha256(b'{"eventType": "x"}').hexdigest()
        assert self.key_of({"eventType": "x"}) == f"sha256:{digest}"

    def test_long_ids_stay_apart(self) -> None:
        one, two = (self.key_of({"eventId": "e" * 300 + end}) for end in "ab")
        assert one != two
        assert len(one) <= 200

    @pytest.mark.parametrize(
        ("body", "cause"),
        [(b"{", "BAD_JSON"), (b"", "BAD_JSON"), (b"[]", "BAD_BODY"), (b'"x"', "BAD_BODY")],
    )
    def test_unreadable_body_stops_the_retries(self, body: bytes, cause: str) -> None:
        with pytest.raises(RefusedBody) as refusal:
            ENGAGE.identify(make_request(body), PLAIN)
        assert refusal.value.cause == cause
        assert refusal.value.headers == {"webhook-delivery": "abort-message"}


class TestTime:
    def at(self, identifier: str, timestamp: str, family: str = "svix") -> datetime | None:
        return message_time({f"{family}-id": identifier, f"{family}-timestamp": timestamp})

    def test_id_dates_the_message_however_late_it_is_sent_again(self) -> None:
        late = str(int(MADE_AT.timestamp()) + 86_400)
        assert self.at(MESSAGE_ID, late) == MADE_AT
        assert self.at(MESSAGE_ID, late, family="webhook") == MADE_AT

    def test_attempt_within_the_same_second_is_not_earlier(self) -> None:
        assert self.at(MESSAGE_ID, str(int(MADE_AT.timestamp()))) == MADE_AT

    @pytest.mark.parametrize(
        "identifier",
        [MESSAGE_ID, "msg_loFOjxBNrRLzqYUf", "evt_1srOrx2ZWZBpBUvZwXKQmoEYga2", "msg_" + "z" * 27],
    )
    def test_attempt_stands_in_when_the_id_tells_nothing(self, identifier: str) -> None:
        before = int(MADE_AT.timestamp()) - 1
        assert self.at(identifier, str(before)) == datetime.fromtimestamp(before, UTC)

    @pytest.mark.parametrize("timestamp", ["", "x", "²", "9" * 13])
    def test_no_time_at_all_leaves_it_to_reception(self, timestamp: str) -> None:
        assert self.at(MESSAGE_ID, timestamp) is None

    def test_change_and_activities_carry_it(self) -> None:
        headers = {"svix-id": MESSAGE_ID, "svix-timestamp": str(int(MADE_AT.timestamp()) + 5)}
        event = parsed("contact.updated", {"contactId": "c1"}, headers=headers)
        assert event.change is not None
        assert event.occurred_at == event.change.occurred_at == MADE_AT
        assert [activity.occurred_at for activity in event.change.activities] == [MADE_AT]


class TestSetAside:
    @pytest.mark.parametrize("tenant", ["other", "", None, "MyTenant"])
    def test_other_tenant_is_ignored_before_it_is_decrypted(self, tenant: Any) -> None:
        config = PresetConfig(settings={"tenant": "myTenant"})
        event = parsed("contact.deleted", "ciphertext", config=config, tenant=tenant)
        assert (event.disposition, event.cause) == (Disposition.IGNORED, "WRONG_TENANT")
        assert event.change is None

    def test_own_tenant_passes(self) -> None:
        config = PresetConfig(settings={"tenant": "myTenant"})
        event = parsed("contact.deleted", {"contactId": "c1"}, config=config, tenant="myTenant")
        assert event.disposition is Disposition.ACCEPTED

    @pytest.mark.parametrize("event_type", ["contact.merged", "Contact.Created", "", None, 5])
    def test_unknown_event_type_is_ignored(self, event_type: Any) -> None:
        event = parsed(event_type, {"contactId": "c1"})
        assert (event.disposition, event.cause) == (Disposition.IGNORED, "UNKNOWN_EVENT_TYPE")

    @pytest.mark.parametrize("payload", [None, [], 5, True])
    def test_payload_that_is_no_object_is_quarantined(self, payload: Any) -> None:
        event = parsed("contact.created", payload)
        assert (event.disposition, event.cause) == (Disposition.QUARANTINED, "BAD_PAYLOAD")

    @pytest.mark.parametrize("event_type", [info.id for info in ENGAGE.event_types])
    @pytest.mark.parametrize("contact_id", [None, "", "  ", {}, True, "c" * 201])
    def test_no_contact_id_is_never_guessed(self, event_type: str, contact_id: Any) -> None:
        payload = {"contactId": contact_id, "email": "john@example.com", "value": True}
        event = parsed(event_type, payload)
        assert (event.disposition, event.cause) == (Disposition.QUARANTINED, "MISSING_CONTACT_ID")

    @pytest.mark.parametrize(
        ("event_type", "payload"),
        [
            ("contact.acceptsEmail.changed", {}),
            ("contact.acceptsEmail.changed", {"acceptsEmail": "true"}),
            ("contact.acceptsEmail.changed", {"acceptsSms": True}),
            ("contact.acceptsSms.changed", {"acceptsSms": 1}),
            ("contact.consent.changed", {"consentId": "terms"}),
            ("contact.consent.changed", {"consentId": "terms", "value": None}),
            ("loyalty.addPoints", {}),
            ("loyalty.addPoints", {"amount": "many"}),
            ("loyalty.addPoints", {"amount": "NaN"}),
            ("loyalty.addPoints", {"amount": True}),
            ("point.balance.updated", {"balance": None}),
            ("reward.voucher.created", {"Id": "v1"}),
            ("promotion.multichannel.assigned", {"name": "Spring"}),
        ],
    )
    def test_no_value_is_never_guessed(self, event_type: str, payload: Any) -> None:
        event = parsed(event_type, {"contactId": "c1", **payload})
        assert (event.disposition, event.cause) == (Disposition.QUARANTINED, "MISSING_VALUE")

    def test_consent_without_a_name_is_quarantined(self) -> None:
        event = parsed("contact.consent.changed", {"contactId": "c1", "value": True})
        assert event.cause == "MISSING_CONSENT_ID"


class TestContact:
    def test_null_and_empty_text_clear_and_absent_leaves_alone(self) -> None:
        payload = {
            "contactId": "c1",
            "firstName": None,
            "city": " ",
            "email": None,
            "street": "A 1",
        }
        change = parsed("contact.updated", payload).change
        assert change is not None
        assert change.fields == {"first_name": None, "city": None, "email": None, "street": "A 1"}
        assert change.identity.email == ""

    def test_wrong_type_is_left_out_with_a_note(self) -> None:
        event = parsed("contact.updated", {"contactId": "c1", "city": ["x"], "postalCode": 11122})
        assert event.change is not None
        assert event.change.fields == {"postal_code": "11122"}
        assert len(event.notes) == 2

    def test_custom_attributes_keep_their_names_and_decimals_become_text(self) -> None:
        body = b"""{"eventType": "contact.updated", "payload": {"contactId": "c1",
            "customAttributes": {"ShoeSize": 42.50, "vip": true, "n": 3, "gone": null}}}"""
        [event] = ENGAGE.parse(make_request(body), PLAIN)
        assert event.change is not None
        assert event.change.attributes == {"ShoeSize": "42.50", "vip": True, "n": 3, "gone": None}

    def test_only_created_revives(self) -> None:
        for event_type, revives in [("contact.created", True), ("contact.updated", False)]:
            change = parsed(event_type, {"contactId": "c1"}).change
            assert change is not None
            assert change.revives is revives

    def test_personal_identity_number_is_not_kept_in_the_activity(self) -> None:
        changed = [
            {"path": "SwedishFinnishPersonalIdentityNumber", "previousValue": "1", "value": "2"},
            {"path": "City", "previousValue": None, "value": "Umeå"},
        ]
        change = parsed("contact.updated", {"contactId": "c1", "changedValues": changed}).change
        assert change is not None
        assert change.activities[0].properties["changedValues"] == [
            {"path": "SwedishFinnishPersonalIdentityNumber"},
            changed[1],
        ]

    def test_deletion_has_no_activity_that_would_keep_data(self) -> None:
        change = parsed("contact.deleted", {"contactId": "c1", "email": "a@example.com"}).change
        assert change is not None
        assert change.deletion is not None
        assert change.deletion.reason == ""
        assert change.identity.source_ids == {SourceIdKind.CONTACT: "c1"}
        assert change.activities == ()

    def test_preference_may_come_as_value(self) -> None:
        change = parsed("contact.acceptsPostal.changed", {"contactId": "c", "value": False}).change
        assert change is not None
        assert change.preferences == {Channel.POSTAL: False}

    def test_consent_may_name_itself_by_id(self) -> None:
        payload = {"contactId": "c", "id": "terms", "value": False, "date": "2024-03-15"}
        change = parsed("contact.consent.changed", payload).change
        assert change is not None
        [consent] = change.consents
        assert (consent.consent_id, consent.value, consent.at) == ("terms", False, None)

    @pytest.mark.parametrize(
        ("amount", "text"),
        [("100", "100"), ("100.50", "100.50"), ("1e3", "1000"), ('"7.10"', "7.10"), ("-5", "-5")],
    )
    def test_amounts_are_decimal_text(self, amount: str, text: str) -> None:
        body = f"""{{"eventType": "loyalty.addPoints", "id": "p1",
            "payload": {{"contactId": "c1", "amount": {amount}}}}}"""
        [event] = ENGAGE.parse(make_request(body.encode()), PLAIN)
        assert event.change is not None
        [activity] = event.change.activities
        assert activity.properties["amount"] == text
        assert activity.key == "p1"


class TestEncryption:
    VECTOR = (
        "8PHy8_T19vf4-fr7_P3-_wDyj7EqPkdQPiWs0S6bNwh6MbCd9jPfOXGx6yZ6c4UdofGWgLMq2_ukPb6fO03zx3ZN"
        "hrk9OpkB-5LfO6Er_zbRNgYwatTqDYT02R8c-hMYHGTYbJFl98L-6NsBHW4xnA"
    )
    PLAINTEXT = (
        b'{"contactId":"d3bdcad4-3f90-46ce-be4c-b3d800dc7979",'
        b'"deletionReason":"cancelled membership"}'
    )

    def config(self, key: str) -> PresetConfig:
        return PresetConfig(secrets={"decryption_key": key})

    def test_vector_in_both_directions(self) -> None:
        assert decrypt(self.VECTOR, ENGAGE_KEY) == self.PLAINTEXT
        assert encrypt(self.PLAINTEXT, ENGAGE_KEY, bytes(range(0xF0, 0x100))) == self.VECTOR

    @pytest.mark.parametrize(
        "written",
        [
            ENGAGE_KEY,
            ENGAGE_KEY.rstrip("="),
            bytes(range(32)).hex(),
            bytes(range(32)).hex().upper(),
        ],
    )
    def test_key_may_be_base64_or_hex(self, written: str) -> None:
        assert clean_key(written) == ENGAGE_KEY

    def test_key_may_be_url_safe_base64_or_plain_text(self) -> None:
        assert clean_key("-_" * 21 + "8=") == "+/" * 21 + "8="
        raw = "exactly 32 bytes of plain text!!"
        assert decrypt(encrypt(b"x", clean_key(raw), bytes(16)), clean_key(raw)) == b"x"
        assert clean_key(clean_key(raw)) == clean_key(raw)

    @pytest.mark.parametrize("written", ["short", "x" * 31, "x" * 33, "0" * 63, "é" * 32])
    def test_key_of_another_length_cannot_be_saved(self, written: str) -> None:
        config = PresetConfig(
            secrets={"signing_secrets": [SIGNING_SECRET], "decryption_key": written}
        )
        assert "32 bytes" in ENGAGE.clean(config)[1]["decryption_key"]

    @pytest.mark.parametrize(
        ("payload", "key", "cause"),
        [
            (VECTOR, "", "DECRYPTION_KEY_NOT_SET"),
            (VECTOR, clean_key("y" * 32), "DECRYPTION_FAILED"),
            (VECTOR, "no key", "DECRYPTION_FAILED"),
            ("", ENGAGE_KEY, "DECRYPTION_FAILED"),
            ("AAAA", ENGAGE_KEY, "DECRYPTION_FAILED"),
            ("not base64!", ENGAGE_KEY, "DECRYPTION_FAILED"),
            ("é", ENGAGE_KEY, "DECRYPTION_FAILED"),
            (VECTOR[:-22], ENGAGE_KEY, "DECRYPTION_FAILED"),
            (encrypt(b"[1]", ENGAGE_KEY, bytes(16)), ENGAGE_KEY, "DECRYPTION_FAILED"),
            (encrypt(b"{nope", ENGAGE_KEY, bytes(16)), ENGAGE_KEY, "DECRYPTION_FAILED"),
            (encrypt(b"[" * 99, ENGAGE_KEY, bytes(16)), ENGAGE_KEY, "DECRYPTION_FAILED"),
        ],
    )
    def test_undecryptable_payload_says_what_to_correct(
        self, payload: str, key: str, cause: str
    ) -> None:
        with pytest.raises(UnreadablePayload) as failure:
            parsed("contact.deleted", payload, config=self.config(key), isEncrypted=True)
        assert failure.value.cause == cause
        assert "replay" in failure.value.reason

    def test_flag_is_no_guide(self) -> None:
        clear = parsed("contact.deleted", {"contactId": "c1"}, isEncrypted=True)
        assert clear.disposition is Disposition.ACCEPTED
        config = self.config(ENGAGE_KEY)
        hidden = parsed("contact.deleted", self.VECTOR, config=config, isEncrypted=False)
        assert hidden.change is not None


def test_samples_are_made_for_the_source() -> None:
    """Else a source with its own tenant or key would ignore every sample."""
    config, errors = ENGAGE.clean(
        PresetConfig(
            settings={"tenant": "acme"},
            secrets={"signing_secrets": [SIGNING_SECRET], "decryption_key": "k" * 32},
        )
    )
    assert not errors
    for sample in ENGAGE.samples():
        built = built_sample(ENGAGE, sample, config)
        [event] = ENGAGE.parse(make_request(built.body), config)
        assert event.disposition is Disposition.ACCEPTED
