"""A tree of the rule as its templates draw it: which inputs each condition has, and its buttons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from automation.admin.segments.rule_acting import group_before
from automation.admin.segments.rule_offer import (
    ACTIVITY,
    OfferedOperator,
    OfferedOption,
    RuleOffer,
    SampleShown,
)
from automation.admin.segments.rule_tree import (
    EXCLUDE,
    INCLUDE,
    Node,
    PropertyRow,
    Tree,
)
from automation.segments.activity_reading import MOST_PROPERTIES
from automation.segments.rules import MOST_DEPTH

_MOST_LINES: Final = 8
_LEADS: Final[Mapping[str, tuple[str, str]]] = {
    INCLUDE: ("Contacts of whom", "these hold:"),
    EXCLUDE: ("But not those of whom", "these hold:"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownOption:
    id: str
    label: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownNode:
    """`inputs` names the inputs that some operator of the condition uses; `gone` is a subject
    that the site has no more. `called` is how buttons name the node to who hears them.
    """

    number: str
    parent: str
    depth: int
    is_group: bool
    errors: Sequence[str]
    called: str
    moves: Mapping[str, bool]
    # Of a group.
    match: str = "all"
    lead: str = ""
    tail: str = ""
    legend: str = ""
    nothing: str = ""
    may_nest: bool = False
    items: Sequence[ShownNode] = ()
    # Of a condition.
    subject: str = ""
    gone: bool = False
    operator: str = ""
    operators: Sequence[OfferedOperator] = ()
    inputs: Mapping[str, bool] = field(default_factory=dict)
    value: str = ""
    day: str = ""
    days: str = ""
    lines: str = ""
    line_count: int = 3
    flag: str = ""
    count: str = ""
    options: Sequence[ShownOption] = ()
    properties: Sequence[PropertyRow] = ()
    may_add_property: bool = True
    samples: Sequence[SampleShown] = ()


def shown_rule(tree: Tree, offer: RuleOffer) -> dict[str, Any]:
    """Return what the templates need of the rule."""
    return {
        "include": _group(tree, tree.include, offer, "", 1),
        "exclude": None if tree.exclude is None else _group(tree, tree.exclude, offer, "", 1),
        "is_full": tree.is_full(),
        "left_out": tree.left_out,
        "subjects": offer.subjects,
        "matches": offer.matches,
        "property_operators": offer.property_operators,
    }


def _group(tree: Tree, node: Node, offer: RuleOffer, parent: str, depth: int) -> ShownNode:
    lead, tail = _LEADS.get(node.number, ("A group of which", "these hold:"))
    items = []
    for place, item in enumerate(node.items):
        moves = _moves(tree, node, place)
        if item.is_group:
            items.append(_group(tree, item, offer, node.number, depth + 1))
        else:
            items.append(_condition(item, offer, node.number, depth, moves))
    around = tree.group_of(node.number) if parent else None
    return ShownNode(
        number=node.number,
        parent=parent,
        depth=depth,
        is_group=True,
        errors=node.errors,
        called="the group",
        moves=_moves(tree, around, around.items.index(node)) if around else {},
        match=node.match,
        lead=lead,
        tail=tail,
        legend=f"Group {node.number}" if parent else lead,
        nothing=_nothing(node.number),
        may_nest=depth < MOST_DEPTH,
        items=items,
    )


def _nothing(number: str) -> str:
    if number == INCLUDE:
        return "No condition yet: every contact of the site is in the segment."
    if number == EXCLUDE:
        return "No condition yet: nobody is left out."
    return "Nothing in this group yet. Add a condition, or remove the group."


def _moves(tree: Tree, group: Node, place: int) -> dict[str, bool]:
    return {
        "up": place > 0,
        "down": place < len(group.items) - 1,
        "into": group_before(tree, group.items[place]) is not None,
        "out": group.number not in (INCLUDE, EXCLUDE),
        "remove": True,
    }


def _condition(
    node: Node, offer: RuleOffer, parent: str, depth: int, moves: Mapping[str, bool]
) -> ShownNode:
    about = offer.about(node.subject)
    kind, _, name = node.subject.partition(":")
    return ShownNode(
        number=node.number,
        parent=parent,
        depth=depth,
        is_group=False,
        errors=node.errors,
        called=about.label or "the condition",
        moves=moves,
        subject=node.subject,
        gone=bool(node.subject) and not offer.has(node.subject),
        operator=node.operator,
        operators=about.operators,
        inputs=dict.fromkeys(about.inputs, True),
        value=node.value,
        day=node.day,
        days=node.days,
        lines=node.lines,
        line_count=min(max(node.lines.count("\n") + 2, 3), _MOST_LINES),
        flag=node.flag,
        count=node.count,
        options=_options(node, about.options),
        properties=node.properties,
        may_add_property=len(node.properties) < MOST_PROPERTIES,
        samples=offer.samples(name) if kind == ACTIVITY else (),
    )


def _options(node: Node, offered: Sequence[OfferedOption]) -> list[ShownOption]:
    """Return the options, and what was chosen and is none any more, so that nothing is lost."""
    known = {option.id for option in offered}
    gone = [
        OfferedOption(id=each, label=f"{each} (gone)") for each in node.chosen if each not in known
    ]
    if not offered:
        return []
    return [
        ShownOption(id=option.id, label=option.label, is_chosen=option.id in node.chosen)
        for option in (*offered, *gone)
    ]
