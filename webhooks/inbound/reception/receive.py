"""POST /in/{public id}: from socket to journal, cheap refusals first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import ResponseHeaders
from rest_framework.views import APIView

from common.endpoint.body import BodyRefused, read_body, read_start
from common.endpoint.failures import log_failure
from integrations.causes import RejectionCause
from integrations.request import RefusedBody
from integrations.verification import VerificationFailed
from webhooks.inbound import journal
from webhooks.inbound.reception import answers, directory, rejections
from webhooks.inbound.reception.answers import Answer
from webhooks.inbound.reception.directory import DirectoryUnavailable, SourceSnapshot
from webhooks.inbound.reception.refusal import Refusal
from webhooks.inbound.reception.request_parts import RequestParts, request_parts
from webhooks.inbound.reception.throttle import throttle

_DIRECTORY_RETRY_SECONDS: Final = 5


class ReceiveView(APIView):
    """The door for the webhooks of one source.

    It authenticates by the source's verifier alone: no session, no CSRF token. `dispatch` goes
    past DRF's request wrapper, negotiation and renderers, which would read the body themselves
    and cost more than all of reception (140 µs a request against 60).
    """

    authentication_classes = ()
    permission_classes = ()
    http_method_names = ["post", "options"]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        answer = answer_request(request.META, kwargs["public_id"])
        response = HttpResponse(answer.body, status=answer.status)
        # Django would give an empty 401 a content type.
        response.headers = ResponseHeaders(dict(answer.headers))
        # Django would log every answer from 400 on, a line each: a flood of bad requests would be
        # paid twice. Rejected requests are rows, and unhandled errors are logged where they happen.
        response._has_been_logged = True  # type: ignore[attr-defined]
        return response


def answer_request(environ: Mapping[str, Any], public_id: str) -> Answer:
    """Return the answer to any request at a source's address."""
    match environ["REQUEST_METHOD"]:
        case "POST":
            return receive(environ, public_id)
        case "OPTIONS":
            return answers.options()
        case _:
            return answers.method_not_allowed()


def receive(environ: Mapping[str, Any], public_id: str) -> Answer:
    """Store the request's event, or refuse it; whatever happens, there is an answer."""
    try:
        return _received(environ, public_id)
    except journal.JournalBusy as error:
        return answers.unavailable("BUSY", error.retry_after_seconds)
    except journal.JournalFailed as error:
        return answers.unavailable("UNAVAILABLE", error.retry_after_seconds)
    except DirectoryUnavailable:
        return answers.unavailable("UNAVAILABLE", _DIRECTORY_RETRY_SECONDS)
    except Exception as error:
        log_failure("reception", error)
        return answers.problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "INTERNAL_ERROR",
            "Something went wrong on this side. Send the request again later.",
        )


def _received(environ: Mapping[str, Any], public_id: str) -> Answer:
    source = directory.find(public_id)
    parts = request_parts(environ, datetime.now(UTC))
    if source is None:
        # The same reading as for a source that is switched off: the time taken tells nothing.
        read_start(environ, rejections.KEPT_BODY_BYTES)
        return answers.not_found()
    try:
        return _stored(environ, source, parts)
    except Refusal as refusal:
        rejections.record(source, parts, refusal)
        return answers.refused(refusal)


def _stored(environ: Mapping[str, Any], source: SourceSnapshot, parts: RequestParts) -> Answer:
    _check_open(environ, source)
    _check_rate(source, parts)
    try:
        body = read_body(environ, source.preset.max_body_bytes)
    except BodyRefused as refused:
        raise _unread(refused) from None
    request = parts.inbound_request(body)
    try:
        source.verifier.verify(request, parts.received_at)
        identity = source.preset.identify(request, source.config)
    except VerificationFailed as failure:
        raise _unverified(failure, parts, body) from None
    except RefusedBody as refused:
        raise Refusal(
            cause=RejectionCause(refused.cause),
            status=HTTPStatus.BAD_REQUEST,
            detail=refused.detail,
            told=refused.detail,
            headers=refused.headers,
            body=body,
        ) from None
    appended = journal.append(
        journal.JournalEntry(
            site_id=source.site_id,
            source_id=source.id,
            dedupe_key=identity.dedupe_key,
            event_type=identity.event_type,
            event_id=identity.event_id,
            received_at=parts.received_at,
            body=body,
            remote_address=parts.remote_address,
            headers=parts.kept_headers(source.verifier),
            query=parts.kept_query(source.verifier),
            notes=parts.notes,
            dedupe_window=source.preset.dedupe_window,
        )
    )
    return answers.accepted(source.preset.success_status, appended.id)


def _check_open(environ: Mapping[str, Any], source: SourceSnapshot) -> None:
    if not source.is_active:
        start, announced = read_start(environ, rejections.KEPT_BODY_BYTES)
        raise Refusal(
            cause=RejectionCause.SOURCE_DISABLED,
            status=HTTPStatus.NOT_FOUND,
            detail="The source or its site is switched off.",
            body=start,
            body_bytes=announced,
        )


def _check_rate(source: SourceSnapshot, parts: RequestParts) -> None:
    wait = throttle.seconds_to_wait(source.id, source.throttle_per_second)
    limit = "of this source"
    if not wait and parts.remote_address:
        per_address: int = settings.RECEPTION_THROTTLE_PER_ADDRESS
        wait = throttle.seconds_to_wait(parts.remote_address, per_address)
        limit = "of the sender's address"
    if wait:
        raise Refusal(
            cause=RejectionCause.THROTTLED,
            status=HTTPStatus.TOO_MANY_REQUESTS,
            detail=f"The limit {limit} was reached.",
            told="Too many requests. Send them again later.",
            headers={"Retry-After": str(wait)},
        )


def _unread(refused: BodyRefused) -> Refusal:
    return Refusal(
        cause=RejectionCause(refused.kind),
        status=refused.status,
        detail=refused.detail,
        told=refused.told,
        body=refused.body,
        body_bytes=refused.body_bytes,
    )


def _unverified(failure: VerificationFailed, parts: RequestParts, body: bytes) -> Refusal:
    is_closed = failure.cause == RejectionCause.SOURCE_DISABLED
    return Refusal(
        cause=failure.cause,
        status=HTTPStatus.NOT_FOUND if is_closed else HTTPStatus.UNAUTHORIZED,
        detail=" ".join((failure.detail, *parts.notes)).strip(),
        body=body,
    )
