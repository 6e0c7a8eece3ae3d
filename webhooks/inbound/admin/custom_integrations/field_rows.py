"""The rows of fields in the editor: typed, moved, checked, and turned into fields of an event.

Every row has a number of its own, `row`, listed in the order of the page; its inputs are named
`f<number>-<column>`. The primary key is one choice among all rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.http import QueryDict

from contacts.models import ContactField
from integrations.field_types import FieldType
from webhooks.inbound.models import Context, ReceptionEvent, ReceptionField
from webhooks.inbound.reception_events.compiled_settings import target_of
from webhooks.inbound.reception_events.validation import MOST_FIELDS

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


def first_rows(context: str) -> list[FieldRow]:
    """Return the row of a new event: the primary key, which only pages and apps do without."""
    if context == Context.APP:
        return []
    return [
        FieldRow(
            number="0",
            id="email",
            name="E-mail",
            type=FieldType.EMAIL.value,
            is_required=True,
            is_primary_key=True,
        )
    ]


def stored_rows(event: ReceptionEvent) -> list[FieldRow]:
    fields = event.fields.select_related("contact_field").order_by("position")
    return [
        FieldRow(
            number=str(place),
            id=each.field_id,
            name=each.name,
            type=each.type,
            is_required=each.is_required,
            is_primary_key=each.is_primary_key,
            code=each.default_country_code,
            options="\n".join(f"{option['id']} = {option['label']}" for option in each.options),
            pointer=each.pointer,
            target=target_of(each),
        )
        for place, each in enumerate(fields)
    ]


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
        return rows if is_full else [*rows, FieldRow(number=next_number(rows))]
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


def next_number(rows: Sequence[FieldRow]) -> str:
    return str(max((int(row.number) for row in rows if row.number.isdecimal()), default=-1) + 1)


def reception_fields(event: ReceptionEvent, rows: Iterable[FieldRow]) -> list[ReceptionField]:
    """Return the fields that the rows describe, unsaved.

    What a row's type or the event's context hides does not count: options of a text, a pointer
    outside of webhooks.
    """
    own = {each.field_id: each for each in ContactField.objects.filter(site_id=event.site_id)}
    return [_field(event, row, own) for row in rows]


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


def _field(event: ReceptionEvent, row: FieldRow, own: Mapping[str, ContactField]) -> ReceptionField:
    # The primary key is the contact's e-mail by itself, wherever else it might be written.
    chosen = "" if row.is_primary_key else row.target
    kind, _, target = chosen.partition(":")
    is_choice = row.type in (FieldType.RADIO, FieldType.CHECKBOX)
    return ReceptionField(
        field_id=row.id.strip(),
        name=row.name.strip(),
        type=row.type,
        is_required=row.is_required,
        is_primary_key=row.is_primary_key,
        default_country_code=_digits(row.code) if row.type == FieldType.PHONE else "",
        options=_options(row.options) if is_choice else [],
        pointer=row.pointer.strip() if event.context == Context.WEBHOOK else "",
        contact_field=own.get(target) if kind == "field" else None,
        # A contact field that is gone meanwhile is refused under its own name.
        system_field=target if kind == "system" or target not in own else "",
    )


def _digits(code: str) -> str:
    return code.strip().removeprefix("+")


def _options(text: str) -> list[dict[str, str]]:
    found = []
    for line in text.splitlines():
        option_id, _, label = (part.strip() for part in line.partition("="))
        if option_id or label:
            found.append({"id": option_id, "label": label or option_id})
    return found
