"""What the pointers of a generic source find, and what they do not."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.inbound_event import Disposition, InboundEvent, UnreadablePayload
from integrations.preset import Sample
from integrations.presets.generic_json.preset import GenericJson
from integrations.request import PresetConfig, RefusedBody
from tests.integrations.arrivals import SIGNING_SECRET, TOKEN, make_request

GENERIC = GenericJson()


def config(**settings: Any) -> PresetConfig:
    return PresetConfig(settings={"email_pointer": "/email", **settings})


def parsed(document: Any, **settings: Any) -> list[InboundEvent]:
    return GENERIC.parse(make_request(json.dumps(document).encode()), config(**settings))


def one(document: Any, **settings: Any) -> InboundEvent:
    [event] = parsed(document, **settings)
    return event


def dedupe_key(document: Any, **settings: Any) -> str:
    request = make_request(json.dumps(document).encode())
    return GENERIC.identify(request, config(**settings)).dedupe_key


JANE = {"email": "jane@example.com"}


class TestIdentity:
    @pytest.mark.parametrize("email", [None, "", "  ", {}, [], True, "x" * 321])
    def test_missing_identity_names_the_pointer(self, email: Any) -> None:
        event = one({"email": email})
        assert (event.disposition, event.cause) == (Disposition.QUARANTINED, "NO_IDENTITY")
        assert event.reason == (
            "No identity: the mapping expects an e-mail at `/email`, and this payload has none."
        )

    def test_every_identity_pointer_is_named(self) -> None:
        reason = one({}, phone_pointer="/phone", external_id_pointer="/no").reason
        assert "an e-mail at `/email` or a phone number at `/phone` or an external id at `/no`" in (
            reason
        )

    def test_one_identity_is_enough_and_numbers_are_text(self) -> None:
        change = one({"no": 4711}, external_id_pointer="/no").change
        assert change is not None
        assert change.identity.external_id == "4711"

    def test_personal_identity_number_alone_is_one(self) -> None:
        change = one({"ssn": "20040217-7935"}, fields={"personal_identity_number": "/ssn"}).change
        assert change is not None
        assert change.identity.personal_identity_number == "20040217-7935"

    @pytest.mark.parametrize("event", [None, "x", 5, []])
    def test_event_that_is_no_object_has_none(self, event: Any) -> None:
        assert one([event]).cause == "NO_IDENTITY"


class TestMapping:
    def test_fields_attributes_and_properties(self) -> None:
        document = {
            **JANE,
            "a/b": {"m~n": "Doe"},
            "tags": ["x", "y"],
            "n": 1,
            "gone": None,
            "": "e",
        }
        event = one(
            document,
            fields={
                "last_name": "/a~1b/m~0n",
                "city": "/gone",
                "street": "/missing",
                "first_name": "/tags",
                "language": "/n",
                "tags": "/tags",
                "second tag": "/tags/1",
                "after the last": "/tags/-",
                "vip": "/gone",
                "empty key": "/",
            },
            properties={"tag": "/tags/0", "none": "/missing"},
        )
        change = event.change
        assert change is not None
        assert change.fields == {"last_name": "Doe", "city": None, "language": "1"}
        assert change.attributes == {
            "tags": ["x", "y"],
            "second tag": "y",
            "vip": None,
            "empty key": "e",
        }
        assert change.activities[0].properties == {"tag": "x"}
        assert event.notes == ("first_name: what `/tags` finds is no text, so it was left out.",)

    def test_decimals_are_text_and_integers_stay(self) -> None:
        body = b'{"email": "a@example.com", "total": 49.90, "list": [{"p": 1.0}], "n": 3}'
        pointers = {"total": "/total", "list": "/list", "n": "/n"}
        settings = config(fields=pointers, properties=pointers)
        [event] = GENERIC.parse(make_request(body), settings)
        assert event.change is not None
        expected = {"total": "49.90", "list": [{"p": "1.0"}], "n": 3}
        assert event.change.attributes == event.change.activities[0].properties == expected

    @pytest.mark.parametrize(
        "written",
        ["2026-03-15T10:30:15Z", "2026-03-15T11:30:15+01:00", 1773570615, 1773570615000],
    )
    def test_forms_of_time(self, written: Any) -> None:
        event = one({**JANE, "at": written}, occurred_at_pointer="/at")
        assert event.occurred_at == datetime(2026, 3, 15, 10, 30, 15, tzinfo=UTC)

    @pytest.mark.parametrize(
        "written", ["2026-03-15T10:30:15", "soon", True, [], 10**30, "2099-01-01T00:00:00Z"]
    )
    def test_useless_time_is_noted(self, written: Any) -> None:
        event = one({**JANE, "at": written}, occurred_at_pointer="/at")
        assert event.occurred_at is None
        assert event.notes

    def test_missing_time_is_no_news(self) -> None:
        assert one(JANE, occurred_at_pointer="/at").notes == ()

    def test_event_type_is_found_or_named(self) -> None:
        assert one({**JANE, "t": "paid"}, event_type_pointer="/t").type == "paid"
        assert one(JANE, event_type_pointer="/t", event_type="order").type == "order"
        assert one(JANE).type == "event"


class TestManyEvents:
    def test_list_is_read_without_a_pointer(self) -> None:
        assert [event.disposition for event in parsed([JANE, {}, JANE])] == [
            Disposition.ACCEPTED,
            Disposition.QUARANTINED,
            Disposition.ACCEPTED,
        ]

    def test_events_have_keys_of_their_own(self) -> None:
        changes = [event.change for event in parsed([JANE, JANE])]
        keys = {change.activities[0].key for change in changes if change is not None}
        assert len(keys) == 2

    def test_pointer_to_the_list(self) -> None:
        document = {"data": {"events": [JANE, JANE]}}
        assert len(parsed(document, events_pointer="/data/events")) == 2
        assert len(parsed({"data": {"events": JANE}}, events_pointer="/data/events")) == 1

    @pytest.mark.parametrize("document", [{}, {"data": 5}, {"data": None}])
    def test_missing_list_can_be_replayed_after_a_correction(self, document: Any) -> None:
        with pytest.raises(UnreadablePayload) as failure:
            parsed(document, events_pointer="/data")
        assert failure.value.cause == "NO_EVENTS"
        assert "`/data`" in failure.value.reason


class TestRepeats:
    def test_event_id_tells_repeats(self) -> None:
        assert dedupe_key({"id": "e1", "a": 1}, event_id_pointer="/id") == "event:e1"
        assert dedupe_key({"id": 7}, event_id_pointer="/id") == "event:7"

    @pytest.mark.parametrize("document", [{}, {"id": None}, {"id": {}}, [{"id": "e1"}], []])
    def test_else_the_body_does(self, document: Any) -> None:
        assert dedupe_key(document, event_id_pointer="/id").startswith("sha256:")

    def test_long_ids_stay_apart(self) -> None:
        keys = {dedupe_key({"id": "e" * 300 + end}, event_id_pointer="/id") for end in "ab"}
        assert len(keys) == 2
        assert all(len(key) <= 200 for key in keys)


@pytest.mark.parametrize(("body", "cause"), [(b"{", "BAD_JSON"), (b"5", "BAD_BODY")])
def test_unreadable_body_is_refused(body: bytes, cause: str) -> None:
    with pytest.raises(RefusedBody) as refusal:
        GENERIC.identify(make_request(body), config())
    assert refusal.value.cause == cause


class TestSamples:
    @pytest.mark.parametrize("sample", GENERIC.samples(), ids=lambda sample: sample.name)
    def test_sample_is_made_to_fit_the_pointers(self, sample: Sample) -> None:
        """Else trying a sample would say "no identity" to everybody whose body looks different."""
        settings = config(
            email_pointer="/data/people/0/mail~1address",
            event_id_pointer="/data/uid",
            fields={"first_name": "/data/people/0/given", "shoe": "/data/shoe"},
        )
        [event] = GENERIC.parse(make_request(GENERIC.sample_body(sample, settings)), settings)
        assert event.event_id
        assert event.change is not None
        assert event.change.identity.email.endswith("@example.com")
        assert event.change.fields["first_name"] in ("Jane", "John")
        assert event.change.attributes == {"shoe": "example"}

    def test_sample_goes_into_the_list_of_events(self) -> None:
        settings = config(events_pointer="/data/events", email_pointer="/customer/email")
        [sample, _] = GENERIC.samples()
        [event] = GENERIC.parse(make_request(GENERIC.sample_body(sample, settings)), settings)
        assert event.disposition is Disposition.ACCEPTED

    def test_pointers_that_contradict_each_other_still_give_a_body(self) -> None:
        settings = config(email_pointer="/a/b", external_id_pointer="/a/b/c", phone_pointer="/a")
        for sample in GENERIC.samples():
            assert json.loads(GENERIC.sample_body(sample, settings))

    def test_sample_that_fits_is_sent_as_it_is(self) -> None:
        for sample in GENERIC.samples():
            settings = config(email_pointer="/customer/email")
            assert GENERIC.sample_body(sample, settings) == sample.body()


class TestSettings:
    @pytest.mark.parametrize(
        ("settings", "secrets"),
        [
            ({"verification": "standard_webhooks"}, {"signing_secrets": SIGNING_SECRET}),
            ({"verification": "hmac"}, {"hmac_secrets": [TOKEN]}),
            ({"verification": "token_header"}, {"tokens": f"Bearer {TOKEN}"}),
            ({"verification": "token_query", "token_parameter": "key"}, {"tokens": TOKEN}),
            ({"verification": "basic", "basic_username": "u"}, {"basic_password": "p" * 8}),
            ({"verification": "ip_list", "allowed_networks": ["192.0.2.0/24"]}, {}),
            ({"verification": "none", "unsigned_reason": "Internal."}, {}),
        ],
    )
    def test_every_check_can_be_chosen_and_works(
        self, settings: dict[str, Any], secrets: dict[str, Any]
    ) -> None:
        given = PresetConfig(settings={"email_pointer": "/email", **settings}, secrets=secrets)
        cleaned, errors = GENERIC.clean(given)
        assert not errors
        verifier = GENERIC.verifier(cleaned)
        now = make_request().received_at
        credentials = verifier.credentials(b"{}", now)
        request = make_request(headers=credentials.headers, query=credentials.query)
        verifier.verify(request, now)
        assert verifier.describe().endswith(".")
        assert bool(verifier.unsigned_reason) == (settings["verification"] == "none")

    def test_some_identity_pointer_is_needed(self) -> None:
        _, errors = GENERIC.clean(PresetConfig())
        assert "email_pointer" in errors

    def test_field_names_that_have_their_own_setting_are_refused(self) -> None:
        _, errors = GENERIC.clean(config(fields={"email": "/mail"}))
        assert "setting of its own" in errors["fields"]
