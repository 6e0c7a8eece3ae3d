"""The steps that every door of reception takes, cheap refusals first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings

from common.client_address import counted_address
from common.database_trouble import is_environment_error
from common.endpoint.body import BodyRefused, read_body, read_start
from common.endpoint.failures import log_failure
from integrations.causes import RejectionCause
from integrations.request import InboundRequest, RefusedBody
from integrations.verification import VerificationFailed
from webhooks.inbound import journal
from webhooks.inbound.reception import answers, rejections
from webhooks.inbound.reception.answers import Answer
from webhooks.inbound.reception.directory import DirectoryUnavailable, SourceSnapshot
from webhooks.inbound.reception.refusal import Refusal
from webhooks.inbound.reception.request_parts import RequestParts
from webhooks.inbound.reception.throttle import throttle

_DATABASE_RETRY_SECONDS: Final = 5


def answered(received: Callable[[], Answer]) -> Answer:
    """Return the answer, whatever happens on our side."""
    try:
        return received()
    except journal.JournalBusy as error:
        return answers.unavailable("BUSY", error.retry_after_seconds)
    except journal.JournalFailed as error:
        return answers.unavailable("UNAVAILABLE", error.retry_after_seconds)
    except DirectoryUnavailable:
        return answers.unavailable("UNAVAILABLE", _DATABASE_RETRY_SECONDS)
    except Exception as error:
        log_failure("reception", error)
        if is_environment_error(error):
            return answers.unavailable("UNAVAILABLE", _DATABASE_RETRY_SECONDS)
        return answers.problem(
            HTTPStatus.INTERNAL_SERVER_ERROR,
            "INTERNAL_ERROR",
            "Something went wrong on this side. Send the request again later.",
        )


def check_open(environ: Mapping[str, Any], source: SourceSnapshot) -> None:
    if not source.is_active:
        start, announced = read_start(environ, rejections.KEPT_BODY_BYTES)
        raise Refusal(
            cause=RejectionCause.SOURCE_DISABLED,
            status=HTTPStatus.NOT_FOUND,
            detail="The source or its site is switched off.",
            body=start,
            body_bytes=announced,
        )


def check_rate(source: SourceSnapshot, parts: RequestParts) -> None:
    check_source_rate(source)
    if parts.remote_address:
        per_address: int = settings.RECEPTION_THROTTLE_PER_ADDRESS
        wait = throttle.seconds_to_wait(counted_address(parts.remote_address), per_address)
        _refuse_rate(wait, "of the sender's address")


def check_source_rate(source: SourceSnapshot) -> None:
    wait = throttle.seconds_to_wait(source.id, source.throttle_per_second)
    _refuse_rate(wait, "of this source")


def _refuse_rate(wait: int, limit: str) -> None:
    if wait:
        raise Refusal(
            cause=RejectionCause.THROTTLED,
            status=HTTPStatus.TOO_MANY_REQUESTS,
            detail=f"The limit {limit} was reached.",
            told="Too many requests. Send them again later.",
            headers={"Retry-After": str(wait)},
        )


def body_of(environ: Mapping[str, Any], source: SourceSnapshot) -> bytes:
    try:
        return read_body(environ, source.preset.max_body_bytes)
    except BodyRefused as refused:
        raise unread(refused) from None


def verify(source: SourceSnapshot, parts: RequestParts, request: InboundRequest) -> None:
    """Let the source's verifier decide who sent the request."""
    try:
        source.verifier.verify(request, parts.received_at)
    except VerificationFailed as failure:
        raise _unverified(failure, parts, request.body) from None


def unreadable(refused: RefusedBody, body: bytes) -> Refusal:
    """Return the 400 for a body that can never be read."""
    return Refusal(
        cause=RejectionCause(refused.cause),
        status=HTTPStatus.BAD_REQUEST,
        detail=refused.detail,
        told=refused.detail,
        headers=refused.headers,
        body=body,
    )


def unread(refused: BodyRefused) -> Refusal:
    """Return the refusal of a request whose body could not be taken as a whole."""
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
