"""Documents become rules, or every mistake in them is told with its place."""

from __future__ import annotations

from typing import Any

import pytest

from automation.segments.choices import property_choices, rule_choices
from automation.segments.rule_names import RuleNames
from automation.segments.rules import (
    MOST_CONDITIONS,
    BadRule,
    FieldCondition,
    empty_rule,
    read_rule,
    rule_json,
)
from automation.segments.wording import rule_words
from contacts.models import ConsentDefinition, PointDefinition
from sites.models import Site
from tests.automation.segments.made import activity, contact, did, document, field, group
from tests.factories import ContactFieldFactory, ReceptionEventFactory

DEEP = group(group(group(group(group(field("city", "is_set"))))))


def found(given: Any, site: Site) -> list[tuple[str, str]]:
    with pytest.raises(BadRule) as caught:
        read_rule(given, site)
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("item", "place", "words"),
    [
        ({}, "", "Choose one of"),
        ({"kind": "no"}, "", "Choose one of"),
        ({"kind": ["field"]}, "", "Choose one of"),
        ("text", "", "Choose one of"),
        (field("nowhere", "eq", "x"), ".field", "no such field"),
        (field("attribute:nowhere", "eq", "x"), ".field", "no such field"),
        (field("city", "gt", "x"), ".operator", "Choose one of"),
        (field("city", "eq"), ".value", "text"),
        (field("city", "eq", ""), ".value", "text"),
        (field("city", "eq", "a\x00"), ".value", "text"),
        (field("city", "eq", "x" * 501), ".value", "longer"),
        (field("city", "in", []), ".value", "list"),
        (field("attribute:_points", "gt", "1,5"), ".value", "number"),
        (field("attribute:_points", "gt", True), ".value", "number"),
        (field("attribute:_points", "gt", "1e5"), ".value", "number"),
        (field("birth_date", "before", "2024-02-30"), ".value", "day such as"),
        (field("birth_date", "before", "yesterday"), ".value", "day such as"),
        (field("birth_date", "within_days", -1), ".value", "whole number"),
        (field("birth_date", "within_days", "7"), ".value", "whole number"),
        (field("attribute:_mobilePhoneStatus", "in", ["gone"]), ".value", "no option"),
        ({**field("city", "is_set"), "extra": 1}, "", "Unknown here: extra"),
        ({"kind": "preference", "channel": "fax", "is": "yes"}, ".channel", "Choose one of"),
        ({"kind": "preference", "channel": "sms", "is": True}, ".is", "Choose one of"),
        ({"kind": "consent", "consent_id": "none", "is": "yes"}, ".consent_id", "no such"),
        ({"kind": "consent", "consent_id": [], "is": "yes"}, ".consent_id", "no such"),
        ({"kind": "email_status", "is": ["dead"]}, ".is", "Choose among"),
        ({"kind": "points", "definition": 7, "operator": "eq", "value": 1}, ".definition", "no su"),
        (did(""), ".type", "Name"),
        (did("a\x00"), ".type", "Name"),
        (
            did("x", properties=[{"path": "a", "operator": "eq", "value": 1234567.1234567891}]),
            ".properties.0.value",
            "15 digits",
        ),
        (did("x", "at_least", 0), ".count", "exactly 0"),
        (did("x", "often"), ".operator", "Choose one of"),
        (did("x", count=1, days=0), ".days", "whole number"),
        (did("x", properties="y"), ".properties", "list"),
        (did("x", properties=[{"path": ""}]), ".properties.0.operator", "Choose one of"),
        (
            did("x", properties=[{"path": 'a"', "operator": "is_set"}]),
            ".properties.0.path",
            "quotation",
        ),
        (
            did("x", properties=[{"path": "/a/0", "operator": "is_set"}]),
            ".properties.0.path",
            "list",
        ),
        (
            did("x", properties=[{"path": "a", "operator": "gt", "value": True}]),
            ".properties.0.value",
            "number",
        ),
        (group(), "", "Add a condition"),
    ],
)
def test_mistakes_are_told_with_their_place(site: Site, item: Any, place: str, words: str) -> None:
    at, sentence = found(document(item), site)[0]
    assert at == f"include.items.0{place}"
    assert words in sentence


def test_all_mistakes_are_told_at_once(site: Site) -> None:
    given = document(field("nowhere", "is_set"), exclude=group({}, field("city", "gt", "x")))
    assert [place for place, _ in found(given, site)] == [
        "include.items.0.field",
        "exclude.items.0",
        "exclude.items.1.operator",
    ]


@pytest.mark.parametrize("given", [None, [], {"include": None}, {"include": group(), "only": 1}])
def test_what_is_no_rule_at_all_is_refused(site: Site, given: Any) -> None:
    assert found(given, site)


def test_depth_and_number_have_an_end(site: Site) -> None:
    assert read_rule({"include": DEEP, "exclude": None}, site).conditions
    assert "deep" in found({"include": group(DEEP), "exclude": None}, site)[0][1]
    many = [field("city", "is_set")] * (MOST_CONDITIONS + 2)
    assert len(read_rule(document(*many[2:]), site).conditions) == MOST_CONDITIONS
    assert len(found(document(*many), site)) == 1


def test_addresses_and_numbers_are_compared_as_contacts_have_them(site: Site) -> None:
    given = document(
        field("email", "eq", " Alva@Example.COM"),
        field("email", "contains", "@EXAMPLE"),
        field("phone", "eq", "070-123 45 67"),
        field("email", "in", ["Alva@example.com", "alva@example.com"]),
    )
    conditions = read_rule(given, site).conditions
    assert [each.value for each in conditions if isinstance(each, FieldCondition)] == [
        "alva@example.com",
        "@example",
        "+46701234567",
        ("alva@example.com",),
    ]


def test_the_empty_rule_is_everybody_and_an_empty_exclusion_is_none(site: Site) -> None:
    given = {"include": group(), "exclude": group()}
    assert read_rule(given, site) == empty_rule()
    assert rule_json(empty_rule()) == {"include": group(), "exclude": None}
    assert rule_words(empty_rule(), site) == "Every contact."


def test_a_rule_is_said_in_plain_words(site: Site) -> None:
    options = [{"id": "g", "label": "Gold"}, {"id": "t", "label": "Tin"}]
    ContactFieldFactory.create(
        site=site, field_id="tier", name="Tier", type="radio", options=options
    )
    ConsentDefinition.objects.create(site=site, consent_id="terms", name="Member terms")
    PointDefinition.objects.create(site=site, number=3, name="Bonus")
    total = {"path": "total", "operator": "gt", "value": 99.5}
    given = document(
        field("city", "is_not_set"),
        group(
            field("attribute:tier", "in", ["g", "t"]),
            {"kind": "preference", "channel": "email", "is": "no"},
            {"kind": "consent", "consent_id": "terms", "is": "yes"},
            match="any",
        ),
        {"kind": "points", "definition": 3, "operator": "ge", "value": "100"},
        did("orderPlaced", "at_least", 2, days=90, properties=[total]),
        exclude=group(did("visited", "exactly", 0), field("birth_date", "within_days", 1)),
    )
    assert rule_words(read_rule(given, site), site) == (
        "City is not set and (Tier is one of “Gold”, “Tin” or does not accept e-mail or agreed to "
        "“Member terms”) and balance of “Bonus” is at least 100 and did “orderPlaced” at least 2 "
        "times in the last 90 days with total is more than 99.5. Without those of whom: never did "
        "“visited” and Birth date is within the last 1 day."
    )


def test_an_editor_is_offered_what_the_site_has(site: Site) -> None:
    ContactFieldFactory.create(site=site, field_id="tier", name="Tier")
    ReceptionEventFactory.create(site=site, alias="visit", name="Visit")
    person = contact(site)
    activity(person, "order", total="12.50", shop={"city": "Malmö", "id": 7}, tags=["a"], paid=True)
    activity(person, "ancient", days=400)
    choices = rule_choices(RuleNames(site))
    assert "attribute:tier" in {each.id for each in choices.fields}
    assert choices.activity_types == (("visit", "Visit (visit)"), ("order", "order"))
    kinds = {each.path: (each.kind, each.samples) for each in property_choices(site, "order")}
    assert kinds == {
        "total": ("number", ("12.50",)),
        "/shop/city": ("text", ("Malmö",)),
        "/shop/id": ("number", ("7",)),
        "tags": ("list", ("a",)),
        "paid": ("boolean", ("true",)),
    }
    assert [each.path for each in property_choices(site, "visit")]
