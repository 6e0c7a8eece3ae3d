"""What `config` answers itself: health, the schema and its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from common.endpoint.description import (
    Answer,
    Endpoint,
    Group,
    JsonSchema,
    Operation,
    in_query,
    ref,
)
from common.endpoint.description.common_problems import (
    INTERNAL_ERROR,
    NOT_ACCEPTABLE,
    NOT_FOUND,
)

_CHECK: Final = {
    "name": "backlog",
    "is_ok": True,
    "detail": "nothing waits",
    "advice": "",
}
_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "Alive": {
        "type": "object",
        "required": ["status"],
        "properties": {"status": {"const": "ok"}},
        "additionalProperties": False,
    },
    "Readiness": {
        "type": "object",
        "required": ["status"],
        "properties": {
            "status": {"enum": ["ok", "unavailable"]},
            "checks": {"type": "array", "items": ref("HealthCheck")},
        },
        "additionalProperties": False,
    },
    "HealthCheck": {
        "type": "object",
        "required": ["name", "is_ok", "detail", "advice"],
        "properties": {
            "name": {"type": "string"},
            "is_ok": {"type": "boolean"},
            "detail": {"type": "string", "description": "What was found."},
            "advice": {"type": "string", "description": "What to do when it is not ok."},
        },
        "additionalProperties": False,
    },
}
_SCHEMES: Final[Mapping[str, Mapping[str, Any]]] = {
    "HealthToken": {
        "type": "http",
        "scheme": "bearer",
        "description": "The `HEALTH_TOKEN` of the installation: shows the checks by name.",
    }
}
_LIVEZ: Final = Operation(
    operation_id="livez",
    summary="Does this process answer?",
    answers=(
        Answer(
            status=200,
            description="It does.",
            schema=ref("Alive"),
            examples={"alive": {"status": "ok"}},
        ),
    ),
)
_READYZ: Final = Operation(
    operation_id="readyz",
    summary="Does the installation do its work?",
    description="`checks` is there for whoever shows the token, and for superusers who are in.",
    security=("HealthToken", ""),
    answers=(
        Answer(
            status=200,
            description="It does.",
            schema=ref("Readiness"),
            examples={
                "to_anybody": {"status": "ok"},
                "with_the_token": {"status": "ok", "checks": [_CHECK]},
            },
        ),
        Answer(
            status=503,
            description="It does not: a check failed.",
            schema=ref("Readiness"),
            examples={"to_anybody": {"status": "unavailable"}},
        ),
    ),
)
_SCHEMA: Final = Operation(
    operation_id="readSchema",
    summary="This schema",
    description="As YAML, or as JSON for who accepts that alone or asks for it by `format`.",
    parameters=(
        in_query("format", "Picks one where `Accept` allows both.", "json", enum=["yaml", "json"]),
    ),
    answers=(
        *(
            Answer(
                status=200,
                description=f"OpenAPI 3.1 as `{media_type}`.",
                schema={"type": "object"},
                media_type=media_type,
            )
            for media_type in (
                "application/yaml",
                "application/json",
                "application/vnd.oai.openapi",
                "application/vnd.oai.openapi+json",
            )
        ),
        replace(NOT_FOUND, when="no such `format`."),
        replace(NOT_ACCEPTABLE, when="`Accept` leaves YAML and JSON out."),
        INTERNAL_ERROR,
    ),
)
_DOCS: Final = Operation(
    operation_id="readDocs",
    summary="The page that shows this schema",
    answers=(
        Answer(
            status=200, description="A page.", schema={"type": "string"}, media_type="text/html"
        ),
        replace(NOT_ACCEPTABLE, when="`Accept` leaves pages out."),
    ),
)

INSTALLATION: Final = Group(
    tag="Installation",
    description="Health, and what describes the rest. Nobody needs a key for these.",
    endpoints=(
        Endpoint(url_name="livez", operations={"get": _LIVEZ}),
        Endpoint(url_name="readyz", operations={"get": _READYZ}),
        Endpoint(url_name="api-schema", operations={"get": _SCHEMA}),
        Endpoint(url_name="api-docs", operations={"get": _DOCS}),
    ),
    schemas=_SCHEMAS,
    security_schemes=_SCHEMES,
)
