"""A payload read in either casing: Engage writes `contactId` in most events, `ContactId` in one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

ABSENT: Final = object()


class Payload:
    """One payload object; keys are asked for in camelCase."""

    __slots__ = ("_raw",)

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw

    def get(self, key: str, default: Any = None) -> Any:
        value = self._raw.get(key, ABSENT)
        if value is ABSENT:
            value = self._raw.get(key[0].upper() + key[1:], default)
        return value

    def first(self, *keys: str) -> Any:
        """Return the value of the first key that is there and not null, else None."""
        for key in keys:
            value = self.get(key)
            if value is not None:
                return value
        return None

    def items(self) -> Iterator[tuple[str, Any]]:
        """Yield every key in camelCase with its value."""
        for key, value in self._raw.items():
            yield key[:1].lower() + key[1:], value
