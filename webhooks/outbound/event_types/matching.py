"""Which event types a list of patterns means: exact names, `contact.*`, and `*` for all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from webhooks.outbound.event_types.event_type import LONGEST_KEY

EVERYTHING: Final = "*"
_BELOW: Final = ".*"
MOST_PATTERNS: Final = 200
# Vendors name events as they like, so a name may hold anything but blanks at its ends and
# control characters.
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


def matches(patterns: Sequence[str], event_type: str) -> bool:
    """Say whether the type is meant; no patterns mean every type.

    `contact.*` means every type that begins with `contact.`, however many parts follow.
    """
    if not patterns:
        return True
    return any(
        pattern in (EVERYTHING, event_type)
        or (pattern.endswith(_BELOW) and event_type.startswith(pattern[:-1]))
        for pattern in patterns
    )


def check_patterns(patterns: Any) -> list[str]:
    """Return the patterns without repeats, as given; raises ValueError with a sentence."""
    if not isinstance(patterns, list | tuple) or not all(
        isinstance(each, str) for each in patterns
    ):
        raise ValueError("Event types are a list of names.")
    checked = list(dict.fromkeys(each.strip() for each in patterns if each.strip()))
    if len(checked) > MOST_PATTERNS:
        raise ValueError(f"More than {MOST_PATTERNS} event types; use a wildcard such as contact.*")
    for pattern in checked:
        _check(pattern)
    return [EVERYTHING] if EVERYTHING in checked else checked


def _check(pattern: str) -> None:
    shown = pattern[:60]
    if len(pattern) > LONGEST_KEY:
        raise ValueError(f"“{shown}…” is longer than {LONGEST_KEY} characters.")
    if _CONTROL.search(pattern):
        raise ValueError("An event type holds a character that cannot be printed.")
    stem = pattern.removesuffix(_BELOW)
    if pattern != EVERYTHING and ("*" in stem or not stem):
        raise ValueError(
            f"“{shown}”: a star stands alone or after the last full stop, as in contact.*"
        )
