"""How the operations of the loyalty API are described: who may, and what is answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from common.endpoint.description import JSON, Answer, Body, Operation, Problem, ref
from common.endpoint.description.common_problems import (
    INVALID,
    JSON_BODY_PROBLEMS,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    OUR_PROBLEMS,
)
from common.endpoint.description.parameters import Parameter
from sites.api_keys.api_description import API_KEY, key_answers
from sites.models import Scope


def reading(
    operation_id: str, summary: str, answer: Answer, *, parameters: Sequence[Parameter] = ()
) -> Operation:
    return Operation(
        operation_id=operation_id,
        summary=summary,
        parameters=parameters,
        security=(API_KEY,),
        answers=(
            answer,
            *key_answers(Scope.LOYALTY_READ),
            NOT_FOUND,
            NOT_ACCEPTABLE,
            *((INVALID,) if parameters else ()),
            *OUR_PROBLEMS,
        ),
    )


def writing(
    operation_id: str,
    summary: str,
    answers: Sequence[Answer | Problem],
    *,
    description: str = "",
    body: Body | None = None,
) -> Operation:
    bodies = (*JSON_BODY_PROBLEMS, INVALID) if body is not None else ()
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description=description,
        security=(API_KEY,),
        body=body,
        answers=(
            *answers,
            *key_answers(Scope.LOYALTY_WRITE),
            NOT_FOUND,
            NOT_ACCEPTABLE,
            *bodies,
            *OUR_PROBLEMS,
        ),
    )


def body_of(name: str, examples: Mapping[str, Any]) -> Body:
    return Body(description="What is asked for.", schema=ref(name), examples={JSON: examples})


def found(description: str, schema: str, example: Any, status: int = 200) -> Answer:
    return Answer(
        status=status, description=description, schema=ref(schema), examples={"found": example}
    )


def conflict(code: str, when: str, detail: str) -> Problem:
    return Problem(status=409, code=code, when=when, detail=detail)
