from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from integrations.contact_change import Channel, ContactChange, Identity
from integrations.field_types import WRITABLE_FIELDS, FieldType
from integrations.inbound_event import Disposition, InboundEvent, UnreadablePayload
from integrations.presets.reception_event.reading import (
    FieldProblem,
    read_event,
    read_lenient,
    read_strict,
)
from integrations.presets.reception_event.sample_document import sample_body
from integrations.presets.reception_event.tracing import Trace, short_json, trace
from integrations.registry import preset_for
from integrations.request import InboundRequest, PresetConfig, RefusedBody
from integrations.verification import Hmac, VerificationFailed
from tests.integrations.arrivals import NOW, TOKEN, make_request
from tests.integrations.presets.reception_events import (
    config,
    definition,
    documented_fields,
    event_field,
    mapped_fields,
    payload,
)

PRESET = preset_for("reception_event")
REQUIRED = "Required field is missing."
UNDEFINED = "Field is not defined in this event."
EMAIL = event_field("email")
ENVELOPE = ("entityInfo", "pageInfo", "event", "events")


def body(**values: Any) -> bytes:
    return json.dumps(values).encode()


def parsed(request: InboundRequest, event_config: PresetConfig) -> InboundEvent:
    (event,) = PRESET.parse(request, event_config)
    return event


def change_of(request: InboundRequest, event_config: PresetConfig) -> ContactChange:
    change = parsed(request, event_config).change
    assert change is not None
    return change


# -- reading: Public API ---------------------------------------------------------------------------


def test_documented_body_of_all_types_is_read() -> None:
    read = read_strict(definition(*documented_fields()), payload("api_event_all_types"))
    assert read.problems == ()
    assert read.values == {
        "email": "john.doe@example.org",
        "name": "John Doe",
        "phone": "+34666777888",
        "points": 10,
        "amount": "49.9",
        "vip": True,
        "last-visit": "2024-03-15T10:30:00Z",
        "tier": "gold",
        "interests": ["shoes", "hats"],
    }


def test_every_problem_is_told_at_once_in_the_documented_words() -> None:
    documented = json.loads(payload("validation_error"))["validationErrors"]
    faulty = body(email="john.doe@example.org", phone="12", interests="shoes", nickname="Jo")
    read = read_strict(definition(*documented_fields()), faulty)
    assert [{"path": each.path, "reason": each.reason} for each in read.problems] == documented


def test_null_is_absent_and_for_a_required_field_missing() -> None:
    event = definition(EMAIL, event_field("name"), event_field("shop", required=True))
    read = read_strict(event, body(email="a@example.org", name=None, shop=None))
    assert read.values == {"email": "a@example.org"}
    assert read.problems == (FieldProblem("shop", REQUIRED),)
    assert read_strict(event, b"{}").problems == (
        FieldProblem("email", REQUIRED),
        FieldProblem("shop", REQUIRED),
    )


def test_unknown_key_is_a_problem_even_when_it_is_null() -> None:
    read = read_strict(definition(EMAIL), body(email="a@example.org", Email="x", other=None))
    assert read.problems == (FieldProblem("Email", UNDEFINED), FieldProblem("other", UNDEFINED))


@pytest.mark.parametrize(
    ("raw", "cause"),
    [(b"", "BAD_JSON"), (b"{", "BAD_JSON"), (b"[]", "BAD_BODY"), (b'"email"', "BAD_BODY")],
)
def test_body_that_is_no_object_is_refused_before_any_field(raw: bytes, cause: str) -> None:
    with pytest.raises(RefusedBody) as refusal:
        read_strict(definition(EMAIL), raw)
    assert refusal.value.cause == cause


# -- reading: Webhook ------------------------------------------------------------------------------


def test_documented_mapping_finds_its_values_in_the_nested_body() -> None:
    read = read_lenient(
        definition(*mapped_fields(), context="webhook"), payload("webhook_event_nested")
    )
    assert read.problems == ()
    assert read.notes == ()
    assert read.values == {
        "email": "john.doe@example.org",
        "name": "John Doe",
        "phone": "+34666777888",
        "points": 120,
        "tier": "gold",
        "newsletter": True,
        "tags": ["vip", "b2b"],
    }


def test_field_without_a_pointer_reads_the_key_of_its_id() -> None:
    event = definition(EMAIL, event_field("name"), event_field("phone", "phone"), context="webhook")
    read = read_lenient(event, payload("webhook_event_flat"))
    assert read.values == {
        "email": "john.doe@example.org",
        "name": "Hi there!",
        "phone": "+34666777888",
    }
    # Such an id is no pointer, whatever it looks like.
    odd = definition(EMAIL, event_field("a~1b"), context="webhook")
    assert read_lenient(odd, body(**{"email": "a@example.org", "a~1b": "x"})).values["a~1b"] == "x"


def test_unknown_keys_are_dropped_without_a_word() -> None:
    event = definition(EMAIL, context="webhook")
    read = read_lenient(event, body(email="a@example.org", other={"deep": [1]}))
    assert (read.values, read.problems, read.notes) == ({"email": "a@example.org"}, (), ())


def test_only_a_required_field_can_refuse_a_webhook() -> None:
    event = definition(
        EMAIL,
        event_field("vip", "boolean"),
        event_field("points", "integer", required=True),
        context="webhook",
    )
    read = read_lenient(event, body(email="nobody", vip="maybe", points="many"))
    assert read.problems == (
        FieldProblem("email", "Not a valid e-mail address."),
        FieldProblem("points", "Expected a whole number."),
    )
    assert read.notes == ("vip was left out: Expected true or false.",)
    assert read_lenient(event, body(email="a@example.org")).problems == (
        FieldProblem("points", REQUIRED),
    )


def test_a_list_is_read_by_pointers() -> None:
    event = definition({**EMAIL, "pointer": "/1/mail"}, event_field("name"), context="webhook")
    read = read_lenient(event, b'[{}, {"mail": "a@example.org"}]')
    assert read.values == {"email": "a@example.org"}
    with pytest.raises(RefusedBody):
        read_lenient(event, b"5")


# RFC 6901, section 5, and the edges that its text names.
RFC_6901 = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}


@pytest.mark.parametrize(
    ("pointer", "expected"),
    [
        ("/foo/0", "bar"),
        ("/", "0"),
        ("/a~1b", "1"),
        ("/c%d", "2"),
        ("/e^f", "3"),
        ("/g|h", "4"),
        ("/i\\j", "5"),
        ('/k"l', "6"),
        ("/ ", "7"),
        ("/m~0n", "8"),
        ("/foo/-", None),
        ("/foo/01", None),
        ("/foo/2", None),
        ("/foo/0/0", None),
        ("/foo/+1", None),
        ("/A~1b", None),
        ("/absent/deeper", None),
    ],
)
def test_pointers_follow_the_rfc(pointer: str, expected: str | None) -> None:
    document = RFC_6901 | {"email": "a@example.org"}
    event = definition(EMAIL, event_field("found", pointer=pointer), context="webhook")
    read = read_lenient(event, json.dumps(document).encode())
    assert read.values.get("found") == expected
    assert read.notes == ()


# -- the preset ------------------------------------------------------------------------------------


def test_one_event_with_its_values_on_the_activity_and_its_targets_on_the_contact() -> None:
    fields = [
        EMAIL,
        event_field("name", target="system:_name"),
        event_field("phone", "phone", target="system:_mobilePhone"),
        event_field("born", "date", target="system:_birthdate"),
        event_field("news", "boolean", target="system:_newsletterSubscriptionStatus"),
        event_field("shop", target="field:favourite-shop"),
        event_field("amount", "decimal"),
    ]
    values = {
        "email": "John.Doe@example.org",
        "name": "John",
        "phone": "666777888",
        "born": "1990-02-17T00:30:00+02:00",
        "news": False,
        "shop": "Madrid",
        "amount": 49.9,
    }
    request = make_request(body(**values), query={"createContact": "true"})
    event = parsed(request, config(*fields))
    assert (event.type, event.disposition, event.notes) == (
        "api-event-example",
        Disposition.ACCEPTED,
        (),
    )
    assert event.change is not None
    (activity,) = event.change.activities
    assert replace(event.change, activities=()) == ContactChange(
        identity=Identity(email="john.doe@example.org", phone="+34666777888"),
        fields={"first_name": "John", "birth_date": "1990-02-17"},
        preferences={Channel.EMAIL: False},
        attributes={"favourite-shop": "Madrid"},
    )
    assert activity.type == "api-event-example"
    assert activity.properties == {
        "email": "john.doe@example.org",
        "name": "John",
        "phone": "+34666777888",
        "born": "1990-02-17",
        "news": False,
        "shop": "Madrid",
        "amount": "49.9",
    }


@pytest.mark.parametrize(
    ("context", "query", "only_known"),
    [
        ("api", {}, True),
        ("api", {"createContact": "false"}, True),
        ("api", {"createContact": "true"}, False),
        ("webhook", {}, False),
        ("webhook", {"createContact": "false"}, False),
    ],
)
def test_only_the_public_api_may_leave_unknown_people_alone(
    context: str, query: dict[str, str], only_known: bool
) -> None:
    request = make_request(body(email="a@example.org"), query=query)
    assert change_of(request, config(EMAIL, context=context)).only_known is only_known


def test_replay_is_the_same_activity_and_another_request_is_another() -> None:
    request = make_request(body(email="a@example.org"))
    renamed = config({**EMAIL, "target": "", "name": "Address"}, event_field("name"))
    later = replace(request, received_at=NOW + timedelta(microseconds=1))
    other = replace(request, body=body(email="b@example.org"))
    keys = [change_of(each, renamed).activities[0].key for each in (request, request, later, other)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 3


def test_what_was_accepted_is_kept_when_the_fields_have_changed_since() -> None:
    request = make_request(body(email="a@example.org", name="Jo", gone=1))
    event = parsed(request, config(EMAIL, event_field("name"), event_field("x", required=True)))
    assert event.change is not None
    assert event.change.activities[0].properties == {"email": "a@example.org", "name": "Jo"}
    assert event.notes == (f"x: {REQUIRED}", f"gone: {UNDEFINED}")


def test_without_its_e_mail_an_event_is_set_aside() -> None:
    event = parsed(make_request(body(mail="a@example.org")), config(EMAIL, context="webhook"))
    assert (event.disposition, event.cause) == (Disposition.QUARANTINED, "NO_PRIMARY_KEY")
    assert event.change is None
    assert event.reason.endswith("then replay.")


def test_notes_of_the_lenient_reading_reach_the_event() -> None:
    webhook = config(EMAIL, event_field("vip", "boolean"), context="webhook")
    event = parsed(make_request(body(email="a@example.org", vip="?")), webhook)
    assert event.notes == ("vip was left out: Expected true or false.",)


def test_identify_refuses_what_the_door_would_refuse() -> None:
    api = config(EMAIL, event_field("vip", "boolean"))
    accepted = make_request(body(email="a@example.org", vip=True))
    assert PRESET.identify(accepted, api).event_type == "api-event-example"
    with pytest.raises(RefusedBody) as refusal:
        PRESET.identify(make_request(body(vip=1)), api)
    assert refusal.value.cause == "INVALID_FIELDS"
    assert refusal.value.detail == f"email: {REQUIRED} vip: Expected true or false."


def test_damaged_definition_is_a_refusal_and_no_crash() -> None:
    damaged = PresetConfig(settings={"context": "api", "alias": "x", "fields": [{"id": "email"}]})
    with pytest.raises(RefusedBody):
        PRESET.identify(make_request(), damaged)
    with pytest.raises(UnreadablePayload) as failure:
        PRESET.parse(make_request(), damaged)
    assert failure.value.cause == "NO_DEFINITION"


# -- the check of requests -------------------------------------------------------------------------


def test_event_of_the_public_api_takes_nothing_where_no_key_was_looked_at() -> None:
    for settings_ in (config(EMAIL), PresetConfig()):
        verifier = PRESET.verifier(settings_)
        with pytest.raises(VerificationFailed):
            verifier.verify(make_request(body(email="a@example.org")), NOW)
        assert verifier.unsigned_reason == ""
        assert "API key" in verifier.describe()
        assert verifier.secret_header_names == {"authorization"}


def test_webhook_is_open_for_a_written_reason_unless_a_check_is_chosen() -> None:
    cleaned, errors = PRESET.clean(config(EMAIL, context="webhook"))
    assert errors == {}
    verifier = PRESET.verifier(cleaned)
    verifier.verify(make_request(), NOW)
    assert verifier.unsigned_reason.endswith(".")


def test_chosen_check_is_cleaned_and_the_definition_left_alone() -> None:
    given_config = replace(
        config(EMAIL, context="webhook", verification="hmac", hmac_header=" X-Signature "),
        secrets={"hmac_secrets": [TOKEN]},
    )
    cleaned, errors = PRESET.clean(given_config)
    assert errors == {}
    assert cleaned.settings["fields"] == given_config.settings["fields"]
    assert cleaned.settings["hmac_header"] == "X-Signature"
    assert PRESET.clean(cleaned) == (cleaned, {})
    assert isinstance(PRESET.verifier(cleaned), Hmac)
    with pytest.raises(VerificationFailed):
        PRESET.verifier(cleaned).verify(make_request(), NOW)
    _, errors = PRESET.clean(replace(given_config, secrets={}))
    assert list(errors) == ["hmac_secrets"]


def test_event_of_the_public_api_has_no_check_of_its_own() -> None:
    given_config = replace(config(EMAIL, verification="hmac"), secrets={"hmac_secrets": [TOKEN]})
    cleaned, errors = PRESET.clean(given_config)
    assert errors == {}
    assert cleaned == config(EMAIL)


# -- sample and mapping tester ---------------------------------------------------------------------


def test_sample_body_has_every_field_in_its_place() -> None:
    assert json.loads(sample_body(definition(*documented_fields()))) == {
        "email": "john.doe@example.org",
        "name": "Example text",
        "phone": "+34612345678",
        "points": 10,
        "amount": 49.9,
        "vip": True,
        "last-visit": "2024-03-15T10:30:00Z",
        "tier": "silver",
        "interests": ["shoes", "bags"],
    }
    nested = json.loads(sample_body(definition(*mapped_fields(), context="webhook")))
    assert nested["data"]["customer"]["contacts"] == [None, {"value": "john.doe@example.org"}]
    assert nested["data"]["customer"]["name/full"] == "Example text"


def test_trace_tells_for_every_field_what_it_finds_and_what_becomes_of_it() -> None:
    event = definition(
        {**EMAIL, "pointer": "/who/mail"},
        event_field("points", "integer", pointer="/points"),
        event_field("vip", "boolean"),
        event_field("born", "date"),
        event_field("shop", required=True, pointer="/shops/-"),
        event_field("none"),
        context="webhook",
    )
    document = {
        "who": {"mail": " A@example.org"},
        "points": "120",
        "vip": {"since": [2020, "x"]},
        "none": None,
    }
    assert trace(event, document) == (
        Trace(
            field_id="email", pointer="/who/mail", found='" A@example.org"', value="a@example.org"
        ),
        Trace(field_id="points", pointer="/points", found='"120"', value=120),
        Trace(
            field_id="vip",
            pointer="/vip",
            found='{"since": [2020, "x"]}',
            reason="Expected true or false.",
        ),
        Trace(field_id="born", pointer="/born", reason="Nothing is there."),
        Trace(field_id="shop", pointer="/shops/-", reason=REQUIRED),
        Trace(field_id="none", pointer="/none", found="null", reason="null counts as absent."),
    )


def test_what_is_found_is_shown_short() -> None:
    assert short_json(["x" * 500]) == '["' + "x" * 197 + "…"
    assert short_json({}) == "{}"
    assert short_json([]) == "[]"
    assert short_json(list(range(100_000))).endswith("…")
    # Read on and on, this would never end.
    endless: list[Any] = ["a"]
    endless.append(endless)
    assert len(short_json(endless)) == 200


# -- the page for engineers of other companies -----------------------------------------------------

PAGE = (Path(__file__).parents[3] / "docs" / "reception-event-fields.md").read_text("utf-8")


def first_cells(heading: str) -> list[str]:
    """Return the names in the first column of the table under a heading."""
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    return [name for row in rows for name in re.findall("`([^`]+)`", row)]


def test_page_names_every_type_and_every_field_that_can_be_written() -> None:
    assert first_cells("The nine types") == [type_.value for type_ in FieldType]
    writable = {field.id for field in WRITABLE_FIELDS}
    assert set(first_cells("Where a value goes")) == writable


def test_example_of_the_page_is_accepted() -> None:
    example = PAGE.partition("```json\n")[2].partition("```")[0]
    read = read_strict(definition(*documented_fields()), example.encode())
    assert read.problems == ()
    assert len(read.values) == len(FieldType)


# -- properties ------------------------------------------------------------------------------------

ids = st.from_regex(r"[a-z][a-z0-9-]{0,6}", fullmatch=True).filter(lambda each: each != "email")
option_rows = [{"id": "silver", "label": "Silver"}, {"id": "gold", "label": "Gold"}]
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**6), 10**6).map(lambda number: number / 100)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
    | st.sampled_from(["a@example.org", "gold", "12", "true", "2024-03-15", "+34666777888"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ids, inner, max_size=3),
    max_leaves=8,
)


@st.composite
def compiled_fields(draw: st.DrawFn, *, with_pointers: bool) -> list[dict[str, Any]]:
    names = draw(st.lists(ids, max_size=6, unique=True))
    fields = [EMAIL]
    for number, name in enumerate(names):
        type_ = draw(st.sampled_from(FieldType))
        # No pointer leads through another's value.
        place = draw(st.sampled_from(["", f"/n{number}/x", f"/list/{number}/x", f"/~0~1/{number}"]))
        fields.append(
            event_field(
                name,
                type_.value,
                required=draw(st.booleans()),
                options=option_rows if type_.has_options else [],
                pointer=place if with_pointers else "",
            )
        )
    return fields


@settings(deadline=None)
@given(compiled_fields(with_pointers=True), compiled_fields(with_pointers=False))
def test_sample_body_is_accepted_and_brings_every_field(
    webhook: list[dict[str, Any]], api: list[dict[str, Any]]
) -> None:
    for fields, context in ((webhook, "webhook"), (api, "api"), (api, "app")):
        event = definition(*fields, context=context)
        read = read_event(event, sample_body(event))
        assert (read.problems, read.notes) == ((), ())
        assert read.values.keys() == {field["id"] for field in fields}


@settings(deadline=None)
@given(compiled_fields(with_pointers=False), st.dictionaries(ids | st.just("email"), json_values))
def test_whatever_the_public_api_takes_a_webhook_reads_alike(
    fields: list[dict[str, Any]], document: dict[str, Any]
) -> None:
    raw = json.dumps(document).encode()
    strictly = read_strict(definition(*fields), raw)
    leniently = read_lenient(definition(*fields, context="webhook"), raw)
    if not strictly.problems:
        assert leniently.values == strictly.values
        assert leniently.notes == ()
    lenient_paths = {problem.path for problem in leniently.problems}
    assert lenient_paths <= {problem.path for problem in strictly.problems}


@settings(deadline=None)
@given(
    compiled_fields(with_pointers=True),
    st.sampled_from(["api", "webhook", "app"]),
    st.binary(max_size=60)
    | st.dictionaries(ids | st.sampled_from(["email", *ENVELOPE]), json_values).map(
        lambda document: json.dumps(document).encode()
    ),
)
def test_no_body_makes_the_preset_raise_anything_but_its_refusals(
    fields: list[dict[str, Any]], context: str, raw: bytes
) -> None:
    request, event_config = make_request(raw), config(*fields, context=context)
    try:
        event = parsed(request, event_config)
    except UnreadablePayload:
        with pytest.raises(RefusedBody):
            PRESET.identify(request, event_config)
        return
    if event.change is not None:
        json.dumps(event.change.activities[0].properties)
        assert event.change.identity.email or context == "app"
        assert not event.change.identity.is_empty()
    trace(definition(*fields, context=context), json.loads(raw))
