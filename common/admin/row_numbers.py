"""Numbers of rows in forms: they come back with the form, and so may be anything."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_NUMBER: Final = re.compile("[0-9]{1,6}")


def row_number(text: str) -> int | None:
    """Return the number, or None for what is none of ours."""
    return int(text) if _NUMBER.fullmatch(text) else None


def next_row_number(numbers: Iterable[str]) -> str:
    """Return a number that none of the rows has."""
    known = (row_number(number) for number in numbers)
    return str(max((number for number in known if number is not None), default=-1) + 1)
