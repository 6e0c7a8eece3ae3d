"""Events of pages and apps: stored, sent and pasted, for the preset and for the mapping tester."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from integrations.contact_change import Identity, SourceIdKind
from integrations.inbound_event import UnreadablePayload
from integrations.presets.reception_event.reading import read_event
from integrations.presets.reception_event.sample_document import sample_body
from integrations.presets.reception_event.tracing import trace
from integrations.registry import preset_for
from integrations.request import PresetConfig, RefusedBody
from integrations.verification import VerificationFailed
from tests.integrations.arrivals import NOW, make_request
from tests.integrations.presets.reception_events import (
    config,
    definition,
    documented_fields,
    event_field,
)

PRESET = preset_for("reception_event")
EVENT_ID = "635feb9a4168beeaf0ae6a46"
NAME = event_field("name", target="system:_name")
EMAIL = event_field("email")


def stored(payload: Any = None, *, entity: Any = None, **values: Any) -> dict[str, Any]:
    event = {"type": "custom", "eventId": EVENT_ID, "payload": payload} | values
    return {"entityInfo": {"trackerId": "t1"} if entity is None else entity, "event": event}


def raw(document: Any) -> bytes:
    return json.dumps(document).encode()


def app(*fields: dict[str, Any]) -> PresetConfig:
    return config(*fields, context="app")


def test_a_stored_event_is_an_activity_of_its_visitor_at_its_time() -> None:
    at = NOW - timedelta(hours=1)
    document = stored({"name": "Jane", "other": 1}, id="e1", occurredAt=at.isoformat())
    document["pageInfo"] = {"title": "Shoes", "other": 1}
    (event,) = PRESET.parse(make_request(raw(document)), app(NAME))
    assert event.occurred_at == at
    change = event.change
    assert change is not None
    assert change.identity == Identity(source_ids={SourceIdKind.ANONYMOUS: "t1"})
    assert (change.occurred_at, change.fields) == (at, {"first_name": "Jane"})
    assert change.only_known is False
    (activity,) = change.activities
    assert activity.properties == {"name": "Jane", "_pageTitle": "Shoes"}
    assert (activity.key, activity.occurred_at) == ("t1:e1", at)


def test_an_event_under_its_id_is_the_same_whenever_it_comes() -> None:
    request = make_request(raw(stored({}, id="e1")))
    again = make_request(raw(stored({"name": "x"}, id="e1")))
    again.received_at = datetime(2030, 1, 1, tzinfo=UTC)
    keys = {PRESET.identify(each, app(NAME)).dedupe_key for each in (request, again)}
    assert keys == {"t1:e1"}


@pytest.mark.parametrize(
    ("payload", "entity", "email"),
    [
        ({"email": "a@example.com"}, {"primaryKey": "b@example.com"}, "a@example.com"),
        ({"email": None}, {"primaryKey": "b@example.com"}, "b@example.com"),
        ({}, {"primaryKey": " B@Example.com "}, "b@example.com"),
    ],
)
def test_the_primary_key_of_the_page_stands_in_for_the_field(
    payload: Any, entity: Any, email: str
) -> None:
    read = read_event(definition(EMAIL, context="app"), raw(stored(payload, entity=entity)))
    assert (read.problems, read.values) == ((), {"email": email})


def test_a_primary_key_without_a_value_anywhere_is_a_problem() -> None:
    read = read_event(definition(EMAIL, context="app"), raw(stored({})))
    assert [str(each) for each in read.problems] == ["email: Required field is missing."]


@pytest.mark.parametrize(
    ("document", "cause"),
    [
        ([], "BAD_BODY"),
        ({"events": []}, "BAD_BODY"),
        ({"event": {"type": "other"}}, "BAD_BODY"),
        (stored([]), "BAD_BODY"),
        (stored({}, entity={}), "NO_IDENTITY"),
        (stored({}, entity=[]), "NO_IDENTITY"),
    ],
)
def test_what_the_door_refuses_is_refused_later_as_well(document: Any, cause: str) -> None:
    with pytest.raises(RefusedBody) as refused:
        PRESET.identify(make_request(raw(document)), app(NAME))
    assert refused.value.cause == cause
    with pytest.raises(UnreadablePayload) as unreadable:
        PRESET.parse(make_request(raw(document)), app(NAME))
    assert unreadable.value.cause == cause


def test_nothing_is_taken_where_no_key_was_looked_at() -> None:
    verifier = PRESET.verifier(app(NAME))
    with pytest.raises(VerificationFailed):
        verifier.verify(make_request(raw(stored({}))), NOW)
    cleaned, errors = PRESET.clean(app(NAME))
    assert (cleaned, errors) == (app(NAME), {})


def test_the_sample_is_a_request_that_is_accepted() -> None:
    event = definition(*documented_fields(), context="app")
    document = json.loads(sample_body(event))
    assert document.keys() == {"entityInfo", "events"}
    read = read_event(event, sample_body(event))
    assert (read.problems, read.notes) == ((), ())
    assert read.values.keys() == event.field_ids


def test_ids_of_fields_that_are_numbers_make_no_list_of_the_payload() -> None:
    event = definition(event_field("0"), event_field("1"), context="app")
    assert read_event(event, sample_body(event)).values.keys() == {"0", "1"}


class TestMappingTester:
    EVENT = definition(EMAIL, NAME, context="app")

    def test_a_stored_event(self) -> None:
        email, name = trace(self.EVENT, stored({"email": "a@example.com", "name": 7}))
        assert (email.pointer, email.value) == ("/event/payload/email", "a@example.com")
        assert (name.pointer, name.found, name.value) == ("/event/payload/name", "7", "7")

    def test_a_request_shows_the_first_event_of_this_kind(self) -> None:
        other = {"type": "custom", "eventId": "0" * 24, "payload": {"name": "no"}}
        mine = stored({"name": "yes"})["event"]
        _, name = trace(self.EVENT, {"entityInfo": {}, "events": [other, mine, mine]})
        assert (name.pointer, name.value) == ("/events/1/payload/name", "yes")

    def test_an_email_that_the_page_said_of_its_user(self) -> None:
        document = stored({}, entity={"primaryKey": "a@example.com"})
        email, name = trace(self.EVENT, document)
        assert (email.pointer, email.value) == ("/entityInfo/primaryKey", "a@example.com")
        assert (name.pointer, name.reason) == ("/event/payload/name", "Nothing is there.")

    @pytest.mark.parametrize("document", [None, [], {}, {"events": [1]}, stored(7)])
    def test_what_is_no_event(self, document: Any) -> None:
        reasons = [each.reason for each in trace(self.EVENT, document)]
        assert reasons == ["Required field is missing.", "Nothing is there."]
