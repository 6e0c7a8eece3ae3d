"""Quirks of WebEngage that the samples do not show."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from integrations.contact_change import Channel, EmailStatus, SourceIdKind
from integrations.inbound_event import Disposition, InboundEvent
from integrations.presets.webengage.event_names import NEVER_SENT
from integrations.presets.webengage.preset import WebEngage
from integrations.request import PresetConfig, RefusedBody
from tests.integrations.arrivals import make_request

WEBENGAGE = WebEngage()
SECRETS = {"secret_key": "my-webhook-secret"}
CONFIG = PresetConfig(settings={"license_code": "311c48b3"}, secrets=SECRETS)


def parsed(body: Any, config: PresetConfig = CONFIG) -> InboundEvent:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    [event] = WEBENGAGE.parse(make_request(raw), config)
    return event


def event_body(**keys: Any) -> dict[str, Any]:
    return {"event_name": "order_placed", "user_id": "u1", "license_code": "311c48b3", **keys}


def sample(name: str) -> bytes:
    return next(sample for sample in WEBENGAGE.samples() if sample.name == name).body()


def with_settings(**settings: Any) -> PresetConfig:
    return PresetConfig(settings={"license_code": "311c48b3", **settings}, secrets=SECRETS)


class TestSettings:
    @pytest.mark.parametrize("name", sorted(NEVER_SENT))
    def test_event_that_never_comes_cannot_be_expected(self, name: str) -> None:
        _, errors = WEBENGAGE.clean(with_settings(expected_event_names=f"email_open, {name}"))
        assert name in errors["expected_event_names"]
        assert "never sends" in errors["expected_event_names"]

    def test_there_are_seven_of_them(self) -> None:
        assert len(NEVER_SENT) == 7

    @pytest.mark.parametrize("name", sorted(NEVER_SENT))
    def test_as_traffic_they_are_taken(self, name: str) -> None:
        assert parsed(event_body(event_name=name)).disposition is Disposition.ACCEPTED

    def test_expected_names_are_normalised_and_others_ignored(self) -> None:
        config, errors = WEBENGAGE.clean(
            with_settings(expected_event_names=" order_placed\nemail_open;email_open ")
        )
        assert not errors
        assert config.settings["expected_event_names"] == "order_placed, email_open"
        assert parsed(event_body(), config).disposition is Disposition.ACCEPTED
        for other in ("Order_Placed", "order", "email_click"):
            event = parsed(event_body(event_name=other), config)
            assert (event.disposition, event.cause) == (
                Disposition.IGNORED,
                "UNEXPECTED_EVENT_TYPE",
            )

    @pytest.mark.parametrize("code", ["", "a b", "<x>", "~~1", "é"])
    def test_licence_code_must_look_like_one(self, code: str) -> None:
        assert "license_code" in WEBENGAGE.clean(with_settings(license_code=code))[1]


class TestIdentity:
    def key_of(self, body: bytes = b'{"event_name": "x"}', **request: Any) -> str:
        return WEBENGAGE.identify(make_request(body, **request), CONFIG).dedupe_key

    def test_request_id_tells_repeats(self) -> None:
        assert self.key_of(headers={"x-request-id": "0af1"}) == "request:0af1"

    @pytest.mark.parametrize("identifier", ["", "a,a", "é", "x" * 151])
    def test_useless_request_id_gives_way_to_type_and_body(self, identifier: str) -> None:
        key = self.key_of(headers={"x-request-id": identifier})
        assert key.startswith("sha256:")
        assert key == self.key_of()
        assert key != self.key_of(b'{"event_name": "y"}')

    def test_event_type_is_the_body_and_the_parameter_only_a_hint(self) -> None:
        query = {"eventType": "FEEDBACK_SUBMIT"}
        told = WEBENGAGE.identify(make_request(b'{"event_name": "x"}', query=query), CONFIG)
        hinted = WEBENGAGE.identify(make_request(b"{}", query=query), CONFIG)
        assert (told.event_type, hinted.event_type) == ("x", "FEEDBACK_SUBMIT")


class TestEvents:
    @pytest.mark.parametrize(
        ("user_id", "email", "external_id"),
        [
            ("jane@example.com", "jane@example.com", ""),
            ("customer-7", "", "customer-7"),
            (1234, "", "1234"),
            ("@jane", "", "@jane"),
        ],
    )
    def test_user_id_is_an_email_or_an_external_id(
        self, user_id: Any, email: str, external_id: str
    ) -> None:
        change = parsed(event_body(user_id=user_id, anonymous_id="a1")).change
        assert change is not None
        assert (change.identity.email, change.identity.external_id) == (email, external_id)
        assert change.identity.source_ids == {SourceIdKind.ANONYMOUS: "a1"}

    @pytest.mark.parametrize("user_id", [None, "", {}, True])
    def test_nobody_is_quarantined(self, user_id: Any) -> None:
        event = parsed(event_body(user_id=user_id))
        assert (event.disposition, event.cause) == (Disposition.QUARANTINED, "NO_IDENTITY")

    @pytest.mark.parametrize("name", [None, "", [], {}])
    def test_event_without_a_name_is_quarantined(self, name: Any) -> None:
        assert parsed(event_body(event_name=name)).cause == "BAD_EVENT"

    @pytest.mark.parametrize(
        ("name", "preference", "cause"),
        [
            ("email_unsubscribe", False, "unsubscribe"),
            ("email_spam", False, "complaint"),
            ("email_complaint", False, "complaint"),
            ("email_resubscribe", True, "resubscribe"),
        ],
    )
    def test_events_that_switch_email(self, name: str, preference: bool, cause: str) -> None:
        change = parsed(event_body(event_name=name)).change
        assert change is not None
        assert change.preferences == {Channel.EMAIL: preference}
        assert (change.cause, change.email_status) == (cause, None)

    def test_bounce_marks_the_address(self) -> None:
        change = parsed(event_body(event_name="email_bounce")).change
        assert change is not None
        assert (change.email_status, change.preferences) == (EmailStatus.BOUNCED, {})

    @pytest.mark.parametrize("name", ["email_open", "email_bounced", "Email_Unsubscribe"])
    def test_other_events_are_activities_only(self, name: str) -> None:
        change = parsed(event_body(event_name=name)).change
        assert change is not None
        assert (change.preferences, change.email_status, change.cause) == ({}, None, "")

    @pytest.mark.parametrize(
        "written", ["2016-06-01T15:53:00+0000", "2016-06-01T15:53+0000", "2016-06-01T15:53:00Z"]
    )
    def test_every_form_of_time(self, written: str) -> None:
        event = parsed(event_body(event_time=written))
        assert event.occurred_at == datetime(2016, 6, 1, 15, 53, tzinfo=UTC)

    @pytest.mark.parametrize("written", ["2016-06-01T15:53:00", "soon", 5, "2099-01-01T00:00:00Z"])
    def test_useless_time_is_noted(self, written: Any) -> None:
        event = parsed(event_body(event_time=written))
        assert event.occurred_at is None
        assert event.notes

    @pytest.mark.parametrize("name", ["journey_activated", "journey_paused"])
    def test_journey_concerns_no_contact(self, name: str) -> None:
        event = parsed(event_body(event_name=name, category="account"))
        assert (event.disposition, event.change) == (Disposition.ACCEPTED, None)

    def test_other_account_is_ignored(self) -> None:
        event = parsed(event_body(license_code="~99199077"))
        assert (event.disposition, event.cause) == (Disposition.IGNORED, "WRONG_LICENSE_CODE")

    def test_other_account_of_a_form_is_ignored(self) -> None:
        event = parsed({"response": {"data": {"licenseCode": "x", "fields": []}}})
        assert event.cause == "WRONG_LICENSE_CODE"

    @pytest.mark.parametrize("body", [{}, [], "x", [1], {"response": None}, {"response": {}}])
    def test_unknown_body_is_ignored(self, body: Any) -> None:
        event = parsed(body)
        assert (event.disposition, event.cause) == (Disposition.IGNORED, "UNKNOWN_BODY")


class TestForms:
    @pytest.mark.parametrize("unwrap", [("response",), ("response", "data")])
    @pytest.mark.parametrize(
        "name",
        ["feedback_submit.json", "feedback_reply_submit.json", "survey_response_submit.json"],
    )
    def test_wrappers_may_be_missing(self, name: str, unwrap: tuple[str, ...]) -> None:
        whole = json.loads(sample(name))
        bare = whole
        for key in unwrap:
            bare = bare[key]
        assert parsed(bare) == parsed(whole)

    def test_single_reply_may_be_an_object(self) -> None:
        replies = json.loads(sample("feedback_reply_submit.json"))["response"]["data"]
        assert parsed({"response": {"data": replies[1]}}) == parsed(
            {"response": {"data": [replies[1]]}}
        )

    def test_reply_is_about_the_visitor_and_not_the_staff(self) -> None:
        replies = json.loads(sample("feedback_reply_submit.json"))["response"]["data"]
        by_staff = parsed({"response": {"data": replies[:1]}})
        assert (by_staff.disposition, by_staff.cause) == (Disposition.IGNORED, "NO_IDENTITY")
        turned = parsed({"response": {"data": replies[::-1]}})
        assert turned.change is not None
        assert turned.change.identity.email == "john@example.com"
        assert [activity.key for activity in turned.change.activities] == ["9cfb353e", "8bea242d"]

    def test_replies_without_an_id_are_left_out(self) -> None:
        reply = {"replyType": "USER", "repliedByEmail": "a@example.com"}
        assert parsed({"data": [reply]}).cause == "BAD_EVENT"
        event = parsed({"data": [reply, {**reply, "id": "r1"}]})
        assert event.change is not None
        assert len(event.change.activities) == 1
        assert event.notes

    def test_email_of_the_custom_data_stands_in(self) -> None:
        form = {"id": "f1", "fields": [], "customData": {"E-Mail": ["a@example.com"]}}
        change = parsed(form).change
        assert change is not None
        assert change.identity.email == "a@example.com"

    def test_named_questions_give_email_and_phone(self) -> None:
        form = {
            "surveyId": "s1",
            "id": "r1",
            "questionResponses": [
                {
                    "questionId": "q1",
                    "questionText": "Your profile",
                    "value": {"@class": "map", "values": {"Your e-mail": "a@example.com"}},
                },
                {"questionId": "q2", "value": {"@class": "text", "text": "070-1740605"}},
            ],
        }
        assert parsed(form).cause == "NO_IDENTITY"
        change = parsed(form, with_settings(email_field="your E-MAIL", phone_field="q2")).change
        assert change is not None
        assert (change.identity.email, change.identity.phone) == ("a@example.com", "070-1740605")

    def test_unknown_class_is_kept_as_it_is(self) -> None:
        field = {"id": "1", "value": {"@class": "hologram", "depth": 3}}
        email = {"id": "2", "value": {"@class": "email", "text": "a@example.com"}}
        change = parsed({"id": "f1", "fields": [field, email]}).change
        assert change is not None
        assert change.activities[0].properties["fields"][0] == field

    def test_address_of_the_visitor_is_not_copied(self) -> None:
        change = parsed(sample("feedback_submit.json")).change
        assert change is not None
        assert "ip" not in change.activities[0].properties["activity"]


class TestXml:
    def values_of(self, xml: str) -> Any:
        email = '<field><id>e</id><value class="email"><text>a@example.com</text></value></field>'
        body = f"<data><id>f1</id><fields>{email}<field>{xml}</field></fields></data>"
        change = parsed(body.encode()).change
        assert change is not None
        return change.activities[0].properties["fields"][1]["value"]

    @pytest.mark.parametrize(
        "name", ["feedback_submit", "feedback_reply_submit", "survey_response_submit"]
    )
    def test_xml_says_what_json_says(self, name: str) -> None:
        # Custom data carries no types in XML, so a number in it comes as text.
        as_json = sample(f"{name}.json").replace(b"12\n", b'"12"\n')
        assert parsed(sample(f"{name}.xml")) == parsed(as_json)

    @pytest.mark.parametrize(
        "xml",
        [
            '<value class="matrix"><values><entry key="A"><value>1</value></entry></values>'
            "</value>",
            "<value><class>matrix</class><values><entry><key>A</key><value>1</value></entry>"
            "</values></value>",
            '<value class="matrix"><values><A><value>1</value></A></values></value>',
            '<value class="matrix"><entry key="A">1</entry></value>',
        ],
    )
    def test_map_entries_in_every_spelling(self, xml: str) -> None:
        assert self.values_of(xml) == {"@class": "matrix", "values": {"A": ["1"]}}

    @pytest.mark.parametrize(
        "xml",
        [
            '<value class="list"><values><value>x</value></values></value>',
            '<value class="list"><value>x</value></value>',
        ],
    )
    def test_list_of_one_stays_a_list(self, xml: str) -> None:
        assert self.values_of(xml) == {"@class": "list", "values": ["x"]}

    @pytest.mark.parametrize(("text", "value"), [("10", 10), ("ten", "ten"), ("9" * 99, "9" * 99)])
    def test_score_is_a_number_where_it_is_one(self, text: str, value: Any) -> None:
        xml = f'<value class="score"><value>{text}</value></value>'
        assert self.values_of(xml) == {"@class": "score", "value": value}

    @pytest.mark.parametrize(
        ("start", "end"),
        [
            ("<response><data>", "</data></response>"),
            ("<response>", "</response>"),
            ("<response><data><replies>", "</replies></data></response>"),
            ("<replies>", "</replies>"),
            ("<data>", "</data>"),
            ("", ""),
            ("  \n<data>", "</data>"),
            ("\ufeff<data>", "</data>"),
        ],
    )
    def test_replies_with_and_without_wrappers(self, start: str, end: str) -> None:
        reply = (
            "<reply><id>r1</id><replyType>USER</replyType><repliedByEmail>a@example.com"
            "</repliedByEmail><attachments/></reply>"
        )
        change = parsed(f"{start}{reply}{end}".encode()).change
        assert change is not None
        assert change.identity.email == "a@example.com"
        assert change.activities[0].properties["attachments"] == []

    def test_fields_without_a_container(self) -> None:
        field = '<field><id>e</id><value class="email"><text>a@example.com</text></value></field>'
        body = f"<data><id>f1</id><fields/>{field}{field}</data>"
        change = parsed(body.encode()).change
        assert change is not None
        assert len(change.activities[0].properties["fields"]) == 2

    @pytest.mark.parametrize(
        ("body", "place"),
        [
            ("<a>\n <b></a>", "line 2, column"),
            ("<", "line 1, column"),
            ("<a/>x", "line 1, column 5"),
            ('<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "line 1, column"),
            ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "line 1, column"),
            ("<a>&undefined;</a>", "line 1, column"),
            ("<a>" * 65 + "</a>" * 65, "line 1, column"),
            ("<a>" + "<b/>" * 20_001 + "</a>", "line 1, column"),
            ("<a>\x00</a>", "line 1, column"),
            ("<?xml version='1.0' encoding='klingon'?><a/>", "line 1, column"),
        ],
    )
    def test_hostile_or_broken_xml_is_refused_with_its_place(self, body: str, place: str) -> None:
        with pytest.raises(RefusedBody) as refusal:
            WEBENGAGE.identify(make_request(body.encode()), CONFIG)
        assert refusal.value.cause == "BAD_XML"
        assert place in refusal.value.detail
        assert "passwd" not in refusal.value.detail

    def test_broken_json_is_refused_with_its_place(self) -> None:
        with pytest.raises(RefusedBody) as refusal:
            WEBENGAGE.identify(make_request(b'{"event_name": // comment\n "x"}'), CONFIG)
        assert refusal.value.cause == "BAD_JSON"
        assert "line 1, column 16" in refusal.value.detail


def test_answer_is_exactly_200() -> None:
    assert WEBENGAGE.success_status == 200


def test_samples_name_the_licence_code_of_the_source() -> None:
    config = with_settings(license_code="~abc123")
    for shipped in WEBENGAGE.samples():
        event = parsed(WEBENGAGE.sample_body(shipped, config), config)
        assert event.cause in ("", "NO_IDENTITY")
