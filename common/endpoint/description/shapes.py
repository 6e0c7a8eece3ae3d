"""Schemas and examples that lists and rows of an API have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from common.endpoint.description.parameters import Parameter, in_query
from common.endpoint.description.schemas import JsonSchema, ref
from common.endpoint.pages import USUAL_SIZE

MOMENT: Final = "2026-11-20T08:00:00.000000Z"
ROW_ID: Final = "01a1fd2b-3c66-7581-8a07-c60e19c84e3c"
TEXT: Final[JsonSchema] = {"type": "string"}
NUMBER: Final[JsonSchema] = {"type": "integer"}
COUNT: Final[JsonSchema] = {"type": "integer", "minimum": 0}
FLAG: Final[JsonSchema] = {"type": "boolean"}
UUID: Final[JsonSchema] = {"type": "string", "format": "uuid"}
AT: Final[JsonSchema] = {"type": "string", "format": "date-time"}


def described(schema: JsonSchema, description: str) -> dict[str, Any]:
    return {**schema, "description": description}


def or_null(schema: JsonSchema, description: str = "") -> dict[str, Any]:
    found = {**schema, "type": [schema["type"], "null"]}
    return {**found, "description": description} if description else found


def shape(
    properties: Mapping[str, Any], description: str = "", *, required: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the schema of an object that has these and nothing else, all of them by default."""
    needed = list(properties if required is None else required)
    return {
        "type": "object",
        **({"description": description} if description else {}),
        **({"required": needed} if needed else {}),
        "properties": dict(properties),
        "additionalProperties": False,
    }


def page_of(name: str) -> dict[str, Any]:
    return shape({"links": ref("PageLinks"), "results": {"type": "array", "items": ref(name)}})


def page(example: Any, *, following: str | None = None) -> dict[str, Any]:
    return {"links": {"next": following, "prev": None}, "results": [example]}


PAGING: Final[tuple[Parameter, ...]] = (
    in_query("limit", f"How many; {USUAL_SIZE} unless given.", "20", pattern="^[1-9][0-9]{0,2}$"),
    in_query("after", "What follows this one: taken from `links.next`.", ""),
    in_query("before", "What stands before this one: taken from `links.prev`.", ""),
)
