"""Loops are cut by depth: what a workflow does may set off another, or the same one again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

MOST_DEPTH: Final = 5
TOO_DEEP: Final = (
    f"Stopped before its first step: {MOST_DEPTH} workflows had set each other off one after the "
    "other. Look for workflows that change what sets them off, and give one of them a condition."
)

_depth: ContextVar[int] = ContextVar("workflow_depth", default=0)


def current_depth() -> int:
    """Return how many workflows led to what happens now."""
    return _depth.get()


@contextmanager
def at_depth(depth: int) -> Iterator[None]:
    token = _depth.set(depth)
    try:
        yield
    finally:
        _depth.reset(token)
