"""Problems that many endpoints share, as `common.endpoint` answers them."""

from __future__ import annotations

from typing import Final

from common.endpoint.description.answers import Answer, Problem
from common.endpoint.parser import MOST_BODY_BYTES, NOT_JSON
from common.endpoint.problems import NOT_FOUND_DETAIL

EMPTY_BODY: Final = Problem(
    status=400, code="EMPTY_BODY", when="no body came.", detail="The body is empty."
)
INCOMPLETE_BODY: Final = Problem(
    status=400,
    code="INCOMPLETE_BODY",
    when="fewer bytes came than announced.",
    detail="Fewer bytes came than Content-Length announced.",
)
BAD_JSON: Final = Problem(
    status=400,
    code="BAD_JSON",
    when="the body is not JSON, or JSON beyond the bounds; `detail` says where.",
    detail="Not valid JSON: Expecting property name enclosed in double quotes (line 1, column 2)",
)
BAD_BODY: Final = Problem(
    status=400,
    code="BAD_BODY",
    when="well-formed, but not what is expected here.",
    detail="The body must be a JSON object.",
)
UNSUPPORTED_ENCODING: Final = Problem(
    status=415,
    code="UNSUPPORTED_ENCODING",
    when="compressed, or not UTF-8.",
    detail="Send the body without Content-Encoding.",
)
UNSUPPORTED_MEDIA_TYPE: Final = Problem(
    status=415, code="UNSUPPORTED_MEDIA_TYPE", when="not named as JSON.", detail=NOT_JSON
)
NOT_FOUND: Final = Problem(
    status=404, code="NOT_FOUND", when="nothing is known by this address.", detail=NOT_FOUND_DETAIL
)
NOT_ACCEPTABLE: Final = Problem(
    status=406,
    code="NOT_ACCEPTABLE",
    when="`Accept` leaves JSON out.",
    detail="Could not satisfy the request Accept header.",
)
INVALID: Final = Problem(
    status=422,
    code="INVALID",
    when="some values cannot be taken; all of them are listed, and nothing was written.",
    detail="Some values cannot be taken; validationErrors names each.",
    members={"validationErrors": [{"path": "_points", "reason": "Expected an integer."}]},
)
THROTTLED: Final = Problem(
    status=429,
    code="THROTTLED",
    when="too many requests; wait `Retry-After` seconds.",
    detail="Too many requests. Send them again later.",
    headers=("Retry-After",),
)
INTERNAL_ERROR: Final = Problem(
    status=500,
    code="INTERNAL_ERROR",
    when="a fault on this side.",
    detail="Something went wrong on this side. Send the request again later.",
)
UNAVAILABLE: Final = Problem(
    status=503,
    code="UNAVAILABLE",
    when="the database cannot be reached; wait `Retry-After` seconds.",
    detail="The database cannot be reached just now. Send the request again later.",
    headers=("Retry-After",),
)


def too_large(most_bytes: int = MOST_BODY_BYTES) -> Problem:
    return Problem(
        status=413,
        code="TOO_LARGE",
        when=f"the body has more than {most_bytes:,} bytes.",
        detail=f"The body may have up to {most_bytes} bytes.",
    )


def unauthorized(when: str, *, challenge: bool = True) -> Answer:
    """Return the 401, which has no body whatever was wrong."""
    return Answer(status=401, description=when, headers=("WWW-Authenticate",) if challenge else ())


JSON_BODY_PROBLEMS: Final = (
    EMPTY_BODY,
    INCOMPLETE_BODY,
    BAD_JSON,
    too_large(),
    UNSUPPORTED_ENCODING,
    UNSUPPORTED_MEDIA_TYPE,
)
OUR_PROBLEMS: Final = (INTERNAL_ERROR, UNAVAILABLE)
