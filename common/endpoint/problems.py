"""The one shape of every error that an endpoint answers: stable, and with nothing inside of ours.

`{"status", "title", "detail", "code"}`, on 422 also `"validationErrors": [{"path", "reason"}]`, as
application/problem+json. 401 has no body. `code` is what programs compare, `detail` is for people.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpResponse

PROBLEM_TYPE: Final = "application/problem+json"
NOT_FOUND_DETAIL: Final = "There is nothing at this address. Check the URL."

# Python renamed these two; what we answer does not depend on the version that runs.
_TITLES: Final = {413: "Content Too Large", 422: "Unprocessable Content"}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """One value that cannot be taken; `path` joins the names that lead to it with dots."""

    path: str
    reason: str


def status_phrase(status: int) -> str:
    """Return what the status is called, "" for one without a name."""
    return _TITLES.get(status) or next((each.phrase for each in HTTPStatus if each == status), "")


def problem_body(
    status: int, code: str, detail: str, validation_errors: Sequence[FieldProblem] = ()
) -> bytes:
    body: dict[str, Any] = {
        "status": int(status),
        "title": status_phrase(status),
        "detail": detail,
        "code": code,
    }
    if validation_errors:
        body["validationErrors"] = [asdict(each) for each in validation_errors]
    return json.dumps(body, ensure_ascii=False).encode()


def problem(
    status: int,
    code: str,
    detail: str,
    headers: Mapping[str, str] | None = None,
    validation_errors: Sequence[FieldProblem] = (),
) -> HttpResponse:
    """Return an error as a response; `code` is one of a documented, stable few."""
    body = problem_body(status, code, detail, validation_errors)
    return _marked(HttpResponse(body, PROBLEM_TYPE, int(status), headers=dict(headers or {})))


def unauthorized(challenge: str) -> HttpResponse:
    """Return the 401 that is the same whatever was wrong; `challenge` names the scheme to use."""
    response = HttpResponse(status=HTTPStatus.UNAUTHORIZED, headers={"WWW-Authenticate": challenge})
    # Django names a content type even where there is no content.
    del response["Content-Type"]
    return _marked(response)


def _marked(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    # Django would log every answer from 400 on: a flood of bad requests would be paid twice.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
