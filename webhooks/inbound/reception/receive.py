"""POST /in/{public id}: from socket to journal, cheap refusals first."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from rest_framework.views import APIView

from common.endpoint.body import read_start
from integrations.request import RefusedBody
from webhooks.inbound import journal
from webhooks.inbound.reception import answers, directory, rejections
from webhooks.inbound.reception.admission import (
    answered,
    body_of,
    check_open,
    check_rate,
    unreadable,
    verify,
)
from webhooks.inbound.reception.answers import Answer
from webhooks.inbound.reception.directory import SourceSnapshot
from webhooks.inbound.reception.refusal import Refusal
from webhooks.inbound.reception.request_parts import RequestParts, request_parts


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
        return answers.as_response(answer_request(request.META, kwargs["public_id"]))


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
    return answered(lambda: _received(environ, public_id))


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
    check_open(environ, source)
    check_rate(source, parts)
    body = body_of(environ, source)
    request = parts.inbound_request(body)
    try:
        verify(source, parts, request)
        identity = source.preset.identify(request, source.config)
    except RefusedBody as refused:
        raise unreadable(refused, body) from None
    appended = journal.append(
        journal.JournalEntry(
            site_id=source.site_id,
            source_id=source.id,
            dedupe_key=identity.dedupe_key,
            event_type=identity.event_type,
            event_id=identity.event_id,
            body=body,
            **parts.kept(source.verifier),
            dedupe_window=source.preset.dedupe_window,
        )
    )
    return answers.accepted(source.preset.success_status, appended.id)
