"""Ids in a file by which other systems know a row: a new row takes them over."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from config.configuration.entry import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptId:
    """The line of such an id. `looks` says how an export writes it, `use` who knows it."""

    column: str
    noun: str
    pattern: re.Pattern[str]
    looks: str
    use: str

    def take(self, entry: Entry, row: Any) -> None:
        """Take the id over into a new row; an existing one keeps its own."""
        given = entry.text(self.column)
        own = getattr(row, self.column)
        if given is None or given == own:
            return
        if row.pk:
            entry.problem(
                self.column,
                f"Here the {self.noun} has the id {own}, and {self.use}. Remove the line to keep "
                "that one.",
            )
        elif not self.pattern.fullmatch(given):
            entry.problem(self.column, f"This must be an id as an export writes it: {self.looks}.")
        elif type(row)._default_manager.filter(**{self.column: given}).exists():
            entry.problem(self.column, f"Another {self.noun} has this id already.")
        else:
            setattr(row, self.column, given)
