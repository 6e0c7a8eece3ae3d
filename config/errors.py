"""What a request without a page gets: people a page, other systems the one shape of errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.views.defaults import page_not_found

from common.endpoint.problems import problem


def not_found(request: HttpRequest, exception: Exception, **_: Any) -> HttpResponse:
    """Answer 404; below `/admin/` with a page, anywhere else as every endpoint does."""
    if request.path.startswith("/admin/"):
        return page_not_found(request, exception)
    return problem(
        HTTPStatus.NOT_FOUND, "NOT_FOUND", "There is nothing at this address. Check the URL."
    )
