"""What every door of reception may answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from common.endpoint.description import Answer, Problem
from common.endpoint.description.common_problems import (
    BAD_BODY,
    BAD_JSON,
    EMPTY_BODY,
    INCOMPLETE_BODY,
    INTERNAL_ERROR,
    NOT_FOUND,
    THROTTLED,
    UNSUPPORTED_ENCODING,
    too_large,
    unauthorized,
)
from integrations.preset import Preset

NOT_FOUND_HERE: Final = replace(
    NOT_FOUND,
    when="no such address, or it is switched off.",
    detail="There is nothing at this address. Check the URL.",
)
NOT_STORED: Final = tuple(
    Problem(
        status=503,
        code=code,
        when=f"{when}; wait `Retry-After` seconds.",
        detail="The event could not be stored just now. Send it again later.",
        headers=("Retry-After",),
    )
    for code, when in (
        ("BUSY", "more comes in than can be stored"),
        ("UNAVAILABLE", "the database cannot be reached"),
    )
)
RECEPTION_PROBLEMS: Final = (
    EMPTY_BODY,
    INCOMPLETE_BODY,
    NOT_FOUND_HERE,
    UNSUPPORTED_ENCODING,
    THROTTLED,
    INTERNAL_ERROR,
    *NOT_STORED,
)
JSON_PROBLEMS: Final = (BAD_JSON, BAD_BODY)

UNPROCESSABLE_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Connectif's HttpUnprocessableEntityError.",
    "required": ["status", "title", "detail", "validationErrors"],
    "properties": {
        "status": {"const": 422},
        "title": {"type": "string"},
        "detail": {"type": "string"},
        "validationErrors": {
            "type": "array",
            "minItems": 1,
            "items": {"$ref": "#/components/schemas/FieldProblem"},
        },
    },
    "additionalProperties": False,
}


def unprocessable(when: str, *problems: tuple[str, str]) -> Problem:
    return Problem(
        status=422,
        code="",
        when=when,
        title="Unprocessable Entity",
        detail="Resource contains validation errors.",
        schema="UnprocessableEntity",
        members={
            "validationErrors": [{"path": path, "reason": reason} for path, reason in problems]
        },
    )


def not_verified(when: str) -> Answer:
    return unauthorized(when, challenge=False)


def reception_too_large(when: str = "") -> Problem:
    problem = too_large(Preset.max_body_bytes)
    return replace(problem, when=f"{problem.when[:-1]}, {when}.") if when else problem
