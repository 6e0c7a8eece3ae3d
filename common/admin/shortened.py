"""Sentences in the cells of a list: their beginning, which is all that a cell has room for."""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 120


def shortened(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
