"""Events of the context Public API: `POST /custom-events/alias/{alias}` and `/id/{id}`.

Connectif's API documentation, page *Create custom event by alias*. Checks come in this order:
401, 403, 429, 404, 413, 415, 400 for what cannot be read, 422, 400 for an unknown contact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from common.endpoint.parser import NOT_JSON, is_json_type
from common.endpoint.rate_window import RateWindow
from integrations.causes import RejectionCause
from integrations.presets.reception_event.definition import API
from integrations.presets.reception_event.reading import ReadEvent
from sites.api_keys.credentials import (
    ADDRESS_DETAIL,
    ADDRESS_NOT_ALLOWED,
    Judgement,
    credentials_in,
    judged,
    note_failure,
    seconds_until_tried_again,
)
from sites.api_keys.known_keys import KnownKey
from sites.api_keys.last_use import use_note
from sites.api_keys.permission import SCOPE_MISSING, scope_detail
from sites.api_keys.usage import usage_count
from sites.models import Scope
from webhooks.inbound.reception import answers, directory, rejections
from webhooks.inbound.reception.admission import answered, body_of, check_open, check_rate
from webhooks.inbound.reception.answers import Answer
from webhooks.inbound.reception.directory import EventSnapshot
from webhooks.inbound.reception.event_storing import read, store
from webhooks.inbound.reception.known_contacts import is_known
from webhooks.inbound.reception.refusal import Refusal
from webhooks.inbound.reception.request_parts import RequestParts, request_parts

Find = Callable[[KnownKey], EventSnapshot | None]

CREATE_CONTACT: Final = "createContact"
_CHALLENGE: Final = "ApiKey"
_BAD_CREATE_CONTACT: Final = "The parameter createContact must be true or false, once."

rate_window = RateWindow()


def receive_by_alias(environ: Mapping[str, Any], alias: str) -> Answer:
    def find(key: KnownKey) -> EventSnapshot | None:
        return directory.find_event_by_alias(str(key.site_public_id), alias)

    return answered(lambda: _received(environ, find))


def receive_by_id(environ: Mapping[str, Any], event_id: str) -> Answer:
    def find(key: KnownKey) -> EventSnapshot | None:
        event = directory.find_event_by_id(event_id)
        return event if event is not None and event.source.site_id == key.site_id else None

    return answered(lambda: _received(environ, find))


@sensitive_variables("given")
def _received(environ: Mapping[str, Any], find: Find) -> Answer:
    parts = request_parts(environ, datetime.now(UTC))
    given = credentials_in(environ.get("HTTP_AUTHORIZATION", ""))
    if given is None:
        return answers.unauthorized(_CHALLENGE)
    if wait := seconds_until_tried_again(parts.remote_address):
        return answers.too_many({"Retry-After": str(wait)})
    key = directory.find_key(given.key_id)
    judgement = judged(key, given, parts.remote_address, parts.received_at)
    if key is None or not judgement.is_good:
        note_failure(given.key_id, judgement, parts.remote_address)
    if key is None or not judgement.is_proven:
        return answers.unauthorized(_CHALLENGE)
    answer = answered(lambda: _answer_to(key, judgement, environ, parts, find))
    usage_count(key.id, answer.status)
    return answer


def _answer_to(
    key: KnownKey,
    judgement: Judgement,
    environ: Mapping[str, Any],
    parts: RequestParts,
    find: Find,
) -> Answer:
    """Return the answer to whoever showed the secret of the key."""
    if judgement.faults:
        return answers.unauthorized(_CHALLENGE)
    if not judgement.is_address_right:
        return answers.problem(HTTPStatus.FORBIDDEN, ADDRESS_NOT_ALLOWED, ADDRESS_DETAIL)
    use_note(key.id, parts.remote_address, parts.received_at)
    if not key.has_scope(Scope.CUSTOM_EVENTS_WRITE):
        detail = scope_detail(Scope.CUSTOM_EVENTS_WRITE)
        return answers.problem(HTTPStatus.FORBIDDEN, SCOPE_MISSING, detail)
    per_minute: int = settings.CUSTOM_EVENTS_PER_MINUTE
    if not per_minute:
        return answered(lambda: _answer_of_event(key, environ, parts, find))
    rate = rate_window.take(key.id, per_minute)
    if rate.retry_after:
        return answers.too_many(rate.headers)
    answer = answered(lambda: _answer_of_event(key, environ, parts, find))
    return answer.with_headers(rate.headers)


def _answer_of_event(
    key: KnownKey, environ: Mapping[str, Any], parts: RequestParts, find: Find
) -> Answer:
    event = find(key)
    if event is None or event.definition.context != API or not key.is_site_active:
        return answers.not_found()
    try:
        check_open(environ, event.source)
        check_rate(event.source, parts)
        body = body_of(environ, event.source)
        _check_media_type(environ, body)
        creates = _creates_contact(parts, body)
        found = read(event, body)
        if not creates:
            _check_contact(event, found, body)
        return store(event, parts, body)
    except Refusal as refusal:
        rejections.record(event.source, parts, refusal)
        return answers.refused(refusal)


def _check_media_type(environ: Mapping[str, Any], body: bytes) -> None:
    if not is_json_type(environ.get("CONTENT_TYPE", "")):
        raise Refusal(
            cause=RejectionCause.UNSUPPORTED_MEDIA_TYPE,
            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            told=NOT_JSON,
            body=body,
        )


def _creates_contact(parts: RequestParts, body: bytes) -> bool:
    given = parts.query.get(CREATE_CONTACT, "false")
    if given not in ("true", "false") or CREATE_CONTACT in parts.doubled:
        raise Refusal(
            cause=RejectionCause.BAD_PARAMETER,
            status=HTTPStatus.BAD_REQUEST,
            detail=_BAD_CREATE_CONTACT,
            told=_BAD_CREATE_CONTACT,
            body=body,
        )
    return given == "true"


def _check_contact(event: EventSnapshot, found: ReadEvent, body: bytes) -> None:
    primary_key = event.definition.primary_key
    email = found.values.get(primary_key.id) if primary_key else None
    if email is None or not is_known(event.source.site_id, email):
        raise Refusal(
            cause=RejectionCause.CONTACT_UNKNOWN,
            status=HTTPStatus.BAD_REQUEST,
            told="Contact does not exist.",
            code="E0501",
            body=body,
        )
