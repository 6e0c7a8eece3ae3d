"""How operations for API keys are described: who may, what is sent and what is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from common.endpoint.description import JSON, Answer, Body, Operation, Problem, ref
from common.endpoint.description.common_problems import (
    EMPTY_BODY,
    INVALID,
    JSON_BODY_PROBLEMS,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    OUR_PROBLEMS,
)
from common.endpoint.description.parameters import Parameter
from sites.api_keys.api_description import API_KEY, key_answers
from sites.models import Scope

Answers = Sequence[Answer | Problem]

_OPTIONAL_BODY: Final = tuple(each for each in JSON_BODY_PROBLEMS if each is not EMPTY_BODY)


def reading(  # noqa: PLR0913
    scope: Scope,
    operation_id: str,
    summary: str,
    answer: Answer,
    *,
    description: str = "",
    parameters: Sequence[Parameter] = (),
) -> Operation:
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description=description,
        parameters=parameters,
        security=(API_KEY,),
        answers=(
            answer,
            *key_answers(scope),
            NOT_FOUND,
            NOT_ACCEPTABLE,
            *((INVALID,) if parameters else ()),
            *OUR_PROBLEMS,
        ),
    )


def writing(  # noqa: PLR0913
    scope: Scope,
    operation_id: str,
    summary: str,
    answers: Answers,
    *,
    description: str = "",
    parameters: Sequence[Parameter] = (),
    body: Body | None = None,
) -> Operation:
    """Return an operation that changes something. `answers` are those of its own."""
    bodies: Answers = ()
    if body is not None:
        bodies = (*(JSON_BODY_PROBLEMS if body.is_required else _OPTIONAL_BODY), INVALID)
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description=description,
        parameters=parameters,
        security=(API_KEY,),
        body=body,
        answers=(
            *answers,
            *key_answers(scope),
            NOT_FOUND,
            NOT_ACCEPTABLE,
            *bodies,
            *OUR_PROBLEMS,
        ),
    )


def body_of(
    name: str, examples: Mapping[str, Any], description: str = "", *, is_required: bool = True
) -> Body:
    return Body(
        description=description or "What is asked for.",
        schema=ref(name),
        examples={JSON: examples},
        is_required=is_required,
    )


def found(description: str, schema: str, example: Any, status: int = 200) -> Answer:
    return Answer(
        status=status, description=description, schema=ref(schema), examples={"found": example}
    )
