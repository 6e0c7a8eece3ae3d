"""The rule of a segment as a tree on the page: what is typed in it, and how it is sent and read.

Every node has a number of its own, `node`, listed in the order of the page; its inputs are named
`n<number>-<column>` and `n<number>-parent` says in which group it stands. The two outermost groups
are called by name, `include` and `exclude`. What is typed is kept as it was typed, fitting or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from django.http import QueryDict

from automation.segments.activity_reading import MOST_PROPERTIES
from automation.segments.rules import MOST_CONDITIONS, MOST_DEPTH

INCLUDE: Final = "include"
EXCLUDE: Final = "exclude"
GROUP: Final = "group"
# Groups hold conditions, so that there is no use in many more of them.
MOST_NODES: Final = 3 * MOST_CONDITIONS
_TEXTS: Final = (
    "subject", "was", "match", "operator", "value", "day", "days", "lines", "flag", "count",
)  # fmt: skip
# Longer than all values of one condition can be.
_LONGEST: Final = 120_000
_NUMBER: Final = re.compile("[0-9]{1,6}")


@dataclass(slots=True, kw_only=True)
class PropertyRow:
    """A property of an activity: where it stands, and what it must be."""

    number: str
    path: str = ""
    operator: str = "eq"
    value: str = ""
    errors: list[str] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class Node:
    """A group with its items, or a condition.

    `subject` says what the condition is about, empty until that is chosen; `was` is the subject
    whose inputs were on the page when it was sent. Of `value`, `day`, `days`, `lines` (one value a
    line), `flag` (yes or no) and `chosen` (ticked options) the operator uses one.
    """

    number: str
    subject: str = ""
    was: str = ""
    match: str = "all"
    operator: str = ""
    value: str = ""
    day: str = ""
    days: str = ""
    lines: str = ""
    flag: str = ""
    count: str = ""
    chosen: list[str] = field(default_factory=list)
    properties: list[PropertyRow] = field(default_factory=list)
    items: list[Node] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    @property
    def is_group(self) -> bool:
        return self.subject == GROUP

    def walk(self) -> Iterator[Node]:
        """Yield the node and all that stands in it, in the order of the page."""
        yield self
        for item in self.items:
            yield from item.walk()


@dataclass(slots=True, kw_only=True)
class Tree:
    """Both outermost groups; `left_out` counts what was sent beyond what a rule may have."""

    include: Node
    exclude: Node | None = None
    left_out: int = 0

    def roots(self) -> list[Node]:
        return [self.include] if self.exclude is None else [self.include, self.exclude]

    def nodes(self) -> list[Node]:
        return [node for root in self.roots() for node in root.walk()]

    def node(self, number: str) -> Node | None:
        return next((node for node in self.nodes() if node.number == number), None)

    def group_of(self, number: str) -> Node | None:
        """Return the group in which the node stands, None for an outermost one."""
        return next(
            (node for node in self.nodes() if any(item.number == number for item in node.items)),
            None,
        )

    def depth_of(self, number: str) -> int:
        """Return how deep a group stands, 1 for an outermost one."""
        depth, group = 1, self.group_of(number)
        while group is not None:
            depth, group = depth + 1, self.group_of(group.number)
        return depth

    def next_number(self) -> str:
        numbers = [int(node.number) for node in self.nodes() if node.number.isdecimal()]
        return str(max(numbers, default=0) + 1)

    def is_full(self) -> bool:
        conditions = sum(not node.is_group for node in self.nodes())
        return conditions >= MOST_CONDITIONS or len(self.nodes()) >= MOST_NODES


def outermost(name: str) -> Node:
    return Node(number=name, subject=GROUP, match="all" if name == INCLUDE else "any")


def posted_tree(data: QueryDict) -> Tree:
    """Return the tree that was sent; a parent comes before its items, so that no ring can form."""
    include = outermost(INCLUDE)
    include.match = data.get(f"n{INCLUDE}-match", "all")
    tree = Tree(include=include)
    placed: dict[str, tuple[Node, int]] = {INCLUDE: (include, 1)}
    for number in dict.fromkeys(data.getlist("node")):
        if number == EXCLUDE:
            tree.exclude = outermost(EXCLUDE)
            tree.exclude.match = data.get(f"n{EXCLUDE}-match", "any")
            placed[EXCLUDE] = (tree.exclude, 1)
        if not _NUMBER.fullmatch(number):
            continue
        parent, depth = placed.get(data.get(f"n{number}-parent", ""), (None, 0))
        node = _posted_node(data, number)
        too_deep = node.is_group and depth >= MOST_DEPTH
        if parent is None or not parent.is_group or too_deep or len(placed) >= MOST_NODES:
            tree.left_out += 1
            continue
        parent.items.append(node)
        placed[number] = (node, depth + 1)
    return tree


def _posted_node(data: QueryDict, number: str) -> Node:
    node = Node(number=number, chosen=data.getlist(f"n{number}-chosen"))
    for column in _TEXTS:
        typed = data.get(f"n{number}-{column}", getattr(node, column))
        setattr(node, column, typed.replace("\0", "")[:_LONGEST])
    for place in list(dict.fromkeys(data.getlist(f"n{number}-property")))[:MOST_PROPERTIES]:
        if not _NUMBER.fullmatch(place):
            continue
        prefix = f"n{number}-p{place}"
        node.properties.append(
            PropertyRow(
                number=place,
                path=data.get(f"{prefix}-path", ""),
                operator=data.get(f"{prefix}-operator", "eq"),
                value=data.get(f"{prefix}-value", ""),
            )
        )
    return node
