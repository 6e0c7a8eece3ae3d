"""A JSON body as lines of a page, each value with the pointer that finds it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from integrations.json_values import decimal_text

MOST_LINES: Final = 400
_LONGEST_VALUE: Final = 160
_DEEPEST_INDENT: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyLine:
    """`before` and `after` stand around `value`; without a pointer there is nothing to click."""

    before: str
    value: str = ""
    pointer: str | None = None
    after: str = ""


def body_lines(document: Any) -> tuple[list[BodyLine], bool]:
    """Return the first lines of the document, and whether there are more."""
    lines: list[BodyLine] = []
    for line in _lines(document, "", "", 0, ""):
        if len(lines) == MOST_LINES:
            return lines, True
        lines.append(line)
    return lines, False


def _lines(value: Any, pointer: str, label: str, depth: int, comma: str) -> Iterator[BodyLine]:
    before = "  " * min(depth, _DEEPEST_INDENT) + label
    if isinstance(value, dict) and value:
        yield BodyLine(before=before + "{")
        yield from _items(
            [(json.dumps(key, ensure_ascii=False) + ": ", _escaped(key), item)
             for key, item in value.items()], pointer, depth,
        )  # fmt: skip
        yield BodyLine(before="  " * min(depth, _DEEPEST_INDENT) + "}" + comma)
    elif isinstance(value, list) and value and not _is_plain(value):
        yield BodyLine(before=before + "[")
        yield from _items(
            [("", str(index), item) for index, item in enumerate(value)], pointer, depth
        )
        yield BodyLine(before="  " * min(depth, _DEEPEST_INDENT) + "]" + comma)
    else:
        yield BodyLine(before=before, value=_shown(value), pointer=pointer, after=comma)


def _items(items: list[tuple[str, str, Any]], pointer: str, depth: int) -> Iterator[BodyLine]:
    for place, (label, token, item) in enumerate(items, start=1):
        comma = "," if place < len(items) else ""
        yield from _lines(item, f"{pointer}/{token}", label, depth + 1, comma)


def _is_plain(value: list[Any]) -> bool:
    """Say whether a list is a value by itself, as a checkbox takes it: a few texts."""
    return len(value) <= 10 and all(isinstance(item, str) for item in value)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _shown(value: Any) -> str:
    if isinstance(value, Decimal):
        return decimal_text(value)
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"
