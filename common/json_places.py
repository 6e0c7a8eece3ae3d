"""Where in a refused JSON text the fault is. Slow and exact; runs only for refusals."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

# A place is an offset in characters; 0 when it cannot be found.
TextPlace: TypeAlias = Callable[[str], int]

ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|.)", re.DOTALL)
_TOKEN: Final = re.compile(
    r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}:,]|-?Infinity|NaN|-?[0-9][0-9.eE+-]*', re.DOTALL
)


def _tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each token, offset and the depth it is at; an opening bracket counts itself."""
    depth = 0
    for match in _TOKEN.finditer(text):
        part = match[0]
        depth += part in "[{"
        yield part, match.start(), depth
        depth -= part in "]}"


def token_place(text: str, is_wanted: Callable[[str, int], bool]) -> int:
    """Return the offset of the first token for which `is_wanted(part, depth)` holds."""
    return next((at for part, at, depth in _tokens(text) if is_wanted(part, depth)), 0)


def key_place(text: str, is_wanted: Callable[[str, set[str]], bool]) -> int:
    """Return the offset of the first key for which `is_wanted(key, keys before it)` holds."""
    keys: list[set[str]] = []
    last = ("", 0)
    for part, at, _ in _tokens(text):
        if part in "[{":
            keys.append(set())
        elif part in "]}":
            keys.pop()
        elif part == ":":
            # Decoded, because "a" and "\u0061" are one key.
            key = json.loads(last[0])
            if is_wanted(key, keys[-1]):
                return last[1]
            keys[-1].add(key)
        last = (part, at)
    return 0
