"""The answers of reception. Each error is stable: `{"status", "title", "detail", "code"}`."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from common.endpoint.problems import PROBLEM_TYPE, problem_body
from webhooks.inbound.reception.refusal import Refusal

_NOT_FOUND_DETAIL: Final = "There is nothing at this address. Check the URL of the source."
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


def accepted(status: int, event_id: uuid.UUID) -> Answer:
    """Return the success that the vendor expects; a repeat gets the same."""
    return _answer(status, f'{{"id":"{event_id}"}}'.encode(), "application/json")


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
    return problem(refusal.status, refusal.cause, refusal.told, refusal.headers)


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
