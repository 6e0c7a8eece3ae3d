"""Sentences in the cells of a list: their beginning, which is all that a cell has room for."""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 120
# A word that is cut for it is longer than what is left out otherwise.
_LONGEST_WORD: Final = 30


def shortened(text: str) -> str:
    """Return the text if it is short, else its beginning, which ends with a whole word."""
    if len(text) <= _LONGEST:
        return text
    last_blank = text.rfind(" ", _LONGEST - _LONGEST_WORD, _LONGEST)
    end = last_blank if last_blank > 0 else _LONGEST - 1
    return f"{text[:end].rstrip(' .,;:')}…"
