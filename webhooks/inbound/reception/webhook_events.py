"""Events of the context Webhook: `POST /webhooks/{site id}/custom-events/alias/{alias}`.

For senders that nobody here controls: no key, a check only where the operator chose one, and what
does not fit is left out unless it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common.endpoint.body import read_start
from integrations.presets.reception_event.definition import WEBHOOK
from webhooks.inbound.reception import answers, directory, rejections
from webhooks.inbound.reception.admission import (
    answered,
    body_of,
    check_open,
    check_rate,
    verify,
)
from webhooks.inbound.reception.answers import Answer
from webhooks.inbound.reception.directory import EventSnapshot
from webhooks.inbound.reception.event_storing import read, store
from webhooks.inbound.reception.refusal import Refusal
from webhooks.inbound.reception.request_parts import RequestParts, request_parts


def receive_webhook(environ: Mapping[str, Any], site_id: str, alias: str) -> Answer:
    """Store the event, or refuse it; `site_id` is the site's UUID."""
    return answered(lambda: _received(environ, site_id.lower(), alias))


def _received(environ: Mapping[str, Any], site_id: str, alias: str) -> Answer:
    event = directory.find_event_by_alias(site_id, alias)
    parts = request_parts(environ, datetime.now(UTC))
    if event is None or event.definition.context != WEBHOOK:
        # The same reading as for an event that is switched off: the time taken tells nothing.
        read_start(environ, rejections.KEPT_BODY_BYTES)
        return answers.not_found()
    try:
        return _stored(environ, event, parts)
    except Refusal as refusal:
        rejections.record(event.source, parts, refusal)
        return answers.refused(refusal)


def _stored(environ: Mapping[str, Any], event: EventSnapshot, parts: RequestParts) -> Answer:
    check_open(environ, event.source)
    check_rate(event.source, parts)
    body = body_of(environ, event.source)
    verify(event.source, parts, parts.inbound_request(body))
    read(event, body)
    return store(event, parts, body)
