"""Events of the context Web or mobile app: `POST /app/{site id}/events?key=pk_…`.

Called from pages of any shop and from apps, so that nothing about the caller is proven: the key
stands in the page for all to read, and says which site is meant and which pages may use it. What
the browser tells of the page's origin is believed; programs may tell any.

Whatever is wrong with the key or the origin is answered with the same bytes, which every page may
read: a page knows that it is refused, and nobody learns from it which keys there are.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings

from common.client_address import counted_address
from common.endpoint.body import BodyRefused, read_body, read_start
from common.endpoint.parser import is_json_type
from common.endpoint.rate_window import RateWindow
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

logger = logging.getLogger(__name__)

MOST_REQUEST_BYTES: Final = 1024 * 1024
NOT_ACCEPTED: Final = "KEY_NOT_ACCEPTED"
NOT_ACCEPTED_DETAIL: Final = (
    "This key is not accepted from here. It may be unknown or revoked or of another site, the site "
    "may be off, or the key is not for pages of this origin, or not for mobile apps. Compare it "
    "with the key's page."
)

_LONGEST_USED_FROM: Final = 255
_VARY: Final = {"Vary": "Origin"}
_EVERY_PAGE: Final = {"Access-Control-Allow-Origin": "*"}
_PREFLIGHT: Final = {
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "content-type",
    "Access-Control-Max-Age": "86400",
}
_NOT_JSON: Final = "Send JSON with the header Content-Type: text/plain or application/json."
# A page that is set up wrongly is refused at every visit.
_LOGGED_A_MINUTE: Final = 5

_logged = RateWindow()


def receive_app(environ: Mapping[str, Any], site_id: str) -> Answer:
    """Store the events of one request, or refuse them; `site_id` is the site's UUID."""
    return answered(lambda: _received(environ, site_id)).with_headers(_VARY)


def preflight_app(environ: Mapping[str, Any], site_id: str) -> Answer:
    """Answer a browser that asks whether a page may send: any page may, and hears of the rest."""
    return answers.options().with_headers(_EVERY_PAGE | _PREFLIGHT | _VARY)


def _received(environ: Mapping[str, Any], site_id: str) -> Answer:
    parts = request_parts(environ, datetime.now(UTC))
    key, origin = directory.find_publishable_key(parts.query.get(KEY, "")), _origin(parts)
    if key is None or not (key.is_for(site_id.lower()) and key.allows(origin)):
        if key is not None:
            _log_refusal(key, site_id.lower(), origin)
        # The same reading whatever is wrong: the time taken tells nothing.
        read_start(environ, rejections.KEPT_BODY_BYTES)
        refused = answers.problem(HTTPStatus.FORBIDDEN, NOT_ACCEPTED, NOT_ACCEPTED_DETAIL)
        return refused.with_headers(_EVERY_PAGE)
    answer = answered(lambda: _answer_to(key, environ, parts))
    return answer.with_headers(_told_to(origin))


def _log_refusal(key: KnownPublishableKey, site_id: str, origin: str) -> None:
    """Tell staff what the answer does not, a few times a minute and key."""
    if _logged.take(key.id, _LOGGED_A_MINUTE).retry_after:
        return
    faults = []
    if key.is_revoked:
        faults.append("revoked")
    if str(key.site_public_id) != site_id:
        faults.append("of another site")
    if not key.is_site_active:
        faults.append("its site is switched off")
    if not key.allows(origin):
        faults.append(f"not for pages of {origin[:200]!r}" if origin else "not for mobile apps")
    logger.warning("publishable key %s… refused: %s", key.key[:12], ", ".join(faults))


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
    address = counted_address(parts.remote_address)
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
