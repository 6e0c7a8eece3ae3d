"""What a request without an answer of its own gets: people a page, other systems a problem."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from django.contrib import admin
from django.core import exceptions
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.views import defaults

from common.endpoint.problems import problem

# What a browser sent was more than is read at once; nothing is wrong with it otherwise.
_TOO_MUCH: Final = (
    exceptions.TooManyFieldsSent,
    exceptions.TooManyFilesSent,
    exceptions.RequestDataTooBig,
)


def not_found(request: HttpRequest, exception: Exception, **_: Any) -> HttpResponse:
    """Answer 404; below `/admin/` with a page, anywhere else as every endpoint does."""
    if request.path.startswith("/admin/"):
        return defaults.page_not_found(request, exception)
    return problem(
        HTTPStatus.NOT_FOUND, "NOT_FOUND", "There is nothing at this address. Check the URL."
    )


def bad_request(request: HttpRequest, exception: Exception, **_: Any) -> HttpResponse:
    """Answer 400; a page below `/admin/` that sent too much says so, and what to do."""
    if not (isinstance(exception, _TOO_MUCH) and request.path.startswith("/admin/")):
        return defaults.bad_request(request, exception)
    context = admin.site.each_context(request) | {"title": "Too much at once"}
    response = TemplateResponse(
        request, "admin/too_much.html", context, status=HTTPStatus.BAD_REQUEST
    )
    return response.render()
