"""Custom events in the context Web or mobile app, and the script that sends them from pages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from common.endpoint.description import (
    JSON,
    Answer,
    Body,
    Endpoint,
    JsonSchema,
    Operation,
    Problem,
    in_path,
    ref,
)
from common.endpoint.description.common_problems import (
    BAD_JSON,
    EMPTY_BODY,
    INCOMPLETE_BODY,
    INTERNAL_ERROR,
    THROTTLED,
    UNSUPPORTED_ENCODING,
    too_large,
)
from sites.api_keys.api_description import SITE_EXAMPLE
from webhooks.inbound.api_description.reception_problems import NOT_STORED
from webhooks.inbound.reception.app_batches import MOST_EVENTS
from webhooks.inbound.reception.app_events import (
    MOST_REQUEST_BYTES,
    NOT_ACCEPTED,
    NOT_ACCEPTED_DETAIL,
)

PUBLISHABLE_KEY: Final = "PublishableKey"
PUBLISHABLE_KEY_SCHEMES: Final[Mapping[str, Mapping[str, Any]]] = {
    PUBLISHABLE_KEY: {
        "type": "apiKey",
        "in": "query",
        "name": "key",
        "description": (
            "A publishable key, `pk_…`. It is no secret: it stands in the page, says which site is "
            "meant and lists the origins whose pages may use it."
        ),
    }
}

_CORS: Final = ("Access-Control-Allow-Origin", "Access-Control-Expose-Headers", "Vary")
_PREFLIGHT: Final = (
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Headers",
    "Access-Control-Max-Age",
    "Allow",
    "Vary",
)
_DEVICE: Final = {"trackerId": "7b0c2f0e-3f5d-4c39-9a3b-5f2f4e0c9d11"}
_BATCH: Final = {
    "entityInfo": _DEVICE,
    "events": [
        {
            "type": "custom",
            "eventId": "019ab4c2d1e7f36b20945cd8",
            "payload": {"name": "Hi there!"},
            "id": "5b0f6f0a-0d0e-4f7e-8c65-3a1a7d2e9b40",
            "occurredAt": "2026-11-20T08:00:00Z",
        }
    ],
    "pageInfo": {"url": "https://shop.example.com/cart", "title": "Cart"},
}
_KNOWN: Final = _BATCH | {"entityInfo": _DEVICE | {"primaryKey": "john.doe@example.org"}}
_UNKNOWN: Final = {
    "error": {
        "code": "UNKNOWN_EVENT",
        "detail": "This site has no such event for pages and apps, or it is switched off.",
    }
}
_TEXT_OR_NULL: Final = {"type": ["string", "null"]}

APP_EVENT_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "AppEvent": {
        "type": "object",
        "required": ["type", "eventId"],
        "properties": {
            "type": {"const": "custom"},
            "eventId": {"type": "string", "pattern": "^[0-9a-f]{24}$"},
            "payload": {
                "type": ["object", "null"],
                "description": "Field id to value, read as leniently as a webhook's body.",
            },
            "id": {
                "type": ["string", "null"],
                "pattern": "^[A-Za-z0-9_-]{1,64}$",
                "description": "The sender's own: a repeat with the same one is stored once.",
            },
            "occurredAt": {
                **_TEXT_OR_NULL,
                "description": "ISO 8601 with its offset; without one, when it came.",
            },
        },
    },
    "AppEvents": {
        "type": "object",
        "description": "Other keys are ignored.",
        "required": ["events"],
        "properties": {
            "entityInfo": {
                "type": ["object", "null"],
                "description": "Who it is: a device, a person by e-mail, or both.",
                "properties": {
                    "trackerId": {**_TEXT_OR_NULL, "pattern": "^[A-Za-z0-9_-]{1,128}$"},
                    "primaryKey": {**_TEXT_OR_NULL, "description": "The e-mail address."},
                },
            },
            "events": {
                "type": "array",
                "minItems": 1,
                "maxItems": MOST_EVENTS,
                "items": ref("AppEvent"),
            },
            "pageInfo": {
                "type": ["object", "null"],
                "properties": dict.fromkeys(("url", "title", "referrer"), _TEXT_OR_NULL),
            },
        },
    },
    "AppEventResult": {
        "oneOf": [
            ref("CreatedEvent"),
            {
                "type": "object",
                "required": ["error"],
                "properties": {"error": ref("AppEventError")},
                "additionalProperties": False,
            },
        ]
    },
    "AppEventError": {
        "type": "object",
        "required": ["code", "detail"],
        "properties": {
            "code": {
                "enum": [
                    "BAD_EVENT",
                    "INVALID_FIELDS",
                    "NO_IDENTITY",
                    "TOO_LARGE",
                    "UNKNOWN_EVENT",
                ]
            },
            "detail": {"type": "string"},
            "validationErrors": {"type": "array", "items": ref("FieldProblem")},
        },
        "additionalProperties": False,
    },
    "AppEventResults": {
        "type": "object",
        "required": ["events"],
        "properties": {"events": {"type": "array", "items": ref("AppEventResult")}},
        "additionalProperties": False,
    },
    "NoEventAccepted": {
        "type": "object",
        "required": ["status", "title", "detail", "code", "events"],
        "properties": {
            "status": {"type": "integer"},
            "title": {"type": "string"},
            "detail": {"type": "string"},
            "code": {"type": "string"},
            "events": {"type": "array", "items": ref("AppEventResult")},
        },
        "additionalProperties": False,
    },
}

_SEND: Final = Operation(
    operation_id="sendAppEvents",
    summary="Send events from a page or a mobile app",
    description=(
        "Each event is stored or refused by itself, and the answer tells of each in the order "
        "given. A page sends its `Origin`; an app sends none, and the key must allow apps. The "
        "Content-Type is `text/plain`, with which browsers do not ask first, or JSON."
    ),
    security=(PUBLISHABLE_KEY,),
    body=Body(
        description="JSON under either name. An event may have up to 524,288 bytes.",
        schema=ref("AppEvents"),
        examples={
            JSON: {"anonymous": _BATCH, "known_person": _KNOWN},
            "text/plain": {"anonymous": json.dumps(_BATCH)},
        },
    ),
    answers=(
        Answer(
            status=202,
            description="At least one event is committed to the database.",
            schema=ref("AppEventResults"),
            examples={
                "one_of_two": {"events": [{"id": "019ab4c2d1e7f36b20945cd8"}, _UNKNOWN]},
            },
            headers=_CORS,
        ),
        BAD_JSON,
        Problem(
            status=400,
            code="BAD_BODY",
            when="not an object with a list of events.",
            detail=(
                'The body must be one JSON object such as {"entityInfo": {"trackerId": "…"}, '
                '"events": [{"type": "custom", "eventId": "…", "payload": {}}]}.'
            ),
        ),
        EMPTY_BODY,
        INCOMPLETE_BODY,
        Problem(
            status=403,
            code=NOT_ACCEPTED,
            when="an unknown or revoked key, or another site's; the site is switched off; the key "
            "is not for pages of this origin, or not for apps. Word for word the same for each of "
            "them, and for every page to read.",
            detail=NOT_ACCEPTED_DETAIL,
            headers=("Access-Control-Allow-Origin", "Vary"),
        ),
        too_large(MOST_REQUEST_BYTES),
        UNSUPPORTED_ENCODING,
        Problem(
            status=415,
            code="UNSUPPORTED_MEDIA_TYPE",
            when="named as something else than JSON or plain text.",
            detail="Send JSON with the header Content-Type: text/plain or application/json.",
        ),
        Problem(
            status=422,
            code="NO_EVENT_ACCEPTED",
            when="none of the events was; each says why.",
            detail="None of the events was accepted; each says why.",
            schema="NoEventAccepted",
            members={"events": [_UNKNOWN]},
        ),
        Problem(
            status=422,
            code="TOO_MANY_EVENTS",
            when=f"more than {MOST_EVENTS}.",
            detail=f"A request may have at most {MOST_EVENTS} events. Send the rest in another.",
        ),
        THROTTLED,
        INTERNAL_ERROR,
        *NOT_STORED,
    ),
)
_ASK: Final = Operation(
    operation_id="askToSendAppEvents",
    summary="May pages of another origin send?",
    description="What a browser asks before it sends JSON from another origin.",
    security=(PUBLISHABLE_KEY, ""),
    answers=(
        Answer(
            status=204,
            description="They may, and learn from the answer to what they send if the key is good.",
            headers=_PREFLIGHT,
        ),
    ),
)
_SCRIPT: Final = Operation(
    operation_id="readScript",
    summary="The script for pages",
    description=(
        'Load it by `<script src="…/sdk/patchbay.js" data-site="{site id}" data-key="pk_…" defer>` '
        "and call `patchbay.managed.sendEvents([{type: 'custom', eventId, payload}], "
        "{entityInfo})`. It queues, batches, tries again and sends what is left when a page is "
        "closed."
    ),
    answers=(
        Answer(
            status=200,
            description="The script.",
            schema={"type": "string"},
            media_type="application/javascript",
            headers=("ETag",),
        ),
    ),
)

APP_EVENT_ENDPOINTS: Final = (
    Endpoint(
        url_name="app-events",
        parameters=(in_path("site_id", "The id of the key's site.", SITE_EXAMPLE, format="uuid"),),
        operations={"post": _SEND, "options": _ASK},
    ),
    Endpoint(url_name="sdk-script", operations={"get": _SCRIPT}),
)
