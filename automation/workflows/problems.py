from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Problem(NamedTuple):
    """What is wrong, as a sentence, and where: a path such as `steps.2.settings.rows.0.value`."""

    place: str
    sentence: str


class Problems:
    """Collects what is wrong, so that a person sees all of it at once."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, place: str, sentence: str) -> None:
        self._found.append(Problem(place, sentence))

    def __iter__(self) -> Iterator[Problem]:
        return iter(self._found)

    def __bool__(self) -> bool:
        return bool(self._found)


class BadDefinition(Exception):
    """A document is no workflow; `problems` says where and why, and is never empty."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{place}: {sentence}" for place, sentence in problems))
        self.problems = problems
