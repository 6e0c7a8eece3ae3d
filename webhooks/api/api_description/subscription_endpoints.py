from __future__ import annotations

from typing import Final

from common.endpoint.description import Answer, Endpoint, in_path, in_query
from common.endpoint.description.shapes import PAGING, page
from sites.api_keys.key_operations import body_of, found
from webhooks.api.api_description.shared import BY_JOB, reading, writing
from webhooks.api.api_description.subscription_schemas import (
    NEW_SUBSCRIPTION,
    SECRET,
    SUBSCRIPTION,
    SUBSCRIPTION_ID,
)

NAMED: Final = in_path("public_id", "The id of the subscription.", SUBSCRIPTION_ID)
_SITE: Final = {
    "id": "6f1c0b0e-3c0f-4b8e-9a55-0a6c1f0f6f10",
    "name": "Brand",
    "slug": "brand",
    "isActive": True,
}
_TYPE: Final = {
    "key": "contact.deleted",
    "group": "Contacts",
    "label": "Contact deleted",
    "description": "Somebody was erased.",
}

SUBSCRIPTION_ENDPOINTS: Final = (
    Endpoint(
        url_name="management-sites",
        operations={
            "get": reading(
                "listSites", "The site of the key", found("It alone.", "OwnSites", page(_SITE))
            )
        },
    ),
    Endpoint(
        url_name="management-subscriptions",
        operations={
            "get": reading(
                "listSubscriptions",
                "List subscriptions",
                found("A page, newest first.", "Subscriptions", page(SUBSCRIPTION)),
                parameters=PAGING,
            ),
            "post": writing(
                "createSubscription",
                "Add a subscription",
                (
                    found(
                        "It is active. `secret` is shown this once.",
                        "SavedSubscription",
                        {**SUBSCRIPTION, "secret": SECRET},
                        201,
                    ),
                ),
                body=body_of("NewSubscription", {"usual": NEW_SUBSCRIPTION}),
                is_once=True,
            ),
        },
    ),
    Endpoint(
        url_name="management-subscription",
        parameters=(NAMED,),
        operations={
            "get": reading(
                "readSubscription",
                "Read a subscription",
                found("The subscription.", "Subscription", SUBSCRIPTION),
            ),
            "patch": writing(
                "patchSubscription",
                "Change a subscription",
                (
                    found(
                        "As it is now. `secret` is there when the change made one.",
                        "SavedSubscription",
                        {**SUBSCRIPTION, "secret": None},
                    ),
                ),
                description="What was read can be written back: masked values stay as stored.",
                body=body_of("SubscriptionPatch", {"rate": {"ratePerSecond": 20}, "nothing": {}}),
            ),
            "delete": writing(
                "deleteSubscription",
                "Delete a subscription with its log",
                (Answer(status=204, description="It is gone; what happened stays."), BY_JOB),
                description="One with many deliveries is paused at once and deleted by a job.",
            ),
        },
    ),
    Endpoint(
        url_name="management-event-types",
        operations={
            "get": reading(
                "listEventTypes",
                "The catalogue of event types",
                found("All of the site, group by group.", "EventTypes", page(_TYPE)),
                parameters=(in_query("group", "Only those under this heading.", "Contacts"),),
            )
        },
    ),
    Endpoint(
        url_name="management-event-type",
        parameters=(in_path("event_type", "The type.", "contact.deleted"),),
        operations={
            "get": reading(
                "readEventType",
                "One event type with schema and example",
                found(
                    "The type.",
                    "EventTypeDetail",
                    {
                        **_TYPE,
                        "schema": {"type": "object"},
                        "example": {"contactId": "515c1b2a-7124-4bb9-826b-aedbbe5da8c4"},
                    },
                ),
            )
        },
    ),
)
