"""What the buttons of the rule do to its tree: each is a word and the number of a node."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from automation.admin.segments.rule_tree import (
    EXCLUDE,
    GROUP,
    INCLUDE,
    Node,
    PropertyRow,
    Tree,
    outermost,
)
from automation.segments.activity_reading import MOST_PROPERTIES
from automation.segments.rules import MOST_DEPTH


def acted(tree: Tree, action: str) -> str:
    """Change the tree as the button says; return the number of the node to look at.

    A button of a page that is out of date does nothing.
    """
    verb, _, number = action.partition("-")
    number, _, place = number.partition("-")
    if verb == "exclude":
        return _add_exclusion(tree)
    act = _ACTS.get(verb)
    node = tree.node(number)
    if act is None or node is None:
        return ""
    return act(tree, node, place)


def _add_exclusion(tree: Tree) -> str:
    if tree.exclude is None and not tree.is_full():
        tree.exclude = outermost(EXCLUDE)
        tree.exclude.items = [Node(number=tree.next_number())]
    return EXCLUDE


def _add_condition(tree: Tree, group: Node, place: str) -> str:
    if not group.is_group or tree.is_full():
        return group.number
    made = Node(number=tree.next_number())
    group.items.append(made)
    return made.number


def _add_group(tree: Tree, group: Node, place: str) -> str:
    if not group.is_group or tree.is_full() or tree.depth_of(group.number) >= MOST_DEPTH:
        return group.number
    # The other way round than what it stands in: a group of the same kind would say nothing new.
    match = "any" if group.match == "all" else "all"
    made = Node(number=tree.next_number(), subject=GROUP, match=match)
    group.items.append(made)
    made.items = [Node(number=tree.next_number())]
    return made.number


def _remove(tree: Tree, node: Node, place: str) -> str:
    if node.number == EXCLUDE:
        tree.exclude = None
        return INCLUDE
    group = tree.group_of(node.number)
    if group is None:
        return INCLUDE
    group.items.remove(node)
    return group.number


def _move(tree: Tree, node: Node, by: int) -> str:
    group = tree.group_of(node.number)
    if group is not None:
        here = group.items.index(node)
        there = here + by
        if 0 <= there < len(group.items):
            group.items[here], group.items[there] = group.items[there], group.items[here]
    return node.number


def _move_in(tree: Tree, node: Node, place: str) -> str:
    """Put the node at the end of the group that stands before it."""
    group = tree.group_of(node.number)
    target = group_before(tree, node)
    if group is not None and target is not None:
        group.items.remove(node)
        target.items.append(node)
    return node.number


def _move_out(tree: Tree, node: Node, place: str) -> str:
    """Put the node behind the group in which it stands."""
    group = tree.group_of(node.number)
    around = tree.group_of(group.number) if group is not None else None
    if group is not None and around is not None:
        group.items.remove(node)
        around.items.insert(around.items.index(group) + 1, node)
    return node.number


def group_before(tree: Tree, node: Node) -> Node | None:
    """Return the group right before the node, unless the node is too deep to stand in it."""
    group = tree.group_of(node.number)
    if group is None:
        return None
    here = group.items.index(node)
    before = group.items[here - 1] if here else None
    if before is None or not before.is_group:
        return None
    fits = tree.depth_of(before.number) + _height(node) <= MOST_DEPTH
    return before if fits else None


def _height(node: Node) -> int:
    """Return how many groups stand in one another, the node included."""
    if not node.is_group:
        return 0
    return 1 + max((_height(item) for item in node.items), default=0)


def _add_property(tree: Tree, node: Node, place: str) -> str:
    if len(node.properties) < MOST_PROPERTIES:
        number = max((int(row.number) for row in node.properties), default=-1) + 1
        node.properties.append(PropertyRow(number=str(number)))
    return node.number


def _drop_property(tree: Tree, node: Node, place: str) -> str:
    node.properties = [row for row in node.properties if row.number != place]
    return node.number


_ACTS: Final[Mapping[str, Callable[[Tree, Node, str], str]]] = {
    "condition": _add_condition,
    "group": _add_group,
    "remove": _remove,
    "up": lambda tree, node, place: _move(tree, node, -1),
    "down": lambda tree, node, place: _move(tree, node, 1),
    "in": _move_in,
    "out": _move_out,
    # The subject is fitted whatever button was pressed; this one does nothing else.
    "change": lambda tree, node, place: node.number,
    "property": _add_property,
    "drop": _drop_property,
}
