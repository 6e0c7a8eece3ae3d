"""The rows of fields in an editor: typed, moved, and shown with what is wrong with them.

Every row has a number of its own, `row`, listed in the order of the page; its inputs are named
`f<number>-<column>`. The primary key is one choice among all rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import QueryDict

from common.admin.row_numbers import next_row_number
from integrations.field_types import MOST_FIELDS, FieldType

# The script gives a new row its number in place of this.
NEW_NUMBER: Final = "__n__"
TYPE_LABELS: Final = {
    FieldType.TEXT: "Text",
    FieldType.EMAIL: "E-mail",
    FieldType.PHONE: "Phone",
    FieldType.INTEGER: "Integer",
    FieldType.DECIMAL: "Decimal",
    FieldType.BOOLEAN: "Boolean",
    FieldType.DATE: "Date",
    FieldType.RADIO: "Radio",
    FieldType.CHECKBOX: "Checkbox",
}
_TEXTS: Final = ("id", "name", "type", "code", "options", "pointer", "target")
_LABELS: Final = {
    "id": "Id",
    "name": "Name",
    "type": "Type",
    "is_primary_key": "Primary key",
    "default_country_code": "Default country code",
    "options": "Options",
    "pointer": "JSON Pointer",
    "target": "Writes to",
}


@dataclass(slots=True, kw_only=True)
class FieldRow:
    """One row as it stands on the page; `options` are lines `id = label`."""

    number: str
    id: str = ""
    name: str = ""
    type: str = FieldType.TEXT.value
    is_required: bool = False
    is_primary_key: bool = False
    code: str = ""
    options: str = ""
    pointer: str = ""
    target: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def named_errors(self) -> list[tuple[str, str]]:
        return [(_LABELS.get(name, name), sentence) for name, sentence in self.errors.items()]

    @property
    def option_lines(self) -> int:
        return min(max(self.options.count("\n") + 2, 2), 8)


def posted_rows(data: QueryDict) -> list[FieldRow]:
    """Return the rows in the order in which they were sent, each number once."""
    primary = data.get("primary_key", "")
    rows = []
    for number in dict.fromkeys(data.getlist("row")):
        row = FieldRow(
            number=number,
            is_required=f"f{number}-required" in data,
            is_primary_key=number == primary,
        )
        for column in _TEXTS:
            setattr(row, column, data.get(f"f{number}-{column}", ""))
        rows.append(row)
    return rows


def acted(rows: list[FieldRow], action: str) -> list[FieldRow]:
    """Return the rows after `add`, `up-<number>`, `down-<number>` or `remove-<number>`.

    Nothing is added to as many as an event may have.
    """
    if action == "add":
        is_full = len(rows) >= MOST_FIELDS
        return (
            rows
            if is_full
            else [*rows, FieldRow(number=next_row_number(row.number for row in rows))]
        )
    verb, _, number = action.partition("-")
    places = [place for place, row in enumerate(rows) if row.number == number]
    if not places:
        return rows
    place = places[0]
    if verb == "remove":
        return rows[:place] + rows[place + 1 :]
    other = place + {"up": -1, "down": 1}.get(verb, 0)
    if 0 <= other < len(rows):
        rows[place], rows[other] = rows[other], rows[place]
    return rows


def show_row_errors(rows: Sequence[FieldRow], errors: Mapping[str, Any]) -> None:
    """Put errors named `fields.<place>.<attribute>` beside the row and column they are about."""
    for place, attribute, sentences in _errors_of_rows(errors):
        if place < len(rows):
            rows[place].errors[attribute] = " ".join(sentences)


def _errors_of_rows(errors: Mapping[str, Any]) -> Iterator[tuple[int, str, list[str]]]:
    for key, sentences in errors.items():
        parts = key.split(".", 2)
        if len(parts) == 3 and parts[0] == "fields" and parts[1].isdecimal():
            yield int(parts[1]), parts[2], list(sentences)


def country_digits(code: str) -> str:
    """Return a country code as it is stored."""
    return code.strip().removeprefix("+")


def options_of(text: str) -> list[dict[str, str]]:
    """Return options from lines `id = label`."""
    found = []
    for line in text.splitlines():
        option_id, _, label = (part.strip() for part in line.partition("="))
        if option_id or label:
            found.append({"id": option_id, "label": label or option_id})
    return found
