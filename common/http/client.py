"""`send`: one request out, one answer back, within one deadline."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Final

from requests import PreparedRequest, Response
from requests.structures import CaseInsensitiveDict

from common.http.adapter import JudgedAdapter, Line
from common.http.deadline import Deadline
from common.http.exchange import HttpAnswer, HttpFailure, OutgoingRequest
from common.http.failures import EXPECTED, exchange_failure
from common.http.outgoing import checked

_READ_SIZE: Final = 16 * 1024


def send(request: OutgoingRequest) -> HttpAnswer:
    """Carry out one request; raises HttpFailure when no answer came, whatever the reason.

    Any status is an answer, redirects included: they are not followed. Nothing is shared with
    other calls: no connection, no cookie, no proxy or password from the environment. Addresses
    that are not allowed are never connected to. May be called from any thread.
    """
    started = time.monotonic()
    try:
        return _exchange(request, started)
    except HttpFailure as failure:
        failure.duration_ms = _milliseconds_since(started)
        # Errors of the libraries may hold parts of the request: they end here.
        raise failure from None


def _exchange(request: OutgoingRequest, started: float) -> HttpAnswer:
    deadline = Deadline(request.total_seconds)
    place, headers = checked(request)
    prepared = _prepared(request, headers)
    line = Line(place, deadline, request.connect_seconds, request.verify_tls)
    with closing(JudgedAdapter(line)) as adapter:
        try:
            # The adapter alone: a session is what follows redirects, keeps cookies and reads
            # proxies and passwords from the environment.
            response = adapter.send(prepared, stream=True, proxies={})
            body = _read(response, request.most_answer_bytes)
        except EXPECTED as error:
            raise exchange_failure(error, request.total_seconds) from error
        finally:
            line.hang_up()
    return HttpAnswer(
        status=response.status_code,
        headers=response.headers,
        body=body[: request.most_answer_bytes],
        is_cut=len(body) > request.most_answer_bytes,
        duration_ms=_milliseconds_since(started),
    )


def _prepared(request: OutgoingRequest, headers: dict[str, str]) -> PreparedRequest:
    """Fill in by hand what requests would prepare: it would re-quote the URL and add headers."""
    prepared = PreparedRequest()
    prepared.method = request.method
    prepared.url = request.url
    prepared.headers = CaseInsensitiveDict(headers)
    prepared.headers.update({"Connection": "close"})
    if request.body is not None:
        prepared.headers["Content-Length"] = str(len(request.body))
    prepared.body = request.body
    return prepared


def _read(response: Response, most_bytes: int) -> bytes:
    """Return the body as it came, or one byte more than `most_bytes` when it goes on."""
    body = b""
    while len(body) <= most_bytes:
        wanted = min(_READ_SIZE, most_bytes + 1 - len(body))
        part = response.raw.read(wanted, decode_content=False)
        if not part:
            break
        body += part
    return body


def _milliseconds_since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
