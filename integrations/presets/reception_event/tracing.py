"""For the mapping tester: what each field finds in a document and what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from integrations.field_types import FieldError
from integrations.json_values import decimal_text
from integrations.pointers import MISSING
from integrations.presets.reception_event.app_event import (
    PRIMARY_KEY_POINTER,
    AppEvent,
    app_event,
)
from integrations.presets.reception_event.definition import APP, EventDefinition, EventField
from integrations.presets.reception_event.reading import REQUIRED, found_by, reader_of
from integrations.request import RefusedBody

LONGEST_FOUND: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """`pointer` is the place that was looked at, also where the field names none.

    `found` is short JSON text, empty when nothing is there. `value` is the stored form, None when
    there is none; `reason` says why.
    """

    field_id: str
    pointer: str
    found: str = ""
    value: Any = None
    reason: str = ""


def trace(definition: EventDefinition, document: Any) -> tuple[Trace, ...]:
    """Return what every field makes of a parsed body, in the order of the fields."""
    read = reader_of(definition)
    if definition.context != APP:
        return tuple(_traced(each, document, read) for each in definition.fields)
    try:
        event = app_event(definition, document)
    except RefusedBody:
        event = AppEvent(payload={}, place="/event/payload")
    values = event.values(definition.primary_key)
    return tuple(
        replace(_traced(each, values, read), pointer=_place(event, each))
        for each in definition.fields
    )


def _place(event: AppEvent, each: EventField) -> str:
    is_elsewhere = each.is_primary_key and event.stands_in(each)
    return PRIMARY_KEY_POINTER if is_elsewhere else event.place + pointer_of(each)


def pointer_of(each: EventField) -> str:
    """Return the field's pointer, or the one to the top-level key of its id."""
    return each.pointer or "/" + each.id.replace("~", "~0").replace("/", "~1")


def _traced(each: EventField, document: Any, read: Any) -> Trace:
    pointer = pointer_of(each)
    found = found_by(each, document)
    if found is MISSING:
        reason = REQUIRED if each.is_required else "Nothing is there."
        return Trace(field_id=each.id, pointer=pointer, reason=reason)
    shown = short_json(found)
    if found is None:
        reason = REQUIRED if each.is_required else "null counts as absent."
        return Trace(field_id=each.id, pointer=pointer, found=shown, reason=reason)
    try:
        value = read(each.definition, found)
    except FieldError as error:
        return Trace(field_id=each.id, pointer=pointer, found=shown, reason=error.reason)
    return Trace(field_id=each.id, pointer=pointer, found=shown, value=value)


def short_json(value: Any, longest: int = LONGEST_FOUND) -> str:
    """Return the beginning of the value as JSON; a large one is not written out to be cut."""
    text = ""
    for piece in _pieces(value, longest):
        text += piece
        if len(text) > longest:
            return text[: longest - 1] + "…"
    return text


def _pieces(value: Any, longest: int) -> Iterator[str]:
    if isinstance(value, dict):
        for number, (key, item) in enumerate(value.items()):
            yield f"{', ' if number else '{'}{json.dumps(key[: longest + 1], ensure_ascii=False)}: "
            yield from _pieces(item, longest)
        yield "}" if value else "{}"
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield ", " if number else "["
            yield from _pieces(item, longest)
        yield "]" if value else "[]"
    elif isinstance(value, Decimal):
        yield decimal_text(value)
    else:
        text = value[: longest + 1] if isinstance(value, str) else value
        yield json.dumps(text, ensure_ascii=False)
