"""The tree of a rule in the editor: what its buttons do, and that nothing typed is lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.http import QueryDict
from hypothesis import given
from hypothesis import strategies as st

from automation.admin.segments.rule_acting import acted
from automation.admin.segments.rule_document import document_of, show_problems, tree_of
from automation.admin.segments.rule_offer import RuleOffer
from automation.admin.segments.rule_tree import MOST_NODES, Node, Tree, outermost, posted_tree
from automation.admin.segments.rule_words import typed_rule_words
from automation.segments.rules import MOST_CONDITIONS, MOST_DEPTH, BadRule, read_rule, rule_json
from contacts.models import ConsentDefinition, PointDefinition
from sites.models import Site
from tests.factories import ContactFieldFactory

OPTIONS = [{"id": "gold", "label": "Gold"}, {"id": "silver", "label": "Silver"}]
CITY = {"kind": "field", "field": "city", "operator": "eq", "value": "Malmö"}


def group(*items: dict[str, Any], match: str = "all") -> dict[str, Any]:
    return {"kind": "group", "match": match, "items": list(items)}


def rule(*items: dict[str, Any], exclude: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"include": group(*items), "exclude": exclude}


EVERYTHING = rule(
    CITY,
    {"kind": "field", "field": "first_name", "operator": "in", "value": ["Åsa", "Bo, Jr"]},
    {"kind": "field", "field": "birth_date", "operator": "before", "value": "1990-02-28"},
    {"kind": "field", "field": "created_at", "operator": "within_days", "value": 30},
    {"kind": "field", "field": "phone", "operator": "is_set"},
    {"kind": "field", "field": "attribute:_points", "operator": "ge", "value": "12.5"},
    group(
        {"kind": "field", "field": "attribute:tier", "operator": "not_in", "value": ["gold"]},
        {"kind": "field", "field": "attribute:vip", "operator": "is", "value": False},
        group({"kind": "preference", "channel": "sms", "is": "not_set"}, CITY),
        match="any",
    ),
    {"kind": "consent", "consent_id": "news", "is": "no"},
    exclude=group(
        {"kind": "email_status", "is": ["bounced", "banned"]},
        {"kind": "points", "definition": 7, "operator": "lt", "value": "100"},
        {
            "kind": "activity", "type": "orderPlaced", "operator": "at_least", "count": 2,
            "days": 90,
            "properties": [
                {"path": "total", "operator": "gt", "value": 99.5},
                {"path": "sku", "operator": "in", "value": ["a,b", "7", 7, 'say "x"']},
                {"path": "/lines/code", "operator": "eq", "value": "true"},
                {"path": "gift", "operator": "eq", "value": True},
                {"path": "note", "operator": "is_set"},
            ],
        },
        {"kind": "activity", "type": "signUp", "operator": "exactly", "count": 0, "days": None,
         "properties": []},
        match="any",
    ),
)  # fmt: skip


@pytest.fixture
def shop(site: Site) -> Site:
    """Has everything that `EVERYTHING` names."""
    ContactFieldFactory.create(site=site, field_id="tier", type="radio", options=OPTIONS)
    ContactFieldFactory.create(site=site, field_id="vip", name="VIP", type="boolean")
    ConsentDefinition.objects.create(site=site, consent_id="news", name="Newsletter")
    PointDefinition.objects.create(site=site, number=7, name="Stars")
    return site


def sent(tree: Tree) -> QueryDict:
    """Return what a browser sends of the tree."""
    data = QueryDict(mutable=True)

    def send(node: Node, parent: str) -> None:
        prefix = f"n{node.number}"
        data.appendlist("node", node.number)
        data[f"{prefix}-parent"] = parent
        for column in ("subject", "was", "match", "operator", "value", "day", "days", "lines",
                       "flag", "count"):  # fmt: skip
            data[f"{prefix}-{column}"] = getattr(node, column)
        data.setlist(f"{prefix}-chosen", node.chosen)
        for row in node.properties:
            data.appendlist(f"{prefix}-property", row.number)
            for column in ("path", "operator", "value"):
                data[f"{prefix}-p{row.number}-{column}"] = getattr(row, column)
        for item in node.items:
            send(item, node.number)

    for root in tree.roots():
        send(root, "")
    return data


def shape(node: Node) -> Any:
    return [shape(item) if item.is_group else item.number for item in node.items]


def small_tree() -> Tree:
    """1, (2, (3), 4), 5."""
    inner = Node(number="9", subject="group", items=[Node(number="3")])
    middle = Node(number="8", subject="group", items=[Node(number="2"), inner, Node(number="4")])
    include = outermost("include")
    include.items = [Node(number="1"), middle, Node(number="5")]
    return Tree(include=include)


@pytest.mark.django_db
def test_every_kind_of_condition_comes_back_from_the_page_as_it_was(shop: Site) -> None:
    offer = RuleOffer(shop)
    stored = rule_json(read_rule(EVERYTHING, shop))
    tree = posted_tree(sent(tree_of(stored, offer.form_of)))
    assert offer.fit(tree) == []
    assert rule_json(read_rule(document_of(tree, offer.form_of), shop)) == stored


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("100", 100), ("-0.5", -0.5), ("true", True), ('"7"', "7"), ("007", "007"),
        ("plain text", "plain text"), ("[1]", "[1]"), ("1e999", "1e999"), ("NaN", "NaN"),
        ("null", "null"), ("9" * 5_000, "9" * 5_000), ("[" * 100_000, "[" * 100_000),
    ],
)  # fmt: skip
def test_values_of_properties_are_read_as_they_look(site: Site, typed: str, value: Any) -> None:
    offer = RuleOffer(site)
    tree = tree_of(rule({"kind": "activity", "type": "x", "operator": "at_least", "count": 1,
                         "properties": [{"path": "p", "operator": "eq", "value": 1}]}),
                   offer.form_of)  # fmt: skip
    tree.include.items[0].properties[0].value = typed
    read = document_of(tree, offer.form_of)["include"]["items"][0]["properties"][0]["value"]
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("up-5", ["1", "5", ["2", ["3"], "4"]]),
        ("down-1", [["2", ["3"], "4"], "1", "5"]),
        ("up-1", ["1", ["2", ["3"], "4"], "5"]),
        ("in-5", ["1", ["2", ["3"], "4", "5"]]),
        ("in-1", ["1", ["2", ["3"], "4"], "5"]),
        ("in-4", ["1", ["2", ["3", "4"]], "5"]),
        ("out-3", ["1", ["2", [], "3", "4"], "5"]),
        ("out-2", ["1", [["3"], "4"], "2", "5"]),
        ("out-9", ["1", ["2", "4"], ["3"], "5"]),
        ("out-1", ["1", ["2", ["3"], "4"], "5"]),
        ("remove-9", ["1", ["2", "4"], "5"]),
        ("remove-8", ["1", "5"]),
        ("remove-include", ["1", ["2", ["3"], "4"], "5"]),
        ("condition-9", ["1", ["2", ["3", "10"], "4"], "5"]),
        ("condition-1", ["1", ["2", ["3"], "4"], "5"]),
        ("group-8", ["1", ["2", ["3"], "4", ["11"]], "5"]),
        ("up-77", ["1", ["2", ["3"], "4"], "5"]),
        ("explode-1", ["1", ["2", ["3"], "4"], "5"]),
        ("", ["1", ["2", ["3"], "4"], "5"]),
    ],
)
def test_buttons_change_the_tree(action: str, expected: Any) -> None:
    tree = small_tree()
    acted(tree, action)
    assert shape(tree.include) == expected


def test_the_exclusion_comes_and_goes_whole() -> None:
    tree = small_tree()
    assert acted(tree, "exclude") == "exclude"
    assert tree.exclude is not None
    assert shape(tree.exclude) == ["10"]
    acted(tree, "exclude")
    assert shape(tree.exclude) == ["10"]
    acted(tree, "remove-exclude")
    assert tree.exclude is None


def test_groups_end_at_the_depth_that_rules_have() -> None:
    tree = Tree(include=outermost("include"))
    at = "include"
    for _ in range(MOST_DEPTH + 3):
        at = acted(tree, f"group-{at}")
    groups = [node for node in tree.nodes() if node.is_group]
    assert len(groups) == MOST_DEPTH
    # Nor can a group be moved deeper than that.
    deepest = groups[-2]
    deepest.items.append(Node(number="900", subject="group"))
    acted(tree, "in-900")
    assert [item.number for item in deepest.items][-1] == "900"


def test_no_condition_is_added_beyond_the_most() -> None:
    tree = Tree(include=outermost("include"))
    for _ in range(MOST_CONDITIONS + 5):
        acted(tree, "condition-include")
    assert len(tree.include.items) == MOST_CONDITIONS
    assert tree.is_full()
    acted(tree, "exclude")
    assert tree.exclude is None


ACTIONS = ("condition", "group", "remove", "up", "down", "in", "out", "property", "exclude")
NUMBERS = st.one_of(st.sampled_from(["include", "exclude"]), st.integers(1, 12).map(str))


@given(st.lists(st.tuples(st.sampled_from(ACTIONS), NUMBERS), max_size=40))
def test_whatever_is_pressed_no_node_is_lost_or_doubled(pressed: list[tuple[str, str]]) -> None:
    tree = small_tree()
    for verb, number in pressed:
        before = sorted(node.number for node in tree.nodes())
        acted(tree, f"{verb}-{number}")
        after = sorted(node.number for node in tree.nodes())
        assert len(after) == len(set(after))
        if verb in ("up", "down", "in", "out", "property"):
            assert after == before
        assert all(
            tree.depth_of(node.number) <= MOST_DEPTH for node in tree.nodes() if node.is_group
        )
    again = posted_tree(sent(tree))
    assert [shape(root) for root in again.roots()] == [shape(root) for root in tree.roots()]
    assert again.left_out == 0


def test_what_was_sent_beyond_a_rule_is_counted_and_left_out() -> None:
    data = QueryDict(mutable=True)
    data.setlist("node", ["include", *map(str, range(1, 1_000))])
    for number in range(1, 1_000):
        data[f"n{number}-parent"] = "include"
    tree = posted_tree(data)
    assert len(tree.nodes()) <= MOST_NODES
    assert tree.left_out == 999 - len(tree.include.items)


def test_groups_sent_deeper_than_rules_go_are_left_out() -> None:
    data = QueryDict(mutable=True)
    data.setlist("node", list(map(str, range(1, 800))))
    for number in range(1, 800):
        data[f"n{number}-parent"] = str(number - 1) if number > 1 else "include"
        data[f"n{number}-subject"] = "group"
    tree = posted_tree(data)
    assert sum(node.is_group for node in tree.nodes()) == MOST_DEPTH
    assert tree.left_out == 799 - (MOST_DEPTH - 1)


@pytest.mark.parametrize(
    "nodes",
    [
        # A ring, a parent that comes later, a condition as a parent, names that are no numbers.
        {"1": ("2", "group"), "2": ("1", "group")},
        {"1": ("1", "group")},
        {"1": ("include", "field:city"), "2": ("1", "field:city")},
        {"-1": ("include", ""), "1e3": ("include", ""), "\u0661": ("include", ""), "x": ("", "")},
    ],
)
def test_no_ring_can_be_sent(nodes: dict[str, tuple[str, str]]) -> None:
    data = QueryDict(mutable=True)
    data.setlist("node", list(nodes))
    for number, (parent, subject) in nodes.items():
        data[f"n{number}-parent"], data[f"n{number}-subject"] = parent, subject
    assert len(posted_tree(data).nodes()) <= 2


@pytest.mark.django_db
def test_what_is_wrong_stands_beside_its_condition(shop: Site) -> None:
    offer = RuleOffer(shop)
    tree = tree_of(EVERYTHING, offer.form_of)
    by_subject = {node.subject: node for node in tree.nodes()}
    by_subject["field:birth_date"].day = "soon"
    by_subject["activity:orderPlaced"].properties[0].path = ""
    by_subject["points:7"].value = "many"
    with pytest.raises(BadRule) as refused:
        read_rule(document_of(tree, offer.form_of), shop)
    assert show_problems(tree, refused.value.problems) == []
    assert "Give a day" in by_subject["field:birth_date"].errors[0]
    assert "Name the property" in by_subject["activity:orderPlaced"].properties[0].errors[0]
    assert "Give a number" in by_subject["points:7"].errors[0]
    assert sum(bool(node.errors) for node in tree.nodes()) == 2


@pytest.mark.django_db
def test_the_words_leave_out_what_is_not_complete(site: Site) -> None:
    offer = RuleOffer(site)
    tree = tree_of(rule(CITY, group({**CITY, "value": "Lund"}, match="any")), offer.form_of)
    acted(tree, "condition-include")
    acted(tree, "group-include")
    words, incomplete = typed_rule_words(tree, offer, site)
    assert (words, incomplete) == ("City is “Malmö” and City is “Lund”.", 2)
    assert len(tree.nodes()) == 7


@pytest.mark.django_db
def test_another_subject_keeps_what_was_typed_where_it_fits(shop: Site) -> None:
    offer = RuleOffer(shop)
    tree = tree_of(rule(CITY), offer.form_of)
    node = tree.include.items[0]
    node.operator, node.subject = "starts_with", "field:last_name"
    assert offer.fit(tree) == [node]
    assert (node.operator, node.value) == ("starts_with", "Malmö")
    node.subject = "field:birth_date"
    offer.fit(tree)
    assert (node.operator, node.value) == ("within_days", "Malmö")
    node.subject = "activity:orderPlaced"
    offer.fit(tree)
    assert (node.operator, node.count) == ("at_least", "1")


@pytest.mark.django_db
def test_numbers_keep_every_digit(site: Site) -> None:
    offer = RuleOffer(site)
    precise = "123456789012345.0123456789"
    stored = rule({"kind": "field", "field": "attribute:_points", "operator": "gt",
                   "value": precise})  # fmt: skip
    tree = posted_tree(sent(tree_of(stored, offer.form_of)))
    condition = read_rule(document_of(tree, offer.form_of), site).conditions[0]
    assert getattr(condition, "value", None) == Decimal(precise)
