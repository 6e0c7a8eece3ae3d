"""From a request at a site's address to the answer, cheap refusals first."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from rest_framework.views import APIView

from common.client_address import counted_address
from common.endpoint.body import BodyRefused, read_body
from common.endpoint.exceptions import problem_of
from common.endpoint.failures import log_failure
from common.endpoint.parser import MOST_BODY_BYTES
from common.endpoint.problems import problem, unauthorized
from common.endpoint.throttle import Throttle
from integrations.models import GenericApi, Outcome
from onsite.serving.admission import NotAdmitted, admitted, api_of
from onsite.serving.call_log import record_refused, record_served
from onsite.serving.looking_up import looked_up
from onsite.serving.outcome import Refused, Served
from onsite.serving.served_request import ServedRequest, served_request
from onsite.serving.writing import written

_ALLOWED: Final = "GET, POST, PUT, PATCH, OPTIONS"
# The same for every site, whatever its mode: which one it is, is nobody's business.
_CHALLENGE: Final = "GenericApi"
_OUR_FAILURE: Final = "Something went wrong on this side; the log of the web process says where."

throttle = Throttle()


class ContactsView(APIView):
    """A site's Generic API. It authenticates by the site's settings alone: no session, no token.

    `dispatch` goes past DRF's request wrapper and negotiation: a signature covers the raw body,
    which the wrapper would read itself, and nobody is refused for what they accept.
    """

    authentication_classes = ()
    permission_classes = ()
    http_method_names = ["get", "post", "put", "patch", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        match request.method:
            case "GET" | "POST" | "PUT" | "PATCH":
                try:
                    return self._answered(request, kwargs["site_id"])
                except Exception as error:
                    return problem_of(error, {"view": self})
            case "OPTIONS":
                return HttpResponse(status=HTTPStatus.NO_CONTENT, headers={"Allow": _ALLOWED})
            case _:
                return problem(
                    HTTPStatus.METHOD_NOT_ALLOWED,
                    "METHOD_NOT_ALLOWED",
                    "Look a contact up with GET; create or update one with POST, PUT or PATCH.",
                    {"Allow": _ALLOWED},
                )

    def _answered(self, http_request: HttpRequest, site_id: UUID) -> HttpResponse:
        started = time.monotonic()
        request = served_request(http_request.META, datetime.now(UTC))
        per_address = settings.RECEPTION_THROTTLE_PER_ADDRESS if request.remote_address else 0
        if wait := throttle.seconds_to_wait(counted_address(request.remote_address), per_address):
            return _too_many(wait)
        try:
            # A GET has no body; whatever came with one is not looked at.
            is_read = request.method != "GET"
            body = read_body(http_request.META, MOST_BODY_BYTES) if is_read else b""
            api = admitted(site_id, request, body)
        except BodyRefused as refused:
            response = problem(refused.status, refused.kind, refused.told)
            return _turned_away(api_of(site_id), request, response, refused.detail or refused.told)
        except NotAdmitted as refusal:
            return _turned_away(refusal.api, request, unauthorized(_CHALLENGE), refusal.cause)
        # Behind the credentials: strangers must not use up what the site's own caller may send.
        if wait := throttle.seconds_to_wait(api.site_id, settings.API_THROTTLE_PER_KEY):
            return _turned_away(api, request, _too_many(wait), "Too many requests at once.")
        served = self._served(api, request, body)
        duration_ms = round((time.monotonic() - started) * 1000)
        _log(record_served, api, request, body, served, duration_ms)
        return served.response

    def _served(self, api: GenericApi, request: ServedRequest, body: bytes) -> Served:
        try:
            if request.method == "GET":
                return looked_up(api, request.query)
            return written(api, body, request.received_at)
        except Refused as refused:
            return refused.served()
        except Exception as error:
            return Served(
                response=problem_of(error, {"view": self}),
                outcome=Outcome.ERROR,
                reason=_OUR_FAILURE,
            )


def _turned_away(
    api: GenericApi | None, request: ServedRequest, response: HttpResponse, cause: str
) -> HttpResponse:
    if api is not None:
        _log(record_refused, api, request, response, cause)
    return response


def _log(record: Callable[..., None], *what: Any) -> None:
    # The contact is written and the visitor waits: a log that fails must not stop them.
    try:
        record(*what)
    except Exception as error:
        log_failure("the log of served calls", error)


def _too_many(wait: int) -> HttpResponse:
    return problem(
        HTTPStatus.TOO_MANY_REQUESTS,
        "THROTTLED",
        "Too many requests. Send them again later.",
        {"Retry-After": str(wait)},
    )
