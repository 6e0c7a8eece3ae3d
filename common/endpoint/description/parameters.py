from __future__ import annotations

from typing import Any

from common.endpoint.description.schemas import JsonSchema

Parameter = dict[str, Any]


def in_path(name: str, description: str, example: str, **schema: Any) -> Parameter:
    return _parameter("path", name, description, example, schema) | {"required": True}


def in_query(name: str, description: str, example: str, **schema: Any) -> Parameter:
    return _parameter("query", name, description, example, schema)


def header(name: str, description: str, example: str, **schema: Any) -> Parameter:
    return _parameter("header", name, description, example, schema)


def _parameter(
    place: str, name: str, description: str, example: str, schema: JsonSchema
) -> Parameter:
    return {
        "in": place,
        "name": name,
        "description": description,
        "schema": {"type": "string", **schema},
        "example": example,
    }
