"""What the descriptions of the management API have in common: pages, jobs, keys, answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from common.endpoint.description import (
    JSON,
    Answer,
    Body,
    JsonSchema,
    Operation,
    Problem,
    header,
    in_query,
    ref,
)
from common.endpoint.description.common_problems import (
    EMPTY_BODY,
    INVALID,
    JSON_BODY_PROBLEMS,
    NOT_ACCEPTABLE,
    NOT_FOUND,
    OUR_PROBLEMS,
)
from common.endpoint.description.parameters import Parameter
from common.endpoint.description.shapes import (
    AT,
    COUNT,
    FLAG,
    MOMENT,
    NUMBER,
    TEXT,
    described,
    or_null,
    shape,
)
from common.endpoint.pages import LARGEST_SIZE
from sites.api_keys.api_description import API_KEY, key_answers
from sites.models import JobState, Scope
from webhooks.api.answered_once import BAD_KEY_DETAIL, HEADER, REUSED, REUSED_DETAIL

Answers = Sequence[Answer | Problem]

SINCE: Final = in_query("since", "Not before this moment.", MOMENT, format="date-time")
UNTIL: Final = in_query("until", "Before this moment.", "2999-01-01T00:00:00Z", format="date-time")
ONCE: Final = header(
    HEADER,
    "Any text, new for each new request. Sent once more within a day, the same request gets the "
    "first answer, with `Idempotency-Replayed: true`, and nothing is done again.",
    "0b7f8c1e",
    minLength=1,
    maxLength=200,
    pattern="^[!-~]{1,200}$",
)
_BAD_KEY: Final = Problem(
    status=400,
    code="BAD_IDEMPOTENCY_KEY",
    when="the key is empty, too long or not printable ASCII.",
    detail=BAD_KEY_DETAIL,
)
_REUSED: Final = Problem(
    status=409,
    code=REUSED,
    when="the key came with another request before.",
    detail=REUSED_DETAIL,
)
_OPTIONAL_BODY: Final = tuple(each for each in JSON_BODY_PROBLEMS if each is not EMPTY_BODY)
JOB: Final = {
    "id": 17,
    "kind": "recover",
    "title": "Send 3 deliveries again",
    "state": "running",
    "isCancelRequested": False,
    "total": 3,
    "done": 1,
    "counts": {"sent again": 1},
    "error": "",
    "createdAt": MOMENT,
    "startedAt": MOMENT,
    "finishedAt": None,
}
BY_JOB: Final = Answer(
    status=202,
    description="A job does it; `Location` says where to look at it.",
    schema=ref("Job"),
    examples={"job": JOB},
    headers=("Location",),
)


def reading(
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
            *key_answers(Scope.MANAGEMENT_READ),
            NOT_FOUND,
            NOT_ACCEPTABLE,
            *((INVALID,) if parameters else ()),
            *OUR_PROBLEMS,
        ),
    )


def writing(  # noqa: PLR0913
    operation_id: str,
    summary: str,
    answers: Answers,
    *,
    description: str = "",
    body: Body | None = None,
    is_once: bool = False,
) -> Operation:
    """Return an operation that changes something; `is_once` ones take an `Idempotency-Key`."""
    bodies: Answers = ()
    if body is not None:
        bodies = (*(JSON_BODY_PROBLEMS if body.is_required else _OPTIONAL_BODY), INVALID)
    return Operation(
        operation_id=operation_id,
        summary=summary,
        description=description,
        parameters=(ONCE,) if is_once else (),
        security=(API_KEY,),
        body=body,
        answers=(
            *answers,
            *key_answers(Scope.MANAGEMENT_WRITE),
            NOT_FOUND,
            NOT_ACCEPTABLE,
            *bodies,
            *((_BAD_KEY, _REUSED) if is_once else ()),
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


SHARED: Final[Mapping[str, JsonSchema]] = {
    "PageLinks": shape(
        {
            "next": or_null(TEXT, "The page that follows, relative to this one; null at the end."),
            "prev": or_null(TEXT, "The page before; null on the first one."),
        },
        f"Pages are by key and hold up to {LARGEST_SIZE}. One may be short, or empty, and still "
        "have a next one: so far, nothing matched.",
    ),
    "Job": shape(
        {
            "id": NUMBER,
            "kind": TEXT,
            "title": TEXT,
            "state": {"enum": JobState.values},
            "isCancelRequested": FLAG,
            "total": COUNT,
            "done": COUNT,
            "counts": {"type": "object", "additionalProperties": NUMBER},
            "error": described(TEXT, "What stopped it, in words."),
            "createdAt": AT,
            "startedAt": or_null(AT),
            "finishedAt": or_null(AT),
        },
        "Something that takes a while, worked off step by step.",
    ),
    "ShownBody": shape(
        {
            "text": TEXT,
            "isCut": described(FLAG, "Whether it goes on."),
            "isMasked": described(FLAG, "Whether personal values are masked."),
        },
        "A stored body, up to 64 KiB of it.",
    ),
}
