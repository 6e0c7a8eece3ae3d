"""The calls to a retailer's API: look-up and write, one try each, and always an outcome.

Source of what counts as success: Voyado Engage Onsite, page *Generic API integration*. How the
look-up names the visitor is not published; query parameters named by the key settings are ours.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, urlencode
from uuid import UUID

import structlog
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from common.http import HttpAnswer, HttpFailure, OutgoingRequest, send
from integrations.generic_api.authentication import url_with_query
from integrations.generic_api.calls import STOPPING, call_record
from integrations.generic_api.ignored_codes import is_ignored
from integrations.generic_api.lookup_answer import UnreadableAnswer, read_contact
from integrations.generic_api.masking import CallMask
from integrations.generic_api.preparation import (
    NOTHING_TO_ASK_BY,
    UNUSABLE_SETTINGS,
    BareRequest,
    Unsent,
    made_ready,
    mask_of,
)
from integrations.generic_api.shared_structure import key_names, to_shared
from integrations.generic_api.visitor import VisitorData
from integrations.models import ApiCall, Direction, GenericApi, Operation, Outcome, Purpose

__all__ = ["NOTHING_TO_ASK_BY", "UNUSABLE_SETTINGS", "CallResult", "lookup", "write"]

log = structlog.get_logger(__name__)

_EXPECTED: Final[dict[str, dict[int, Outcome]]] = {
    Operation.LOOKUP: {200: Outcome.FOUND, 404: Outcome.NOT_FOUND},
    Operation.WRITE: {200: Outcome.UPDATED, 201: Outcome.CREATED},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallResult:
    """What a call came to; its row is stored. `visitor` and `tag` are set when one was found."""

    call: ApiCall
    visitor: VisitorData | None = None
    tag: str = ""
    notes: tuple[str, ...] = field(default=())

    @property
    def continues(self) -> bool:
        """Whether the visitor may go on."""
        return self.call.outcome not in STOPPING


def lookup(
    *, api: GenericApi, visitor: VisitorData, purpose: Purpose, submission_id: UUID | None = None
) -> CallResult:
    """Ask the API for the visitor, by those of `api.lookup_sends` that are known.

    Never raises for what the other side does, nor for settings that cannot be used. A visitor of
    whom only something else is known is not asked for and counts as an error: neither “new” nor
    “existing” would be true.
    """
    call = _new_call(api, Operation.LOOKUP, purpose, submission_id)
    query = _lookup_query(api, visitor)
    url = url_with_query(api.lookup_url, query) if api.lookup_url else ""
    request = BareRequest(method="GET", url=url, asks_for_nobody=not query)
    answer = _answer(api, call, request, visitor)
    result = CallResult(call=call)
    if answer is not None and call.outcome == Outcome.FOUND:
        result = _found(api, call, answer)
    return _finished(result)


def write(
    *,
    api: GenericApi,
    visitor: VisitorData,
    tag: str = "",
    purpose: Purpose,
    submission_id: UUID | None = None,
) -> CallResult:
    """Create or update the visitor at the API. Never raises, as `lookup`; no answer is read."""
    call = _new_call(api, Operation.WRITE, purpose, submission_id)
    document = to_shared(api, visitor, tag)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    request = BareRequest(
        method=api.write_method, url=api.write_url, body=text.encode("utf-8", "replace")
    )
    _answer(api, call, request, visitor)
    return _finished(CallResult(call=call))


def _lookup_query(api: GenericApi, visitor: VisitorData) -> str:
    known = {
        key: getattr(visitor, name)
        for name, key in key_names(api).items()
        if name in api.lookup_sends and getattr(visitor, name)
    }
    return urlencode(known, quote_via=quote, safe="", errors="replace")


def _new_call(
    api: GenericApi, operation: Operation, purpose: Purpose, submission_id: UUID | None
) -> ApiCall:
    return ApiCall(
        site_id=api.site_id,
        at=timezone.now(),
        direction=Direction.SENT,
        operation=operation,
        purpose=purpose,
        submission_id=submission_id,
        duration_ms=0,
    )


@sensitive_variables()
def _answer(
    api: GenericApi, call: ApiCall, request: BareRequest, visitor: VisitorData
) -> HttpAnswer | None:
    """Send, and note in the row what came of it; None when there is no answer."""
    try:
        outgoing, mask = made_ready(api, request, visitor)
    except Unsent as unsent:
        unsigned = OutgoingRequest(method=request.method, url=request.url, body=request.body)
        _describe(call, unsigned, mask_of(api, visitor))
        call.outcome, call.failure = Outcome.ERROR, unsent.failure
        call.reason = unsent.sentence
        return None
    _describe(call, outgoing, mask)
    try:
        answer = send(outgoing)
    except HttpFailure as failure:
        call.outcome, call.failure = Outcome.ERROR, failure.kind.value
        call.reason, call.duration_ms = failure.sentence, failure.duration_ms
        return None
    call.status_code, call.duration_ms = answer.status, answer.duration_ms
    call.response_headers = mask.headers(answer.headers)
    call.response_body = mask.body(answer.body)
    call.outcome, call.reason = _judged(api, call.operation, answer.status)
    return answer


def _describe(call: ApiCall, request: OutgoingRequest, mask: CallMask) -> None:
    call.method = request.method
    call.url = mask.url(request.url)
    call.request_headers = mask.headers(request.headers)
    call.request_body = mask.body(request.body or b"")


def _judged(api: GenericApi, operation: str, status: int) -> tuple[Outcome, str]:
    """Return the outcome of a status, with a sentence when it is not what was expected."""
    expected = _EXPECTED[operation].get(status)
    if expected is not None:
        return expected, ""
    if is_ignored(api.ignored_codes, status):
        return Outcome.IGNORED, f"The API answered {status}, which is on the list of ignored codes."
    redirect = " A redirect is not followed." if 300 <= status < 400 else ""
    return (
        Outcome.BLOCKED,
        f"The API answered {status}, which is neither expected nor on the list of ignored codes."
        + redirect,
    )


def _found(api: GenericApi, call: ApiCall, answer: HttpAnswer) -> CallResult:
    """Read the contact; an answer that holds none blocks, as nobody can say what it means."""
    try:
        read = read_contact(api, answer)
    except UnreadableAnswer as error:
        call.outcome, call.reason = Outcome.BLOCKED, str(error)
        return CallResult(call=call)
    call.notes = list(read.notes)
    return CallResult(call=call, visitor=read.visitor, tag=read.tag, notes=read.notes)


def _finished(result: CallResult) -> CallResult:
    call = result.call
    call_record(call)
    if not result.continues and call.purpose != Purpose.TRIAL:
        log.error(
            "generic api call stopped a visitor",
            call=str(call.pk),
            site=call.site_id,
            operation=str(call.operation),
            outcome=str(call.outcome),
        )
    return result
