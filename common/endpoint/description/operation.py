from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.endpoint.description.answers import Answer, Problem, responses
from common.endpoint.description.parameters import Parameter
from common.endpoint.description.schemas import JsonSchema


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is sent. `examples` are requests that succeed, by media type and name."""

    description: str
    schema: JsonSchema
    examples: Mapping[str, Mapping[str, Any]]
    is_required: bool = True

    def as_openapi(self) -> dict[str, Any]:
        return {
            "description": self.description,
            "required": self.is_required,
            "content": {
                media_type: {
                    "schema": self.schema if media_type.endswith("json") else {"type": "string"},
                    "examples": {name: {"value": value} for name, value in examples.items()},
                }
                for media_type, examples in self.examples.items()
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One method at an address.

    `security` lists the schemes of which one is needed; an empty name among them: none is.
    """

    operation_id: str
    summary: str
    description: str = ""
    parameters: Sequence[Parameter] = ()
    body: Body | None = None
    answers: Sequence[Answer | Problem] = ()
    security: Sequence[str] = ("",)
    is_deprecated: bool = False

    def as_openapi(self, tag: str, parameters: Sequence[Parameter]) -> dict[str, Any]:
        """Return the operation object; `parameters` are those of the address."""
        described: dict[str, Any] = {
            "operationId": self.operation_id,
            "tags": [tag],
            "summary": self.summary,
            "description": self.description,
            "parameters": [*parameters, *self.parameters],
            "responses": responses(self.answers),
            "security": [{name: []} if name else {} for name in self.security],
        }
        if self.body is not None:
            described["requestBody"] = self.body.as_openapi()
        if self.is_deprecated:
            described["deprecated"] = True
        return {name: value for name, value in described.items() if value not in ("", [])}
