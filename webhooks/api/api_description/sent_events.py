"""What subscriptions are sent, as OpenAPI `webhooks`: each type in the usual format.

Other formats write the same events in other shapes; the catalogue in the console has them too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from common.endpoint.description import JSON, JsonSchema, ref
from common.json_text import json_text
from webhooks.outbound.event_types import EventType, static_event_types
from webhooks.outbound.formats.base import SentEvent
from webhooks.outbound.formats.standard_webhooks import StandardWebhooksFormat

TAG: Final = {
    "name": "Sent events",
    "description": (
        "What a subscription in the format Standard Webhooks is sent, signed as it says. Answer "
        "with any 2xx within 15 seconds and work on it afterwards; the same `webhook-id` may come "
        "more than once."
    ),
}
_RELAYED: Final = "RelayedEvent"
_SENT: Final = "SentEvent"
_MESSAGE_ID: Final = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
_AT: Final = datetime(2026, 11, 20, 8, tzinfo=UTC)
_HEADERS: Final = (
    ("webhook-id", "The message id: the same at every attempt and repeat.", _MESSAGE_ID),
    ("webhook-timestamp", "When this attempt was made, in seconds since 1970.", "1795161600"),
    (
        "webhook-signature",
        "`v1,` and the HMAC-SHA256 of `{id}.{timestamp}.{body}` in base64, keyed with what follows "
        "`whsec_` in the secret; two of them, with a space between, while a secret is rotated.",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
)


def sent_schemas() -> Mapping[str, JsonSchema]:
    """Return the schemas that several webhooks refer to."""
    return {
        _SENT: {
            "type": "object",
            "required": ["type", "timestamp", "data"],
            "properties": {
                "type": {"type": "string"},
                "timestamp": {
                    "type": "string",
                    "format": "date-time",
                    "description": "When it happened.",
                },
                "data": {"description": "The payload, in the shape of the event type."},
            },
        },
        _RELAYED: _shared_schema(),
    }


def sent_webhooks() -> dict[str, Any]:
    """Return every event type that all sites have, by its key."""
    shared = _shared_schema()
    return {each.key: {"post": _operation(each, shared)} for each in static_event_types()}


def _shared_schema() -> JsonSchema:
    """Return the one schema that relays have in common."""
    types = static_event_types()
    counted = Counter(id(each.schema) for each in types)
    most, _ = counted.most_common(1)[0]
    return next(each.schema for each in types if id(each.schema) == most)


def _operation(event_type: EventType, shared: JsonSchema) -> dict[str, Any]:
    schema = event_type.schema
    data = ref(_RELAYED) if schema is shared else schema
    described = {"properties": {"type": {"const": event_type.key}, "data": data}}
    return {
        "operationId": f"sent.{event_type.key}",
        "tags": [TAG["name"]],
        "summary": event_type.label,
        "description": event_type.description,
        "parameters": [
            {
                "in": "header",
                "name": name,
                "required": True,
                "description": description,
                "schema": {"type": "string"},
                "example": example,
            }
            for name, description, example in _HEADERS
        ],
        "requestBody": {
            "required": True,
            "content": {
                JSON: {
                    "schema": {"allOf": [ref(_SENT), described]},
                    "examples": {"example": {"value": _example(event_type)}},
                }
            },
        },
        "responses": {
            "2XX": {"description": "Taken; it is not sent again."},
            "410": {"description": "Gone: the subscription is disabled at once."},
            "429": {"description": "Too fast: sent again later, after `Retry-After` if given."},
            "default": {"description": "Not taken: sent again by the schedule."},
        },
    }


def _example(event_type: EventType) -> Any:
    """Return what the format makes of the example, so that it is never another one."""
    event = SentEvent(
        message_id=_MESSAGE_ID,
        type=event_type.key,
        occurred_at=_AT,
        payload_text=json_text(event_type.example),
        site_id="",
    )
    built = StandardWebhooksFormat().build([event], message_id=_MESSAGE_ID, settings={})
    return json.loads(built.body)
