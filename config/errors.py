"""What a request without an answer of its own gets: people a page, other systems a problem."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import structlog
from django.contrib import admin
from django.core import exceptions
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import NoReverseMatch, reverse
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
        return _page(
            request,
            HTTPStatus.NOT_FOUND,
            "There is nothing here",
            "The address is wrong, or what it showed is gone: logs are kept for a while only, and "
            "what belongs to something that was deleted went with it. What is of a site that you "
            "are no member of is not shown either.",
        )
    return problem(
        HTTPStatus.NOT_FOUND, "NOT_FOUND", "There is nothing at this address. Check the URL."
    )


def forbidden(request: HttpRequest, exception: Exception, **_: Any) -> HttpResponse:
    """Answer 403 below `/admin/` with a page that says whom to ask."""
    if not request.path.startswith("/admin/"):
        return defaults.permission_denied(request, exception)
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        "You may not do this",
        "Your role on the site does not allow it, or nobody may. Nothing was changed. An admin of "
        "the site can give you another role.",
    )


def locked_out(
    request: HttpRequest, response: HttpResponse | None, credentials: dict[str, Any] | None
) -> HttpResponse:
    """Answer whoever gave too many wrong passwords; all the same whether there is such a name."""
    return _page(
        request,
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many wrong passwords",
        "This name may not log in from here for a quarter of an hour, also with the right "
        "password. A superuser can end that sooner under System → Failed logins, and give another "
        "password under System → Users.",
    )


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a form whose token does not fit, most often because somebody logged in meanwhile."""
    return _page(
        request,
        HTTPStatus.FORBIDDEN,
        "This page is out of date",
        "You logged in or out in another tab since it was opened, or the browser keeps no cookies. "
        "Nothing was changed. Go back, reload the page and send it again.",
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 below `/admin/` with a page that needs no database and names the log line."""
    if not request.path.startswith("/admin/"):
        return defaults.server_error(request)
    number = structlog.contextvars.get_contextvars().get("request_id", "")
    page = render_to_string("admin/server_error.html", {"number": number})
    return HttpResponse(page, status=HTTPStatus.INTERNAL_SERVER_ERROR)


def bad_request(request: HttpRequest, exception: Exception, **_: Any) -> HttpResponse:
    """Answer 400; a page below `/admin/` that sent too much says so, and what to do."""
    if not (isinstance(exception, _TOO_MUCH) and request.path.startswith("/admin/")):
        return defaults.bad_request(request, exception)
    context = admin.site.each_context(request) | {"title": "Too much at once"}
    response = TemplateResponse(
        request, "admin/too_much.html", context, status=HTTPStatus.BAD_REQUEST
    )
    return response.render()


def _page(request: HttpRequest, status: HTTPStatus, title: str, words: str) -> HttpResponse:
    context = admin.site.each_context(request) | {
        "title": title,
        "words": words,
        "list_url": _list_url(request.path),
    }
    return TemplateResponse(request, "admin/error.html", context, status=status).render()


def _list_url(path: str) -> str:
    """Return the list that an address of a row belongs to, if it is one."""
    parts = path.split("/")
    if len(parts) < 6:
        return ""
    try:
        return reverse(f"admin:{parts[2]}_{parts[3]}_changelist")
    except NoReverseMatch:
        return ""
