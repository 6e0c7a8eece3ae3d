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
    TEXT,
    described,
    or_null,
    page_of,
    shape,
)
from webhooks.outbound.event_types.conditions import LABELS
from webhooks.outbound.models import (
    DEFAULT_SCHEDULE,
    PayloadEncryption,
    Signing,
    SubscriptionState,
)
from webhooks.outbound.subscriptions.activity import Condition
from webhooks.outbound.subscriptions.limits import MOST_TRIES, NUMBERS

SUBSCRIPTION_ID: Final = "sub_0a1B2c3D4e5F6g7H8i9J0k"
SECRET: Final = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"  # noqa: S105 - an example


def _number(name: str, description: str) -> dict[str, Any]:
    least, most = NUMBERS[name]
    return {"type": "integer", "minimum": least, "maximum": most, "description": description}


_CONDITION: Final = shape(
    {
        "pointer": described(TEXT, "A JSON Pointer into the payload."),
        "operator": {"enum": list(LABELS)},
        "value": {"description": "What it is compared with; not for `exists` and `absent`."},
    },
    required=("pointer", "operator"),
)
_SETTINGS: Final[Mapping[str, Any]] = {
    "name": {**TEXT, "minLength": 1, "maxLength": 120, "description": "Once per site."},
    "url": described(TEXT, "Where deliveries go. Answers mask its query; sent back so, it stays."),
    "format": described(TEXT, "The dialect, such as `standard_webhooks`, `engage`, `cloudevents`."),
    "formatSettings": {"type": "object", "description": "What the format asks for, by its keys."},
    "eventTypes": {
        "type": "array",
        "items": TEXT,
        "description": "Types, or branches such as `contact.*`; none means all.",
    },
    "conditions": {
        "type": "array",
        "items": _CONDITION,
        "description": "All must hold for the payload.",
    },
    "sameSystem": described(
        TEXT, "The id of a source or API key that is the same system: its own is not sent back."
    ),
    "signing": {"enum": Signing.values},
    "signingSettings": {"type": "object", "description": "What the way of signing asks for."},
    "encryption": {"enum": PayloadEncryption.values},
    "verifyTls": described(FLAG, "Whether the receiver's certificate is checked."),
    "timeoutSeconds": _number("timeout_seconds", "How long an answer may take."),
    "ratePerSecond": _number("rate_per_second", "Requests a second; 0 is no limit."),
    "concurrency": _number("concurrency", "Requests under way at once."),
    "retrySchedule": {
        "type": "array",
        "items": COUNT,
        "minItems": 1,
        "maxItems": MOST_TRIES,
        "description": "Seconds before each try.",
    },
    "retryRules": {
        "type": "object",
        "additionalProperties": {"enum": ["retry", "stop"]},
        "description": "By code such as `404` or class such as `4xx`.",
    },
    "batchSize": _number("batch_size", "Events in one request at most."),
    "batchSeconds": _number("batch_seconds", "How long a batch waits for more."),
    "strictOrder": described(FLAG, "One at a time for each contact."),
}
_IN: Final[Mapping[str, Any]] = {
    **_SETTINGS,
    "headers": {
        "type": "object",
        "additionalProperties": {"type": ["string", "null"]},
        "description": "All headers of your own; null keeps the value that is stored.",
    },
    "secrets": {
        "type": "object",
        "additionalProperties": TEXT,
        "description": "Only to set: `signing`, `user`, `password`, `encryption`.",
    },
}
_SUBSCRIPTION: Final[Mapping[str, Any]] = {
    "id": TEXT,
    **_SETTINGS,
    "headers": {
        "type": "object",
        "additionalProperties": {"type": "null"},
        "description": "Their names; values are never shown.",
    },
    "secretsSet": {"type": "array", "items": TEXT, "description": "Which secrets there are."},
    "fault": described(TEXT, "Says so when the secrets cannot be decrypted."),
    "state": {"enum": SubscriptionState.values},
    "stateReason": described(TEXT, "Who paused it, since when and why; or what disabled it."),
    "stateChangedAt": or_null(AT),
    "condition": {"enum": [each.value for each in Condition], "description": "How it does."},
    "previousSecretUntil": or_null(AT, "Until when the old secret signs along."),
    "failingSince": or_null(AT),
    "slowedUntil": or_null(AT),
    "lastAttemptAt": or_null(AT),
    "lastSuccessAt": or_null(AT),
    "createdAt": AT,
    "updatedAt": AT,
    "backlog": shape(
        {"pending": COUNT, "held": COUNT, "oldestPendingAt": or_null(AT)},
        "Counted up to 1,000; 1,001 means more.",
    ),
}

NEW_SUBSCRIPTION: Final = {
    "name": "Warehouse",
    "url": "https://warehouse.example.com/hooks",
    "format": "standard_webhooks",
    "eventTypes": ["contact.*", "loyalty.addPoints"],
    "conditions": [{"pointer": "/countryCode", "operator": "eq", "value": "SE"}],
    "headers": {"X-Tenant": "seven"},
    "ratePerSecond": 50,
}
SUBSCRIPTION: Final = {
    "id": SUBSCRIPTION_ID,
    **NEW_SUBSCRIPTION,
    "formatSettings": {},
    "sameSystem": "",
    "signing": "standard_webhooks",
    "signingSettings": {"family": "webhook"},
    "encryption": "none",
    "verifyTls": True,
    "timeoutSeconds": 15,
    "concurrency": 32,
    "retrySchedule": list(DEFAULT_SCHEDULE),
    "retryRules": {},
    "batchSize": 1,
    "batchSeconds": 0,
    "strictOrder": False,
    "headers": {"X-Tenant": None},
    "secretsSet": ["signing"],
    "fault": "",
    "state": "active",
    "stateReason": "",
    "stateChangedAt": None,
    "condition": "active",
    "previousSecretUntil": None,
    "failingSince": None,
    "slowedUntil": None,
    "lastAttemptAt": MOMENT,
    "lastSuccessAt": MOMENT,
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
    "backlog": {"pending": 0, "held": 0, "oldestPendingAt": None},
}

SUBSCRIPTION_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "NewSubscription": shape(
        _IN, "What is not given is as the format has it.", required=("name", "url", "format")
    ),
    "SubscriptionPatch": shape(_IN, "Only what is named changes.", required=()),
    "Subscription": shape(_SUBSCRIPTION),
    "SavedSubscription": shape(
        {
            **_SUBSCRIPTION,
            "secret": or_null(TEXT, "The signing secret if one was made: shown here alone."),
        }
    ),
    "Subscriptions": page_of("Subscription"),
    "EventType": shape({"key": TEXT, "group": TEXT, "label": TEXT, "description": TEXT}),
    "EventTypes": page_of("EventType"),
    "EventTypeDetail": shape(
        {
            "key": TEXT,
            "group": TEXT,
            "label": TEXT,
            "description": TEXT,
            "schema": {"type": "object", "description": "JSON Schema (2020-12) of the payload."},
            "example": {"type": "object"},
        }
    ),
    "OwnSite": shape({"id": TEXT, "name": TEXT, "slug": TEXT, "isActive": FLAG}),
    "OwnSites": page_of("OwnSite"),
    "Attempt": shape(
        {
            "number": NUMBER,
            "trigger": TEXT,
            "startedAt": AT,
            "durationMs": COUNT,
            "statusCode": or_null(NUMBER, "Null where no answer came."),
            "error": described(TEXT, "Empty for a success; `status`, `dns`, `timeout`, …"),
            "sentence": TEXT,
            "nextAt": or_null(AT),
            "url": TEXT,
            "requestHeaders": {"type": "object", "additionalProperties": TEXT},
            "requestBody": {"anyOf": [ref("ShownBody"), {"type": "null"}]},
            "whyNoRequestBody": TEXT,
            "responseHeaders": {"type": "object", "additionalProperties": TEXT},
            "responseBody": ref("ShownBody"),
        },
        "One request as it was; secrets were masked before it was stored.",
    ),
}
