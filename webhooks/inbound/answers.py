"""The answers of reception. Each error is stable: `{"status", "title", "detail", "code"}`."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from django.http import HttpResponse

from webhooks.inbound.refusal import Refusal

_PROBLEM: Final = "application/problem+json"
_NOT_FOUND_DETAIL: Final = "There is nothing at this address. Check the URL of the source."


def accepted(status: int, event_id: uuid.UUID) -> HttpResponse:
    """Return the success that the vendor expects; a repeat gets the same."""
    return _answer(status, f'{{"id":"{event_id}"}}', "application/json")


def problem(
    status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    body = {
        "status": int(status),
        "title": HTTPStatus(status).phrase,
        "detail": detail,
        "code": code,
    }
    return _answer(status, json.dumps(body, ensure_ascii=False), _PROBLEM, headers)


def refused(refusal: Refusal) -> HttpResponse:
    """Return the answer to a refusal; 401 and 404 say nothing about what exists here."""
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        return _answer(refusal.status, "", None)
    if refusal.status == HTTPStatus.NOT_FOUND:
        return not_found()
    return problem(refusal.status, refusal.cause, refusal.told, refusal.headers)


def not_found() -> HttpResponse:
    return problem(HTTPStatus.NOT_FOUND, "NOT_FOUND", _NOT_FOUND_DETAIL)


def unavailable(code: str, retry_after_seconds: int) -> HttpResponse:
    """Return the request to the sender: nothing was stored, the same request may come again."""
    return problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        code,
        "The event could not be stored just now. Send it again later.",
        {"Retry-After": str(retry_after_seconds)},
    )


def method_not_allowed() -> HttpResponse:
    return problem(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "METHOD_NOT_ALLOWED",
        "This address takes webhooks: requests with the method POST.",
        {"Allow": "POST, OPTIONS"},
    )


def options() -> HttpResponse:
    return _answer(HTTPStatus.NO_CONTENT, "", None, {"Allow": "POST, OPTIONS"})


def _answer(
    status: int,
    text: str,
    content_type: str | None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    response = HttpResponse(text, status=int(status), content_type=content_type)
    if content_type is None:
        del response.headers["Content-Type"]
    if status != HTTPStatus.NO_CONTENT:
        # Django's CommonMiddleware, which reception passes by, would set it.
        response.headers["Content-Length"] = str(len(response.content))
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    for name, value in (headers or {}).items():
        response.headers[name] = value
    # Django would log every answer from 400 on, a line each: a flood of bad requests would be
    # paid twice. Rejected requests are rows, and unhandled errors are logged where they happen.
    response._has_been_logged = True  # type: ignore[attr-defined]
    return response
