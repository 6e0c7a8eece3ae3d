"""The answers of reception. Each error is stable: `{"status", "title", "detail", "code"}`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpResponse
from django.http.response import ResponseHeaders

from common.endpoint.problems import PROBLEM_TYPE, FieldProblem, problem_body
from webhooks.inbound.reception.refusal import Refusal

_NOT_FOUND_DETAIL: Final = "There is nothing at this address. Check the URL."
_NONE_ACCEPTED: Final = "None of the events was accepted; each says why."
_ALWAYS: Final = (("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"))


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, headers and body, ready for the wire whatever stands between."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def status_line(self) -> str:
        return f"{self.status} {HTTPStatus(self.status).phrase}"

    def with_headers(self, headers: Mapping[str, str]) -> Answer:
        return replace(self, headers=(*self.headers, *headers.items()))


def as_response(answer: Answer) -> HttpResponse:
    """Return the answer for Django's handler, where that stands between."""
    response = HttpResponse(answer.body, status=answer.status)
    # Django would give an empty 401 a content type.
    response.headers = ResponseHeaders(dict(answer.headers))
    # Django would log every answer from 400 on, a line each: a flood of bad requests would be
    # paid twice. Rejected requests are rows, and unhandled errors are logged where they happen.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response


def accepted(status: int, event_id: uuid.UUID) -> Answer:
    """Return the success that the vendor expects; a repeat gets the same."""
    return _answer(status, f'{{"id":"{event_id}"}}'.encode(), "application/json")


def created(short_id: str) -> Answer:
    """Return the success of Connectif's *Create custom event*."""
    return _answer(HTTPStatus.CREATED, f'{{"id":"{short_id}"}}'.encode(), "application/json")


def unprocessable(problems: Sequence[FieldProblem]) -> Answer:
    """Return Connectif's HttpUnprocessableEntityError, whose keys and words are given."""
    body = {
        "status": 422,
        "title": "Unprocessable Entity",
        "detail": "Resource contains validation errors.",
        "validationErrors": [asdict(each) for each in problems],
    }
    text = json.dumps(body, ensure_ascii=False)
    return _answer(HTTPStatus.UNPROCESSABLE_ENTITY, text.encode(), PROBLEM_TYPE)


def of_events(results: Sequence[Mapping[str, Any]], *, is_any_accepted: bool) -> Answer:
    """Return what became of each event of a request, `{"id"}` or `{"error"}`, in their order."""
    if is_any_accepted:
        text = json.dumps({"events": results}, ensure_ascii=False)
        return _answer(HTTPStatus.ACCEPTED, text.encode(), "application/json")
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    body = json.loads(problem_body(status, "NO_EVENT_ACCEPTED", _NONE_ACCEPTED))
    text = json.dumps({**body, "events": results}, ensure_ascii=False)
    return _answer(status, text.encode(), PROBLEM_TYPE)


def unauthorized(challenge: str) -> Answer:
    return _answer(HTTPStatus.UNAUTHORIZED, b"", None, {"WWW-Authenticate": challenge})


def too_many(headers: Mapping[str, str]) -> Answer:
    return problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "THROTTLED",
        "Too many requests. Send them again later.",
        headers,
    )


def problem(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> Answer:
    return _answer(status, problem_body(status, code, detail), PROBLEM_TYPE, headers)


def refused(refusal: Refusal) -> Answer:
    """Return the answer to a refusal; 401 and 404 say nothing about what exists here."""
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        return _answer(refusal.status, b"", None)
    if refusal.status == HTTPStatus.NOT_FOUND:
        return not_found()
    if refusal.problems:
        return unprocessable(refusal.problems)
    code = refusal.code or refusal.cause
    return problem(refusal.status, code, refusal.told, refusal.headers)


def not_found() -> Answer:
    return problem(HTTPStatus.NOT_FOUND, "NOT_FOUND", _NOT_FOUND_DETAIL)


def unavailable(code: str, retry_after_seconds: int) -> Answer:
    """Return the request to the sender: nothing was stored, the same request may come again."""
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        code,
        "The event could not be stored just now. Send it again later.",
        {"Retry-After": str(retry_after_seconds)},
    )


def method_not_allowed() -> Answer:
    return problem(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        "This address takes webhooks: requests with the method POST.",
        {"Allow": "POST, OPTIONS"},
    )


def options() -> Answer:
    return _answer(HTTPStatus.NO_CONTENT, b"", None, {"Allow": "POST, OPTIONS"})


def _answer(
    status: int,
    body: bytes,
    content_type: str | None,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    given = list((headers or {}).items())
    if content_type is not None:
        given.append(("Content-Type", content_type))
    if status != HTTPStatus.NO_CONTENT:
        given.append(("Content-Length", str(len(body))))
    return Answer(int(status), (*_ALWAYS, *given), body)
