"""A payload read in either casing: Engage writes `contactId` in most events, `ContactId` in one."""

from __future__ import annotations

from collections.abc import ItemsView
from typing import Any


class Payload:
    """One payload object; keys are asked for in camelCase."""

    __slots__ = ("_members",)

    def __init__(self, raw: dict[str, Any]) -> None:
        pascal = [key for key in raw if key[:1].isupper()]
        self._members = raw
        if pascal:
            # Of a key that came in both casings, camelCase counts.
            others = {key: value for key, value in raw.items() if key not in pascal}
            self._members = {key[0].lower() + key[1:]: raw[key] for key in pascal} | others

    def __contains__(self, key: str) -> bool:
        return key in self._members

    def get(self, key: str) -> Any:
        return self._members.get(key)

    def first(self, *keys: str) -> Any:
        """Return the value of the first key that is there and not null, else None."""
        for key in keys:
            value = self.get(key)
            if value is not None:
                return value
        return None

    def items(self) -> ItemsView[str, Any]:
        """Return every key in camelCase with its value."""
        return self._members.items()
