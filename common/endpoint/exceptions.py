"""Turns whatever an endpoint raises into a problem; DRF's `EXCEPTION_HANDLER`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, SuspiciousOperation
from django.core.exceptions import ValidationError as InvalidModel
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from rest_framework import exceptions
from rest_framework.settings import api_settings

from common.endpoint.body import BodyRefused
from common.endpoint.failures import log_failure
from common.endpoint.problems import NOT_FOUND_DETAIL, FieldProblem, problem, unauthorized
from common.json import BadJson

_INVALID_DETAIL: Final = "Some values cannot be taken; validationErrors names each."
_RETRY_SECONDS: Final = 5


def problem_of(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Return the answer to any exception; one that nobody foresaw is logged, and neutral."""
    found = _of_request(error)
    if found is None:
        log_failure(type(context.get("view")).__name__, error)
        found = _of_ours(error)
    return found


def _of_request(error: Exception) -> HttpResponse | None:
    """Return the answer to what the request brought about, None when it is our own failure."""
    match error:
        case BodyRefused():
            answer = problem(error.status, error.kind, error.told)
        case BadJson():
            answer = problem(HTTPStatus.BAD_REQUEST, "BAD_JSON", str(error))
        case InvalidModel() | exceptions.ValidationError():
            answer = _invalid(error)
        case exceptions.APIException():
            answer = _of_framework(error)
        case Http404():
            # Whatever was looked for: the answer says no more than that of an unknown address.
            answer = _not_found()
        case PermissionDenied():
            answer = _of_framework(exceptions.PermissionDenied())
        case SuspiciousOperation():
            sentence = "The request cannot be understood."
            answer = problem(HTTPStatus.BAD_REQUEST, "BAD_REQUEST", sentence)
        case _:
            return None
    return answer


def _of_ours(error: Exception) -> HttpResponse:
    if isinstance(error, (OperationalError, InterfaceError)):
        return problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "UNAVAILABLE",
            "The database cannot be reached just now. Send the request again later.",
            {"Retry-After": str(_RETRY_SECONDS)},
        )
    return problem(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "INTERNAL_ERROR",
        "Something went wrong on this side. Send the request again later.",
    )


def _not_found() -> HttpResponse:
    return problem(HTTPStatus.NOT_FOUND, "NOT_FOUND", NOT_FOUND_DETAIL)


def _of_framework(error: exceptions.APIException) -> HttpResponse:
    if error.status_code == HTTPStatus.UNAUTHORIZED:
        return unauthorized(getattr(error, "auth_header", ""))
    if isinstance(error, exceptions.NotFound) and error.detail == error.default_detail:
        return _not_found()
    if isinstance(error, exceptions.Throttled):
        # Its own detail spells the seconds out in a sentence that changes with every answer.
        wait: int | None = getattr(error, "wait", None)
        headers = {} if wait is None else {"Retry-After": str(wait)}
        sentence = "Too many requests. Send them again later."
        return problem(HTTPStatus.TOO_MANY_REQUESTS, "THROTTLED", sentence, headers)
    code = error.get_codes()
    return problem(
        error.status_code,
        code.upper() if isinstance(code, str) else "BAD_REQUEST",
        error.detail if isinstance(error.detail, str) else str(error.default_detail),
    )


def _invalid(error: InvalidModel | exceptions.ValidationError) -> HttpResponse:
    if isinstance(error, exceptions.ValidationError):
        found = tuple(_field_problems(error.detail, ()))
    elif hasattr(error, "error_dict"):
        found = tuple(_field_problems(error.message_dict, ()))
    else:
        found = tuple(_field_problems(error.messages, ()))
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "INVALID",
        _INVALID_DETAIL,
        validation_errors=found,
    )


def _field_problems(detail: Any, path: tuple[str, ...]) -> Iterator[FieldProblem]:
    """Yield every sentence of nested dicts and lists with the path that leads to it."""
    if isinstance(detail, Mapping):
        for name, nested in detail.items():
            is_whole = name in (NON_FIELD_ERRORS, api_settings.NON_FIELD_ERRORS_KEY)
            yield from _field_problems(nested, path if is_whole else (*path, str(name)))
    elif isinstance(detail, list):
        for index, nested in enumerate(detail):
            # A list holds the sentences of one field, or what was found in each item of a list.
            steps = path if isinstance(nested, str) else (*path, str(index))
            yield from _field_problems(nested, steps)
    else:
        yield FieldProblem(".".join(path), str(detail))
