from __future__ import annotations

from collections.abc import Collection
from typing import Any

from config.configuration.problems import Problems


class Entry:
    """One mapping of a file, read by key: wrong types and unknown keys become problems.

    A key that is absent gives `None`: what is there stays as it is.
    """

    def __init__(
        self, path: str, value: Any, *, known: Collection[str], problems: Problems
    ) -> None:
        self.path = path
        self._problems = problems
        self._values: dict[str, Any] = value if isinstance(value, dict) else {}
        if not isinstance(value, dict):
            problems.add(path, "This must be a mapping of keys to values.")
        for key in self._values:
            if key not in known:
                self.problem(str(key), f"There is no such key here. Known: {', '.join(known)}.")

    def problem(self, key: str, message: str) -> None:
        self._problems.add(f"{self.path}.{key}", message)

    def text(self, key: str, *, has_lines: bool = False) -> str | None:
        value = self._values.get(key)
        if key not in self._values:
            return None
        if not isinstance(value, str):
            # YAML reads a bare NO as false and 1.10 as a number.
            self.problem(key, "This must be text. Put it in quotes.")
            return None
        if not (value.replace("\n", "") if has_lines else value).isprintable():
            self.problem(key, "This holds a character that cannot be seen.")
            return None
        return value

    def required_text(self, key: str) -> str:
        """Return the text, or "" after noting the problem."""
        value = self.text(key)
        if not value and key not in self._values:
            self.problem(key, "This is needed.")
        elif value == "":
            self.problem(key, "This must not be empty.")
        return value or ""

    def flag(self, key: str) -> bool | None:
        value = self._values.get(key)
        if key in self._values and not isinstance(value, bool):
            self.problem(key, "This must be true or false.")
            return None
        return value

    def number(self, key: str) -> int | None:
        value = self._values.get(key)
        if key in self._values and (not isinstance(value, int) or isinstance(value, bool)):
            self.problem(key, "This must be a whole number.")
            return None
        return value

    def items(self, key: str) -> list[Any] | None:
        value = self._values.get(key)
        if key in self._values and not isinstance(value, list):
            self.problem(key, "This must be a list.")
            return None
        return value

    def mapping(self, key: str) -> dict[str, Any] | None:
        value = self._values.get(key)
        if key not in self._values:
            return None
        if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
            self.problem(key, "This must be a mapping of names to values.")
            return None
        return value


def entries(
    path: str, value: Any, *, known: Collection[str], natural_key: str, problems: Problems
) -> list[Entry]:
    """Return the entries of a list, each named by its natural key once; the others are problems."""
    if not isinstance(value, list):
        problems.add(path, "This must be a list.")
        return []
    found: dict[str, Entry] = {}
    for index, item in enumerate(value):
        entry = Entry(f"{path}[{index}]", item, known=known, problems=problems)
        name = entry.required_text(natural_key) if isinstance(item, dict) else ""
        if name in found:
            entry.problem(natural_key, f"“{name}” is listed twice.")
        elif name:
            found[name] = entry
    return list(found.values())
