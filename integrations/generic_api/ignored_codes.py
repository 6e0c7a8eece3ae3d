"""*Ignore HTTP response codes*: codes and ranges such as `404, 409, 500-599`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

Range = tuple[int, int]

LOWEST: Final = 100
HIGHEST: Final = 599
# Even if each is a range, so many fit into the column.
MOST_PARTS: Final = 50
_LONGEST_TEXT: Final = 2_000
# The one code that means success in both calls: to list it would say nothing. 201 is none for a
# look-up, 404 none for a write.
_ALWAYS_SUCCESS: Final = 200
_DASH: Final = re.compile(r"\s*[-\u2013\u2014]\s*")
_SEPARATOR: Final = re.compile(r"[\s,;]+")
_PART: Final = re.compile(r"([0-9]{3})(?:-([0-9]{3}))?")
_LONGEST_QUOTE: Final = 20


def normalise_codes(text: str) -> str:
    """Return the codes sorted, those that touch or overlap merged, 200 left out; "" for none.

    Commas, semicolons and white space separate; spaces around a dash are allowed. Raises
    ValueError with a sentence that quotes the part to correct.
    """
    if len(text) > _LONGEST_TEXT:
        raise ValueError(f"This is longer than {_LONGEST_TEXT} characters. Use ranges: 500-599.")
    parts = [part for part in _SEPARATOR.split(_DASH.sub("-", text)) if part]
    ranges = list(_merged(_without_success(_read(part) for part in parts)))
    if len(ranges) > MOST_PARTS:
        raise ValueError(
            f"These are {len(ranges)} separate codes and ranges; at most {MOST_PARTS} are taken. "
            "Use wider ranges, such as 500-599."
        )
    return ", ".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def is_ignored(codes: str, status: int) -> bool:
    """Return whether the status is on the list; a list that cannot be read ignores nothing."""
    return any(low <= status <= high for low, high in _stored_ranges(codes))


@lru_cache(maxsize=512)
def _stored_ranges(codes: str) -> tuple[Range, ...]:
    try:
        return tuple(_read(part) for part in _SEPARATOR.split(codes) if part)
    except ValueError:
        return ()


def _read(part: str) -> Range:
    quoted = f"“{part[:_LONGEST_QUOTE]}”"
    match = _PART.fullmatch(part)
    if match is None:
        raise ValueError(
            f"{quoted} is no code and no range. Write codes such as 404, and ranges such as "
            "500-599, separated by commas."
        )
    low = int(match[1])
    high = int(match[2] or low)
    if low > high:
        raise ValueError(f"{quoted} runs backwards. Write {high}-{low}.")
    if low < LOWEST or high > HIGHEST:
        raise ValueError(f"{quoted} is outside {LOWEST} to {HIGHEST}; there are no such codes.")
    return low, high


def _without_success(ranges: Iterable[Range]) -> Iterable[Range]:
    for low, high in ranges:
        if low <= _ALWAYS_SUCCESS <= high:
            yield low, _ALWAYS_SUCCESS - 1
            yield _ALWAYS_SUCCESS + 1, high
        else:
            yield low, high


def _merged(ranges: Iterable[Range]) -> Iterable[Range]:
    current: Range | None = None
    for low, high in sorted(each for each in ranges if each[0] <= each[1]):
        if current is None:
            current = (low, high)
        elif low <= current[1] + 1:
            current = (current[0], max(current[1], high))
        else:
            yield current
            current = (low, high)
    if current is not None:
        yield current
