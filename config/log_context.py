"""What every line of a log carries: which request, or which job, it belongs to."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import structlog
from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponse
from django_q.signals import post_execute_in_worker, pre_execute


class RequestLogMiddleware:
    """Binds an id to the log lines of one request and returns it, so that a report can name it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = secrets.token_hex(8)
        # Unbound when the request has finished: Django logs an error response after this returned.
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


def _unbind_request(**_: Any) -> None:
    structlog.contextvars.unbind_contextvars("request_id")


def _bind_job(task: dict[str, Any], **_: Any) -> None:
    # The arguments are ids by rule, yet only the name is certain to hold nothing personal.
    structlog.contextvars.bind_contextvars(job_id=task.get("id"), job=str(task.get("func")))


def _unbind_job(**_: Any) -> None:
    structlog.contextvars.unbind_contextvars("job_id", "job")


def connect_log_context() -> None:
    """Bind the id of a django-q2 task to the log lines of its run, and end what a request bound."""
    request_finished.connect(_unbind_request, dispatch_uid="patchbay.log.unbind_request")
    pre_execute.connect(_bind_job, dispatch_uid="patchbay.log.bind_job")
    post_execute_in_worker.connect(_unbind_job, dispatch_uid="patchbay.log.unbind_job")
