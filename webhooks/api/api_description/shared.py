"""What the descriptions of the management API have in common: pages, jobs, keys, answers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from common.endpoint.description import (
    Answer,
    Body,
    JsonSchema,
    Operation,
    Problem,
    header,
    in_query,
    ref,
)
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
from sites.api_keys import key_operations
from sites.api_keys.key_operations import Answers
from sites.models import JobState, Scope
from webhooks.api.answered_once import BAD_KEY_DETAIL, HEADER, REUSED, REUSED_DETAIL

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


reading: Final = partial(key_operations.reading, Scope.MANAGEMENT_READ)


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
    return key_operations.writing(
        Scope.MANAGEMENT_WRITE,
        operation_id,
        summary,
        (*answers, _BAD_KEY, _REUSED) if is_once else answers,
        description=description,
        parameters=(ONCE,) if is_once else (),
        body=body,
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
