from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

JsonSchema = Mapping[str, Any]

JSON: Final = "application/json"


def ref(name: str) -> JsonSchema:
    """Return the reference to a schema that a group, or this module, gives that name."""
    return {"$ref": f"#/components/schemas/{name}"}


SHARED_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "FieldProblem": {
        "type": "object",
        "required": ["path", "reason"],
        "properties": {
            "path": {"type": "string", "description": "The names that lead to it, with dots."},
            "reason": {"type": "string", "description": "Why it cannot be taken, for people."},
        },
        "additionalProperties": False,
    },
    "Problem": {
        "type": "object",
        "description": "The one shape of errors. Programs compare `code`; `detail` may change.",
        "required": ["status", "title", "detail", "code"],
        "properties": {
            "status": {"type": "integer", "description": "The status of the answer once more."},
            "title": {"type": "string", "description": "What the status is called."},
            "detail": {"type": "string", "description": "What happened, what to do; for people."},
            "code": {"type": "string", "description": "Stable."},
            "validationErrors": {
                "type": "array",
                "items": ref("FieldProblem"),
                "minItems": 1,
                "description": "With 422: every value that cannot be taken.",
            },
        },
    },
}
