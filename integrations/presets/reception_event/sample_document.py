"""A body that a correct sender would post, made from the fields."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import jsonpointer

from integrations.field_types import sample_value
from integrations.presets.reception_event.app_event import CUSTOM
from integrations.presets.reception_event.definition import APP, EventDefinition
from integrations.presets.reception_event.tracing import pointer_of

_SAMPLE_SENDER: Final = {"trackerId": "0b6c7f3e-8a52-4d0e-9f0a-3d1c5b7e9a42"}
_INDEX: Final = re.compile(r"0|[1-9][0-9]?")


def sample_body(definition: EventDefinition) -> bytes:
    """Return an accepted body with every field in its place, as indented JSON.

    Of two pointers of which one leads through the other's value, the first has its place. For a
    page or app it is the body of a request with this one event.
    """
    places = [jsonpointer.JsonPointer(pointer_of(each)).parts for each in definition.fields]
    is_list = definition.context != APP and _is_list(places)
    document: Any = [] if is_list else {}
    for each, parts in zip(definition.fields, places, strict=True):
        _place(document, parts, sample_value(each.definition))
    if definition.context == APP:
        event = {"type": CUSTOM, "eventId": definition.event_id, "payload": document}
        document = {"entityInfo": _SAMPLE_SENDER, "events": [event]}
    return json.dumps(document, indent=2, ensure_ascii=False).encode()


def _is_list(places: list[list[str]]) -> bool:
    return bool(places) and all(_INDEX.fullmatch(parts[0]) for parts in places)


def _place(document: Any, parts: list[str], value: Any) -> None:
    holder = document
    for part, following in zip(parts, (*parts[1:], None), strict=True):
        if not isinstance(holder, dict | list):
            return
        if isinstance(holder, list) and not _INDEX.fullmatch(part):
            return
        inner = _at(holder, part)
        if following is None:
            if inner is None:
                _put(holder, part, value)
            return
        if inner is None:
            inner = _put(holder, part, [] if _INDEX.fullmatch(following) else {})
        holder = inner


def _at(holder: dict[str, Any] | list[Any], part: str) -> Any:
    if isinstance(holder, dict):
        return holder.get(part)
    return holder[int(part)] if int(part) < len(holder) else None


def _put(holder: dict[str, Any] | list[Any], part: str, value: Any) -> Any:
    if isinstance(holder, dict):
        holder[part] = value
    else:
        index = int(part)
        holder.extend([None] * (index + 1 - len(holder)))
        holder[index] = value
    return value
