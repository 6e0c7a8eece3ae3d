from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from common.endpoint.description import JsonSchema, ref
from common.endpoint.description.shapes import (
    AT,
    COUNT,
    FLAG,
    MOMENT,
    NUMBER,
    ROW_ID,
    TEXT,
    UUID,
    described,
    or_null,
    page_of,
    shape,
)
from webhooks.api.api_description.subscription_schemas import SUBSCRIPTION_ID
from webhooks.outbound.models import DeliveryStatus, Trigger
from webhooks.outbound.recovering.conditions import CODE_CLASSES, ERRORS, STATES, TRIES
from webhooks.outbound.recovering.recover_filter import Mode

_EVENT: Final[Mapping[str, Any]] = {
    "id": UUID,
    "messageId": described(TEXT, "What receivers tell repeats by."),
    "type": TEXT,
    "occurredAt": AT,
    "createdAt": AT,
    "contactId": or_null(UUID),
    "receivedEventId": or_null(UUID, "What came in and caused it."),
    "origin": described(TEXT, "The id of the source that it came from; empty for none."),
    "isTest": FLAG,
}
_DELIVERY: Final[Mapping[str, Any]] = {
    "id": UUID,
    "subscriptionId": TEXT,
    "eventId": UUID,
    "messageId": TEXT,
    "eventType": TEXT,
    "trigger": {"enum": Trigger.values},
    "triggeredBy": described(TEXT, "Who asked for it; empty when nobody had to."),
    "repeats": or_null(UUID, "The delivery that it does again."),
    "status": {"enum": DeliveryStatus.values},
    "attemptsMade": COUNT,
    "dueAt": or_null(AT, "When the next attempt may be made."),
    "createdAt": AT,
    "finishedAt": or_null(AT),
    "lastStatusCode": or_null(NUMBER),
    "lastError": TEXT,
    "reason": TEXT,
}
_FILTER: Final[Mapping[str, Any]] = {
    "mode": {
        "enum": [each.value for each in Mode],
        "description": "What failed, again; or events that never had a delivery, missing.",
    },
    "subscription": TEXT,
    "state": {"enum": list(STATES)},
    "eventType": TEXT,
    "code": {"enum": list(CODE_CLASSES)},
    "error": {"enum": list(ERRORS)},
    "tries": {"enum": list(TRIES)},
    "since": AT,
    "until": AT,
    "upperId": described(UUID, "From the plan: leaves out what came about after it."),
    "includeSucceeded": FLAG,
}
DELIVERY: Final = {
    "id": ROW_ID,
    "subscriptionId": SUBSCRIPTION_ID,
    "eventId": ROW_ID,
    "messageId": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
    "eventType": "contact.deleted",
    "trigger": "event",
    "triggeredBy": "",
    "repeats": None,
    "status": "failed",
    "attemptsMade": 8,
    "dueAt": None,
    "createdAt": MOMENT,
    "finishedAt": MOMENT,
    "lastStatusCode": 503,
    "lastError": "status",
    "reason": "The receiver answered 503 Service Unavailable, and no try is left.",
}
_SHOWN: Final = {"text": '{"type":"contact.deleted"}', "isCut": False, "isMasked": False}
DELIVERY_DETAIL: Final = {
    **DELIVERY,
    "attempts": [
        {
            "number": 1,
            "trigger": "event",
            "startedAt": MOMENT,
            "durationMs": 87,
            "statusCode": 503,
            "error": "status",
            "sentence": "The receiver answered 503 Service Unavailable.",
            "nextAt": MOMENT,
            "url": "https://warehouse.example.com/hooks",
            "requestHeaders": {"webhook-signature": "•••"},
            "requestBody": _SHOWN,
            "whyNoRequestBody": "",
            "responseHeaders": {"retry-after": "60"},
            "responseBody": {"text": "busy", "isCut": False, "isMasked": False},
        }
    ],
}
EVENT: Final = {
    "id": ROW_ID,
    "messageId": "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W",
    "type": "contact.deleted",
    "occurredAt": MOMENT,
    "createdAt": MOMENT,
    "contactId": None,
    "receivedEventId": None,
    "origin": "",
    "isTest": False,
}
PLAN: Final = {
    "total": 3,
    "isAtMost": False,
    "firstAt": MOMENT,
    "lastAt": MOMENT,
    "takesSeconds": None,
    "upperId": ROW_ID,
    "endpoints": [
        {
            "subscriptionId": SUBSCRIPTION_ID,
            "name": "Warehouse",
            "count": 3,
            "takesSeconds": None,
            "isHeld": False,
        }
    ],
    "skipped": [{"count": 1, "isMore": False, "reason": "were tests"}],
}

DELIVERY_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "Event": shape(_EVENT),
    "Events": page_of("Event"),
    "EventDetail": shape(
        {
            **_EVENT,
            "payload": described(
                {"type": ["object", "null"]}, "Null once retention or an erasure took it."
            ),
            "isMasked": FLAG,
        }
    ),
    "Delivery": shape(_DELIVERY, "One event to one subscription."),
    "Deliveries": page_of("Delivery"),
    "DeliveryDetail": shape(
        {**_DELIVERY, "attempts": {"type": "array", "items": ref("Attempt")}},
    ),
    "Resend": shape({"confirmed": described(FLAG, "Needed for what had succeeded.")}, required=()),
    "SendEventValues": shape(
        {
            "values": {"type": "object", "description": "Values by the ids of the fields."},
            "contactEmail": described(TEXT, "Whom it is about."),
        },
        required=("values",),
    ),
    "SentToSubscriptions": shape(
        {
            "eventId": or_null(UUID, "Null where no subscription could have been told."),
            "deliveries": COUNT,
        }
    ),
    "Recovery": shape(_FILTER, "All conditions hold.", required=()),
    "RecoveryPlan": shape(
        {
            "total": COUNT,
            "isAtMost": described(FLAG, "Whether payloads decide, event by event, later."),
            "firstAt": or_null(AT),
            "lastAt": or_null(AT),
            "takesSeconds": or_null(NUMBER, "At the rate limit of the slowest."),
            "upperId": or_null(UUID, "Send it along to start exactly this."),
            "endpoints": {
                "type": "array",
                "items": shape(
                    {
                        "subscriptionId": TEXT,
                        "name": TEXT,
                        "count": COUNT,
                        "takesSeconds": or_null(NUMBER),
                        "isHeld": FLAG,
                    }
                ),
            },
            "skipped": {
                "type": "array",
                "items": shape({"count": COUNT, "isMore": FLAG, "reason": TEXT}),
            },
        }
    ),
}
