"""Between the tree on the page and the JSON of a rule; and what is wrong, in its place."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from automation.admin.segments.rule_tree import (
    EXCLUDE,
    GROUP,
    INCLUDE,
    Node,
    PropertyRow,
    Tree,
    outermost,
)
from automation.segments.operators import ValueForm

# The form of the value of each operator of the field with this name in rules.
FormOf = Callable[[str, str], ValueForm]
UNSAID: Final = "Choose what this condition is about."
_LISTED: Final = re.compile(r'\s*("(?:[^"\\]|\\.)*"|[^,]+)\s*(?:,|$)')
_WHOLE: Final = re.compile(r"[0-9]{1,9}")


# -- from the page ---------------------------------------------------------------------------------


def document_of(tree: Tree, form_of: FormOf) -> dict[str, Any]:
    """Return the rule that the tree says; what does not fit is in it as it was typed."""
    return {
        "include": _group(tree.include, form_of),
        "exclude": None if tree.exclude is None else _group(tree.exclude, form_of),
    }


def _group(node: Node, form_of: FormOf) -> dict[str, Any]:
    items = [
        _group(item, form_of) if item.is_group else _condition(item, form_of) for item in node.items
    ]
    return {"kind": "group", "match": node.match, "items": items}


def _condition(node: Node, form_of: FormOf) -> dict[str, Any]:
    kind, _, about = node.subject.partition(":")
    said = _SAYERS.get(kind)
    return {"kind": kind} | (said(node, about, form_of) if said is not None else {})


def _field(node: Node, about: str, form_of: FormOf) -> dict[str, Any]:
    return {"field": about, **_compared(node, form_of(about, node.operator))}


def _points(node: Node, about: str, form_of: FormOf) -> dict[str, Any]:
    return {
        "definition": _whole(about),
        "operator": node.operator,
        "value": node.value.strip(),
    }


def _activity(node: Node, about: str, form_of: FormOf) -> dict[str, Any]:
    return {
        "type": about,
        "operator": node.operator,
        "count": _whole(node.count),
        "days": _whole(node.days) if node.days.strip() else None,
        "properties": [_property(row) for row in node.properties],
    }


_SAYERS: Final[Mapping[str, Callable[[Node, str, FormOf], dict[str, Any]]]] = {
    "field": _field,
    "preference": lambda node, about, _: {"channel": about, "is": node.operator},
    "consent": lambda node, about, _: {"consent_id": about, "is": node.operator},
    "email_status": lambda node, about, _: {"is": node.chosen},
    "points": _points,
    "activity": _activity,
}


def _compared(node: Node, form: ValueForm) -> dict[str, Any]:
    values: Mapping[ValueForm, Any] = {
        ValueForm.TEXT: node.value.strip(),
        ValueForm.NUMBER: node.value.strip(),
        ValueForm.TEXTS: [line.strip() for line in node.lines.splitlines() if line.strip()],
        ValueForm.DAY: node.day.strip(),
        ValueForm.DAYS: _whole(node.days),
        ValueForm.BOOLEAN: {"yes": True, "no": False}.get(node.flag),
        ValueForm.OPTIONS: node.chosen,
    }
    compared: dict[str, Any] = {"operator": node.operator}
    return compared | ({"value": values[form]} if form in values else {})


def _property(row: PropertyRow) -> dict[str, Any]:
    compared: dict[str, Any] = {"path": row.path.strip(), "operator": row.operator}
    if row.operator == "is_set":
        return compared
    if row.operator == "in":
        return compared | {"value": [_plain(part) for part in _LISTED.findall(row.value)]}
    return compared | {"value": _plain(row.value)}


def _plain(text: str) -> Any:
    """Return a number, true or false as such, what stands in quotes and all else as text."""
    text = text.strip()
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if isinstance(value, float) and not math.isfinite(value):
        return text
    return value if isinstance(value, bool | int | float | str) else text


def _whole(text: str) -> int | str:
    text = text.strip()
    return int(text) if _WHOLE.fullmatch(text) else text


# -- to the page -----------------------------------------------------------------------------------


def tree_of(document: Mapping[str, Any], form_of: FormOf) -> Tree:
    """Return the tree of a stored rule."""
    tree = Tree(include=outermost(INCLUDE))
    _fill(tree, tree.include, document.get("include") or {}, form_of)
    if document.get("exclude"):
        tree.exclude = outermost(EXCLUDE)
        _fill(tree, tree.exclude, document["exclude"], form_of)
    return tree


def _fill(tree: Tree, node: Node, group: Mapping[str, Any], form_of: FormOf) -> None:
    node.match = group.get("match", node.match)
    for item in group.get("items", ()):
        made = Node(number=tree.next_number())
        node.items.append(made)
        if item["kind"] == GROUP:
            made.subject = GROUP
            _fill(tree, made, item, form_of)
        else:
            _show(made, item, form_of)


def _show(node: Node, condition: Mapping[str, Any], form_of: FormOf) -> None:
    kind = condition["kind"]
    about = next((condition[name] for name in _ABOUT.get(kind, ()) if name in condition), "")
    node.subject = node.was = f"{kind}:{about}" if kind in _ABOUT else kind
    answer = condition.get("is", "")
    node.operator = condition.get("operator", answer if isinstance(answer, str) else "")
    if kind == "field":
        _show_value(node, condition.get("value"), form_of(str(about), node.operator))
    elif kind == "email_status":
        node.chosen = list(answer)
    elif kind == "points":
        node.value = str(condition["value"])
    elif kind == "activity":
        node.count = str(condition["count"])
        node.days = "" if condition.get("days") is None else str(condition["days"])
        node.properties = [
            PropertyRow(
                number=str(place),
                path=row["path"],
                operator=row["operator"],
                value=_listed_text(row["operator"], row.get("value")),
            )
            for place, row in enumerate(condition.get("properties", ()))
        ]


_ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "field": ("field",),
    "preference": ("channel",),
    "consent": ("consent_id",),
    "points": ("definition",),
    "activity": ("type",),
}


def _show_value(node: Node, value: Any, form: ValueForm) -> None:
    if form in (ValueForm.TEXT, ValueForm.NUMBER):
        node.value = str(value)
    elif form is ValueForm.TEXTS:
        node.lines = "\n".join(str(each) for each in value)
    elif form is ValueForm.DAY:
        node.day = str(value)
    elif form is ValueForm.DAYS:
        node.days = str(value)
    elif form is ValueForm.BOOLEAN:
        node.flag = "yes" if value else "no"
    elif form is ValueForm.OPTIONS:
        node.chosen = [str(each) for each in value]


def _listed_text(operator: str, value: Any) -> str:
    if operator == "is_set":
        return ""
    if isinstance(value, list):
        return ", ".join(_plain_text(each, is_listed=True) for each in value)
    return _plain_text(value)


def _plain_text(value: Any, *, is_listed: bool = False) -> str:
    """Return the text that `_plain` reads as this value."""
    is_safe = isinstance(value, str) and not (is_listed and ("," in value or '"' in value))
    if is_safe and _plain(value) == value:
        return str(value)
    return json.dumps(value, ensure_ascii=False)


# -- what is wrong ---------------------------------------------------------------------------------


def show_problems(tree: Tree, problems: Sequence[tuple[str, str]]) -> list[str]:
    """Put each sentence beside the node or the property it is about; return the others."""
    places = dict(_places(tree))
    left = []
    for place, sentence in problems:
        found = place
        while found and found not in places:
            found = found.rpartition(".")[0]
        if found:
            target = places[found]
            said = UNSAID if isinstance(target, Node) and not target.subject else sentence
            if said not in target.errors:
                target.errors.append(said)
        else:
            left.append(sentence)
    return left


def _places(tree: Tree) -> list[tuple[str, Node | PropertyRow]]:
    found: list[tuple[str, Node | PropertyRow]] = []
    waiting = [(root.number, root) for root in tree.roots()]
    while waiting:
        place, node = waiting.pop()
        found.append((place, node))
        found += [
            (f"{place}.properties.{number}", row) for number, row in enumerate(node.properties)
        ]
        waiting += [(f"{place}.items.{number}", item) for number, item in enumerate(node.items)]
    return found
