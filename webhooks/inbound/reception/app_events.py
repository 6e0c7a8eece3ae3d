"""Events of the context Web or mobile app: `POST /app/{site id}/events?key=pk_…`.

Called from pages of any shop and from apps, so that nothing about the caller is proven: the key
stands in the page for all to read, and says which site is meant and which pages may use it. What
the browser tells of the page's origin is believed; programs may tell any.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings

from common.endpoint.body import BodyRefused, read_body, read_start
from common.endpoint.parser import is_json_type
from common.json import BadJson, JsonValue, parse_json
from integrations.causes import RejectionCause
from sites.publishable_keys.known_keys import KnownPublishableKey
from sites.publishable_keys.last_use import use_note
from webhooks.inbound.reception import answers, directory, rejections
from webhooks.inbound.reception.admission import answered, unread
from webhooks.inbound.reception.answers import Answer
from webhooks.inbound.reception.app_batches import KEY, events_in, store_events
from webhooks.inbound.reception.refusal import Refusal
from webhooks.inbound.reception.request_parts import RequestParts, request_parts
from webhooks.inbound.reception.throttle import throttle

MOST_REQUEST_BYTES: Final = 1024 * 1024

_LONGEST_USED_FROM: Final = 255
_VARY: Final = {"Vary": "Origin"}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "content-type",
    "Access-Control-Max-Age": "86400",
}
_NOT_JSON: Final = "Send JSON with the header Content-Type: text/plain or application/json."
_WRONG_ORIGIN: Final = (
    "Pages of this origin may not use this key, or mobile apps may not. Ask the operator to add it "
    "to the key."
)


def receive_app(environ: Mapping[str, Any], site_id: str) -> Answer:
    """Store the events of one request, or refuse them; `site_id` is the site's UUID."""
    return answered(lambda: _received(environ, site_id)).with_headers(_VARY)


def preflight_app(environ: Mapping[str, Any], site_id: str) -> Answer:
    """Answer a browser that asks whether a page may send."""
    return answered(lambda: _asked(environ, site_id)).with_headers(_VARY)


def _received(environ: Mapping[str, Any], site_id: str) -> Answer:
    parts = request_parts(environ, datetime.now(UTC))
    key = _key(parts, site_id)
    if key is None:
        # The same reading whatever is wrong: the time taken tells nothing.
        read_start(environ, rejections.KEPT_BODY_BYTES)
        return answers.nobody()
    origin = _origin(parts)
    if not key.allows(origin):
        return answers.problem(HTTPStatus.FORBIDDEN, "ORIGIN_NOT_ALLOWED", _WRONG_ORIGIN)
    answer = answered(lambda: _answer_to(key, environ, parts))
    return answer.with_headers(_told_to(origin))


def _asked(environ: Mapping[str, Any], site_id: str) -> Answer:
    parts = request_parts(environ, datetime.now(UTC))
    key, origin = _key(parts, site_id), _origin(parts)
    if key is None or not origin or not key.allows(origin):
        return answers.options()
    return answers.options().with_headers(_told_to(origin) | _PREFLIGHT)


def _key(parts: RequestParts, site_id: str) -> KnownPublishableKey | None:
    key = directory.find_publishable_key(parts.query.get(KEY, ""))
    return key if key is not None and key.is_for(site_id.lower()) else None


def _origin(parts: RequestParts) -> str:
    return parts.headers.get("origin", "")


def _told_to(origin: str) -> dict[str, str]:
    """Return what lets pages of the origin read the answer, and when to come back."""
    if not origin:
        return {}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Expose-Headers": "Retry-After",
    }


def _answer_to(key: KnownPublishableKey, environ: Mapping[str, Any], parts: RequestParts) -> Answer:
    """Return the answer to a page or app that may use the key."""
    if wait := _seconds_to_wait(key, parts):
        return answers.too_many({"Retry-After": str(wait)})
    used_from = _origin(parts) or parts.remote_address
    use_note(key.id, used_from[:_LONGEST_USED_FROM], parts.received_at)
    try:
        return store_events(key, parts, events_in(_document(environ)))
    except Refusal as refusal:
        return answers.refused(refusal)


def _seconds_to_wait(key: KnownPublishableKey, parts: RequestParts) -> int:
    """Return how long this address, or everybody who uses the key, should wait.

    One address is asked first: it cannot use up what all of the key's users share.
    """
    address = parts.remote_address
    per_address: int = settings.APP_THROTTLE_PER_ADDRESS
    per_key: int = settings.APP_THROTTLE_PER_KEY
    wait = throttle.seconds_to_wait((KEY, key.id, address), per_address) if address else 0
    return wait or throttle.seconds_to_wait((KEY, key.id), per_key)


def _document(environ: Mapping[str, Any]) -> JsonValue:
    """Return the parsed body. Raises `Refusal`."""
    try:
        body = read_body(environ, MOST_REQUEST_BYTES)
    except BodyRefused as refused:
        raise unread(refused) from None
    named = environ.get("CONTENT_TYPE", "")
    # What browsers send across origins without asking first.
    is_text = named.partition(";")[0].strip().lower() == "text/plain"
    if not (is_text or is_json_type(named)):
        raise Refusal(
            cause=RejectionCause.UNSUPPORTED_MEDIA_TYPE,
            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            told=_NOT_JSON,
        )
    try:
        return parse_json(body)
    except BadJson as error:
        raise Refusal(
            cause=RejectionCause.BAD_JSON, status=HTTPStatus.BAD_REQUEST, told=str(error)
        ) from None
