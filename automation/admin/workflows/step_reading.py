"""Reads the settings of an open step as they were typed, fitting or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from django.http import QueryDict

from automation.admin.workflows.condition_rows import posted_conditions
from automation.admin.workflows.draft import posted_object
from automation.admin.workflows.step_inputs import INPUTS, InputKind
from automation.admin.workflows.value_inputs import posted_value
from automation.workflows.actions.set_field import MOST_ROWS
from automation.workflows.site_things import SiteThings
from integrations.field_types import FieldDefinition

_YES_NO: Final = {"yes": True, "no": False}


def posted_settings(
    data: QueryDict, prefix: str, action: str, things: SiteThings
) -> dict[str, Any]:
    """Return the settings of the step whose inputs begin with the prefix."""
    settings: dict[str, Any] = {}
    for each in INPUTS.get(action, ()):
        name = f"{prefix}.{each.name}"
        if each.kind is InputKind.EVENT_VALUES:
            fields = event_fields(settings.get("event"), things)
            settings[each.name] = _event_values(data, name, fields)
        elif each.kind is InputKind.FIELD_ROWS:
            settings[each.name] = _field_rows(data, name, things)
        elif each.kind is InputKind.VALUE:
            settings[each.name] = posted_value(data, name, each.definition)
        elif each.kind is InputKind.CONDITIONS:
            settings[each.name] = posted_conditions(data, name)
        else:
            settings[each.name] = _READ.get(each.kind, str)(data.get(name, "").strip())
    return settings


def _field_rows(data: QueryDict, name: str, things: SiteThings) -> list[dict[str, Any]]:
    rows = []
    for number in list(dict.fromkeys(data.getlist(f"{name}.row")))[:MOST_ROWS]:
        field_id = data.get(f"{name}.{number}.field", "")
        rows.append(
            {
                "field": field_id,
                "operation": data.get(f"{name}.{number}.operation", "set"),
                "value": posted_value(data, f"{name}.{number}", things.fields.get(field_id)),
            }
        )
    return rows


def _event_values(
    data: QueryDict, name: str, fields: list[tuple[FieldDefinition, bool]]
) -> dict[str, Any]:
    """Return the values of the event's fields; one that was left empty is not sent."""
    values = {
        definition.id: posted_value(data, f"{name}.{definition.id}", definition)
        for definition, _ in fields
    }
    return {key: value for key, value in values.items() if value.get("literal") != ""}


def event_fields(event_id: Any, things: SiteThings) -> list[tuple[FieldDefinition, bool]]:
    """Return the fields of a send event, each with whether it is required."""
    event = things.send_events.get(event_id) if isinstance(event_id, str) else None
    return list(event.definitions) if event else []


def whole(text: str) -> int | str:
    """Return the number that was typed, or the text that is none."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else text


_READ: Final[dict[InputKind, Callable[[str], Any]]] = {
    InputKind.WHOLE: lambda text: whole(text) if text else None,
    InputKind.NUMBER_CHOICE: whole,
    InputKind.YES_NO: _YES_NO.get,
    InputKind.RULE: lambda text: posted_object(text) or None,
}
