"""What is wrong with a send event as an operator defined it: a sentence beside each field.

Errors of a field stand under `fields.<index>.<attribute>`; attributes are `id`, `name`, `type`,
`default_country_code` and `options`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError

from integrations.field_types import (
    MOST_FIELDS,
    FieldDefinition,
    FieldType,
    definition_errors,
    new_field_ids,
    options_from,
)
from webhooks.outbound.models import SendEvent

Row = Mapping[str, Any]
Errors = dict[str, Any]

_TYPES: Final = tuple(each.value for each in FieldType)


def clean_send_event(event: SendEvent, rows: Sequence[Row]) -> None:
    """Tidy name and fields in place, give ids to fields without; raises ValidationError."""
    errors: Errors = {}
    event.name = " ".join(event.name.split())
    try:
        event.clean_fields(exclude={"site", "integration", "fields"})
    except ValidationError as error:
        errors |= error.message_dict
    if not event.integration_id or event.integration.site_id != event.site_id:
        errors["integration"] = "Choose an integration of this site."
    if len(rows) > MOST_FIELDS:
        raise ValidationError(
            errors | {"fields": f"An event may have at most {MOST_FIELDS} fields."}
        )
    event.fields = _with_ids([_tidied(row) for row in rows])
    ids = Counter(row["id"] for row in event.fields)
    for index, row in enumerate(event.fields):
        found = _field_errors(row)
        if ids[row["id"]] > 1:
            found["id"] = "Another field of this event has this id."
        errors |= {f"fields.{index}.{attribute}": text for attribute, text in found.items()}
    if errors:
        raise ValidationError(errors)


def _tidied(row: Row) -> dict[str, Any]:
    def text(name: str) -> str:
        value = row.get(name, "")
        return value.strip() if isinstance(value, str) else ""

    return {
        "id": text("id"),
        "name": " ".join(text("name").split()),
        "type": text("type"),
        "required": row.get("required") is True,
        "default_country_code": text("default_country_code"),
        "options": row.get("options") or [],
    }


def _with_ids(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    ids = new_field_ids({row["id"] for row in rows})
    return [row | {"id": row["id"] or next(ids)} for row in rows]


def _field_errors(row: Row) -> dict[str, str]:
    if row["type"] not in _TYPES:
        return {"type": f"Choose one of: {', '.join(_TYPES)}."}
    if not _are_options(row["options"]):
        return {"options": "Every option has an id and a label."}
    return definition_errors(
        FieldDefinition(
            id=row["id"],
            name=row["name"],
            type=FieldType(row["type"]),
            options=options_from(row["options"]),
            default_country_code=row["default_country_code"],
        )
    )


def _are_options(options: Any) -> bool:
    return isinstance(options, list) and all(
        isinstance(option, dict)
        and option.keys() == {"id", "label"}
        and all(isinstance(text, str) for text in option.values())
        for option in options
    )
