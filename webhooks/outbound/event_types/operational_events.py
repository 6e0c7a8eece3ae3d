"""How the deliveries of a subscription fare: for whoever watches over them from elsewhere.

The subscription that an event is about is never told of it.
"""

from __future__ import annotations

from typing import Any, Final

from webhooks.outbound.event_types.event_type import (
    EventType,
    Group,
    Schema,
    instant,
    object_schema,
    text,
    text_or_null,
)

FAILING: Final = "subscription.failing"
DISABLED: Final = "subscription.disabled"
RECOVERED: Final = "subscription.recovered"

_COMMON: Final[dict[str, Schema]] = {
    "incidentId": {"type": "integer", "description": "The same from the failure to the recovery."},
    "subscriptionId": text("Its public id."),
    "name": text(),
    "format": text("In which dialect it is told, such as standard_webhooks."),
    "failingSince": instant("The first failure after the last success."),
    "failures": {"type": "integer", "description": "Requests that failed since then."},
    "lastError": text_or_null("Such as dns, refused, reset, timeout, tls or status."),
    "lastStatusCode": {"type": ["integer", "null"]},
    "lastSentence": text("The last failure in words."),
    "at": instant(),
}
_EXAMPLE: Final = {
    "incidentId": 17,
    "subscriptionId": "sub_0a1B2c3D4e5F6g7H8i9J0k",
    "name": "Warehouse",
    "format": "standard_webhooks",
    "failingSince": "2024-03-15T10:30:15Z",
    "failures": 3,
    "lastError": "status",
    "lastStatusCode": 500,
    "lastSentence": "The receiver answered 500 Internal Server Error.",
    "at": "2024-03-15T10:35:20Z",
}


def _type(
    key: str, label: str, description: str, more: dict[str, Schema], example: dict[str, Any]
) -> EventType:
    return EventType(
        key=key,
        group=Group.OPERATIONAL,
        label=label,
        description=description,
        schema=object_schema(_COMMON | more),
        example=_EXAMPLE | example,
    )


OPERATIONAL_EVENT_TYPES: Final = (
    _type(
        FAILING,
        "Subscription failing",
        "Several requests in a row failed, and an incident was opened. Deliveries are tried again.",
        {},
        {},
    ),
    _type(
        DISABLED,
        "Subscription disabled",
        "Patchbay stopped sending: all failed for days, or the receiver said that it is gone.",
        {"reason": text("Why, in words.")},
        {
            "failures": 412,
            "at": "2024-03-21T02:31:02Z",
            "reason": "Every delivery failed for five days.",
        },
    ),
    _type(
        RECOVERED,
        "Subscription recovered",
        "A request succeeded again, and the incident ended.",
        {"recoveredAt": instant()},
        {"failures": 9, "at": "2024-03-15T11:02:44Z", "recoveredAt": "2024-03-15T11:02:44Z"},
    ),
)
