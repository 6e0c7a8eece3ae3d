"""The catalogue: every example fits its schema; patterns and conditions mean what they say."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.registry import offered_presets
from sites.models import Site
from tests.factories import ReceptionEventFactory, SourceFactory, email_field
from webhooks.models import ReceptionField
from webhooks.outbound.event_types import (
    EventType,
    event_type_named,
    event_types_of,
    static_event_types,
)
from webhooks.outbound.event_types.conditions import check_conditions, holds
from webhooks.outbound.event_types.event_type import LONGEST_KEY
from webhooks.outbound.event_types.matching import check_patterns, matches
from webhooks.outbound.event_types.relays import relay_type

ENGAGE = {
    "contact.acceptsEmail.changed",
    "contact.acceptsSms.changed",
    "contact.acceptsPostal.changed",
    "contact.consent.changed",
    "contact.created",
    "contact.updated",
    "contact.deleted",
    "loyalty.addPoints",
    "point.balance.updated",
    "reward.voucher.created",
    "promotion.multichannel.assigned",
}


def check_example(event_type: EventType) -> None:
    jsonschema.Draft202012Validator.check_schema(event_type.schema)
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    validator = jsonschema.Draft202012Validator(event_type.schema, format_checker=checker)
    validator.validate(json.loads(json.dumps(event_type.example)))


@pytest.mark.parametrize("event_type", static_event_types(), ids=lambda each: each.key)
def test_every_example_fits_its_schema(event_type: EventType) -> None:
    check_example(event_type)
    assert event_type.label
    assert event_type.description.endswith(".")
    assert len(event_type.key) <= LONGEST_KEY


def test_engages_types_are_all_there_once() -> None:
    keys = [each.key for each in static_event_types()]
    assert len(keys) == len(set(keys))
    assert set(keys) >= ENGAGE
    assert {key for key in keys if key.split(".")[0] in ("contact", "loyalty", "point", "reward")}
    created = next(each for each in static_event_types() if each.key == "contact.created")
    assert len(created.schema["properties"]) == 24
    assert created.example.keys() == created.schema["properties"].keys()


def test_every_documented_type_of_a_preset_has_a_relay() -> None:
    keys = {each.key for each in static_event_types()}
    for preset in offered_presets():
        for info in preset.event_types:
            assert f"inbound.{preset.key}.{info.id}" in keys


@pytest.mark.django_db
def test_a_site_adds_its_reception_events_and_the_names_its_sources_expect(site: Site) -> None:
    ReceptionEventFactory.create(
        site=site,
        alias="order-placed",
        fields=[
            email_field(),
            ReceptionField(field_id="amount", name="Amount", type="decimal"),
            ReceptionField(
                field_id="sizes",
                name="Sizes",
                type="checkbox",
                options=[{"id": "s", "label": "S"}, {"id": "m", "label": "M"}],
            ),
        ],
    )
    SourceFactory.create(site=site, settings={"event_type": "ticket"})
    own = {each.key: each for each in event_types_of(site)} | {}
    order = own["custom_event.order-placed"]
    check_example(order)
    assert order.schema["required"] == ["email"]
    assert order.schema["properties"]["amount"]["type"] == "number"
    assert "inbound.generic_json.ticket" in own
    other = Site.objects.create(name="Other", slug="other")
    assert event_type_named(other, "custom_event.order-placed") is None
    assert event_type_named(site, "contact.created") in static_event_types()


@pytest.mark.django_db
def test_a_relay_may_bear_any_name_of_an_installed_preset(site: Site) -> None:
    named = event_type_named(site, "inbound.webengage.order placed")
    assert named is not None
    check_example(named)
    for unknown in ("inbound.nobody.event", "inbound.webengage", "contact.moved"):
        assert event_type_named(site, unknown) is None


def test_long_names_of_strangers_are_cut() -> None:
    assert len(relay_type("webengage", "x" * 500)) == LONGEST_KEY
    assert relay_type("generic_json", "") == "inbound.generic_json.event"


@pytest.mark.parametrize(
    ("patterns", "event_type", "means_it"),
    [
        ([], "contact.created", True),
        (["*"], "anything", True),
        (["contact.*"], "contact.created", True),
        (["contact.*"], "contact.consent.changed", True),
        (["contact.*"], "contact", False),
        (["contact.*"], "contacts.created", False),
        (["contact.created"], "contact.created", True),
        (["contact.created"], "contact.Created", False),
        (["loyalty.*", "contact.deleted"], "contact.created", False),
    ],
)
def test_patterns(patterns: list[str], event_type: str, means_it: bool) -> None:
    assert matches(patterns, event_type) is means_it


@pytest.mark.parametrize(
    "pattern", ["con*", "*.created", "contact.*.changed", ".*", "a\nb", "x" * 161]
)
def test_a_pattern_that_means_nothing_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"type|star|longer"):
        check_patterns([pattern])


def test_checked_patterns_lose_repeats_and_blanks() -> None:
    assert check_patterns([" a.b ", "a.b", "", "c.*"]) == ["a.b", "c.*"]
    assert check_patterns(["a.b", "*"]) == ["*"]


PAYLOAD: dict[str, Any] = {
    "amount": Decimal("10.1"),
    "count": 3,
    "flag": True,
    "name": "Jane",
    "tags": ["gold", 7],
    "nothing": None,
    "inner": {"at": "2024-03-15T10:30:00Z"},
}


@pytest.mark.parametrize(
    ("pointer", "operator", "value", "result"),
    [
        ("/name", "eq", "Jane", True),
        ("/name", "eq", "jane", False),
        ("/amount", "eq", 10.1, True),
        ("/count", "eq", 3, True),
        ("/flag", "eq", 1, False),
        ("/flag", "eq", True, True),
        ("/missing", "eq", None, False),
        ("/nothing", "eq", None, True),
        ("/missing", "ne", "x", True),
        ("/name", "ne", "Jane", False),
        ("/name", "in", ["Joe", "Jane"], True),
        ("/missing", "in", [None], False),
        ("/name", "contains", "an", True),
        ("/tags", "contains", "gold", True),
        ("/tags", "contains", "7", False),
        ("/count", "contains", 3, False),
        ("/nothing", "exists", None, True),
        ("/missing", "exists", None, False),
        ("/missing", "absent", None, True),
        ("/amount", "gt", 10, True),
        ("/amount", "lt", 10, False),
        ("/flag", "gt", 0, False),
        ("/inner/at", "lt", "2024-04", True),
        ("/name", "gt", 1, False),
    ],
)
def test_conditions(pointer: str, operator: str, value: Any, result: bool) -> None:
    row = {"pointer": pointer, "operator": operator}
    if operator not in ("exists", "absent"):
        row["value"] = value
    assert holds(check_conditions([row]), PAYLOAD) is result


def test_all_conditions_must_hold() -> None:
    both = [
        {"pointer": "/name", "operator": "exists"},
        {"pointer": "/count", "operator": "gt", "value": 5},
    ]
    assert holds([], PAYLOAD)
    assert not holds(check_conditions(both), PAYLOAD)


@pytest.mark.parametrize(
    "row",
    [
        "text",
        {"pointer": "name", "operator": "eq", "value": 1},
        {"pointer": "/name", "operator": "like", "value": 1},
        {"pointer": "/name", "operator": ["eq"], "value": 1},
        {"pointer": "/name", "operator": "in", "value": []},
        {"pointer": "/name", "operator": "in", "value": "x"},
        {"pointer": "/name", "operator": "gt", "value": None},
        {"pointer": "/name", "operator": "eq", "value": {}},
        {"pointer": "/name", "operator": "eq", "value": "x" * 1001},
        {"pointer": "/name", "operator": "eq", "value": 1, "more": 2},
    ],
)
def test_a_bad_condition_is_refused_by_its_number(row: Any) -> None:
    with pytest.raises(ValueError, match="Condition 2"):
        check_conditions([{"pointer": "/a", "operator": "exists"}, row])


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists), st.data())
def test_no_payload_breaks_a_condition(found: Any, data: st.DataObject) -> None:
    operator = data.draw(st.sampled_from(["eq", "ne", "contains", "gt", "lt"]))
    value = data.draw(st.text(max_size=5) | st.integers())
    rows = check_conditions([{"pointer": "/a", "operator": operator, "value": value}])
    assert holds(rows, {"a": found}) in (True, False)


def test_the_page_of_event_types_names_every_type() -> None:
    page = Path("docs/event-types.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([^`\s]+)`", page))
    described = {each.key for each in static_event_types() if not each.key.startswith("inbound.")}
    assert described <= named
