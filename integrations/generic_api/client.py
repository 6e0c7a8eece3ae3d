"""The calls to a retailer's API: look-up and write, one try each, and always an outcome.

Source of what counts as success: Voyado Engage Onsite, page *Generic API integration*. How the
look-up names the visitor is not published; query parameters named by the key settings are ours.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import quote, urlencode
from uuid import UUID

import structlog
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from common.encryption import DecryptionFailed
from common.http import HttpAnswer, HttpFailure, OutgoingRequest, send
from integrations.generic_api.authentication import (
    Authenticated,
    authenticate,
    secret_of,
    url_with_query,
)
from integrations.generic_api.calls import STOPPING, call_record
from integrations.generic_api.ignored_codes import is_ignored
from integrations.generic_api.lookup_answer import UnreadableAnswer, read_contact
from integrations.generic_api.masking import CallMask
from integrations.generic_api.shared_structure import key_names, to_shared
from integrations.generic_api.visitor import VisitorData
from integrations.models import ApiCall, Direction, GenericApi, Operation, Outcome, Purpose

log = structlog.get_logger(__name__)

# Besides the kinds of `common.http.FailureKind`: nothing was sent.
UNUSABLE_SETTINGS: Final = "settings"
NOTHING_TO_ASK_BY: Final = "no_key"
# More than the log keeps: retailers may answer with all they have, of which little is read.
MOST_ANSWER_BYTES: Final = 64 * 1024

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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """A call before its credentials; `url` is empty when none is set.

    A look-up `asks_for_nobody` when no value that it sends is known.
    """

    method: str
    url: str = field(repr=False)
    body: bytes | None = field(default=None, repr=False)
    asks_for_nobody: bool = False


class _Unsent(Exception):
    """The call cannot be made. The sentence is for staff."""

    def __init__(self, failure: str, sentence: str) -> None:
        super().__init__(sentence)
        self.failure = failure
        self.sentence = sentence


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
    request = _Request(method="GET", url=url, asks_for_nobody=not query)
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
    request = _Request(
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
    api: GenericApi, call: ApiCall, request: _Request, visitor: VisitorData
) -> HttpAnswer | None:
    """Send, and note in the row what came of it; None when there is no answer."""
    try:
        outgoing, mask = _outgoing(api, request, visitor)
    except _Unsent as unsent:
        unsigned = OutgoingRequest(method=request.method, url=request.url, body=request.body)
        _describe(call, unsigned, _mask(api, visitor))
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


@sensitive_variables()
def _outgoing(
    api: GenericApi, request: _Request, visitor: VisitorData
) -> tuple[OutgoingRequest, CallMask]:
    if request.asks_for_nobody:
        raise _Unsent(
            NOTHING_TO_ASK_BY,
            "Nothing was asked: the visitor gave none of the values that the look-up sends.",
        )
    if not request.url:
        raise _Unsent(UNUSABLE_SETTINGS, "The URL of this call is not set. Enter it.")
    try:
        done = authenticate(
            api,
            method=request.method,
            url=request.url,
            body=request.body or b"",
            now=timezone.now(),
        )
    except DecryptionFailed:
        raise _Unsent(
            UNUSABLE_SETTINGS,
            "A secret of this API was encrypted with a key that this installation does not have. "
            "Enter the secret again.",
        ) from None
    except ValueError as error:
        raise _Unsent(UNUSABLE_SETTINGS, str(error)) from None
    outgoing = OutgoingRequest(
        method=request.method,
        url=done.url,
        headers=_with_own_headers(done.headers, has_body=request.body is not None),
        body=request.body,
        connect_seconds=api.connect_seconds,
        total_seconds=api.total_seconds,
        verify_tls=api.verify_tls,
        most_answer_bytes=MOST_ANSWER_BYTES,
    )
    return outgoing, _mask(api, visitor, done)


def _with_own_headers(headers: Mapping[str, str], *, has_body: bool) -> dict[str, str]:
    own = {"Accept": "application/json"}
    if has_body:
        own["Content-Type"] = "application/json"
    given = {name.lower() for name in headers}
    return {name: value for name, value in own.items() if name.lower() not in given} | dict(headers)


@sensitive_variables()
def _mask(
    api: GenericApi, visitor: VisitorData, credentials: Authenticated | None = None
) -> CallMask:
    mask = CallMask(identity_key=api.personal_identity_key, identities=(visitor.personal_identity,))
    if credentials is None:
        return mask
    values = [credentials.headers[name] for name in credentials.secret_headers]
    return replace(
        mask,
        secret_headers=credentials.secret_headers,
        secret_query=credentials.secret_query,
        secrets=(secret_of(api), *values),
    )


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
