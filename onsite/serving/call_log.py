"""Rows about what Onsite asked us: every call that got in, and a few that did not."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime
from typing import Final

from django.http import HttpResponse

from common.masks import MASK
from common.redaction import redact_url
from integrations.generic_api.authentication import secret_of
from integrations.generic_api.calls import call_record
from integrations.generic_api.masking import CallMask
from integrations.models import ApiCall, Direction, GenericApi, Operation, Outcome, Purpose
from integrations.models.generic_api import AuthMode, KeyPlace
from onsite.serving.outcome import Served
from onsite.serving.served_request import ServedRequest, wsgi_name

# Anyone who knows a site's id can provoke these: a few rows show what is wrong.
MOST_REFUSALS_AN_HOUR: Final = 20
# Of a refused call, any other header may hold the credential under a wrong name.
_HARMLESS_HEADERS: Final = frozenset(
    ("accept", "accept-encoding", "connection", "content-encoding", "content-length",
     "content-type", "host", "transfer-encoding", "user-agent", "x-request-id")
)  # fmt: skip


def record_served(
    api: GenericApi, request: ServedRequest, body: bytes, served: Served, duration_ms: int
) -> None:
    """Log a call that got in. Credentials and the personal identity number are masked."""
    mask = _mask(api, served)
    call = _call(api, request, served.response)
    call.outcome = served.outcome
    call.reason = served.reason
    call.notes = list(served.notes)
    call.contact_id = served.contact_id
    call.url = mask.url(f"{request.path}?{request.query}" if request.query else request.path)
    call.request_headers = mask.headers(request.headers)
    call.request_body = mask.body(body)
    call.response_body = mask.body(served.response.content)
    call.duration_ms = duration_ms
    call_record(call)


def record_refused(
    api: GenericApi, request: ServedRequest, response: HttpResponse, cause: str
) -> None:
    """Log a call that did not get in, unless this hour's rows of the site are used up.

    Nothing is kept of its body, and of its query the names: a stranger may have sent anything.
    """
    if not _refusals.take(api.site_id, request.received_at):
        return
    call = _call(api, request, response)
    call.outcome = Outcome.ERROR
    call.reason = cause
    call.url = redact_url(f"{request.path}?{request.query}")
    call.request_headers = {
        name: value if name in _readable_headers(api) else MASK
        for name, value in CallMask(identity_key="").headers(request.headers).items()
    }
    call_record(call)


class RefusalRoom:
    """How many rows of refused calls an hour still takes, site by site, in this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hour: datetime | None = None
        self._written: Counter[int] = Counter()

    def take(self, site_id: int, at: datetime) -> bool:
        hour = at.replace(minute=0, second=0, microsecond=0)
        with self._lock:
            if hour != self._hour:
                self._hour, self._written = hour, Counter()
            if self._written[site_id] >= MOST_REFUSALS_AN_HOUR:
                return False
            self._written[site_id] += 1
        return True

    def forget(self) -> None:
        with self._lock:
            self._hour = None


_refusals = RefusalRoom()
forget_refusals = _refusals.forget


def _call(api: GenericApi, request: ServedRequest, response: HttpResponse) -> ApiCall:
    return ApiCall(
        site_id=api.site_id,
        at=request.received_at,
        direction=Direction.SERVED,
        operation=Operation.LOOKUP if request.method == "GET" else Operation.WRITE,
        purpose=Purpose.ONSITE,
        method=request.method,
        status_code=response.status_code,
        response_headers=dict(response.items()),
        duration_ms=0,
        remote_address=request.remote_address,
    )


def _mask(api: GenericApi, served: Served) -> CallMask:
    header, query = _credential_names(api)
    return CallMask(
        identity_key=api.personal_identity_key,
        secret_headers=header,
        secret_query=query,
        secrets=(secret_of(api),),
        identities=served.identities,
    )


def _credential_names(api: GenericApi) -> tuple[frozenset[str], frozenset[str]]:
    """Return the header and the parameter that carry the credential."""
    nothing: frozenset[str] = frozenset()
    match api.auth_mode:
        case AuthMode.HEADER:
            return frozenset((wsgi_name(api.header_name),)), nothing
        case AuthMode.HMAC:
            return frozenset((wsgi_name(api.hmac_header),)), nothing
        case _ if api.api_key_place == KeyPlace.HEADER:
            return frozenset((wsgi_name(api.api_key_name),)), nothing
    return nothing, frozenset((api.api_key_name,))


def _readable_headers(api: GenericApi) -> frozenset[str]:
    # The time of a signature is no secret, and whoever compares clocks needs it.
    is_signed = api.auth_mode == AuthMode.HMAC
    return _HARMLESS_HEADERS | ({wsgi_name(api.hmac_timestamp_header)} if is_signed else set())
