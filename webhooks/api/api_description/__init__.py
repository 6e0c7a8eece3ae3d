"""The management API for the schema, and the events that subscriptions are told of."""

from __future__ import annotations

from typing import Final

from common.endpoint.description import Group
from webhooks.api.api_description.delivery_endpoints import DELIVERY_ENDPOINTS
from webhooks.api.api_description.delivery_schemas import DELIVERY_SCHEMAS
from webhooks.api.api_description.received_endpoints import RECEIVED_ENDPOINTS, RECEIVED_SCHEMAS
from webhooks.api.api_description.shared import SHARED
from webhooks.api.api_description.subscription_actions import (
    ACTION_ENDPOINTS,
    ACTION_SCHEMAS,
)
from webhooks.api.api_description.subscription_endpoints import SUBSCRIPTION_ENDPOINTS
from webhooks.api.api_description.subscription_schemas import SUBSCRIPTION_SCHEMAS

SUBSCRIPTIONS: Final = Group(
    tag="Subscriptions",
    description=(
        "Who is told of what, where and how. Secrets only come in: the one that is made is shown "
        "when it is made. For keys with `management:read` and `management:write`."
    ),
    endpoints=(*SUBSCRIPTION_ENDPOINTS, *ACTION_ENDPOINTS),
    schemas={**SUBSCRIPTION_SCHEMAS, **ACTION_SCHEMAS, **SHARED},
)
DELIVERIES: Final = Group(
    tag="Deliveries",
    description=(
        "What happened, to whom it was sent, and sending it again. Personal values are masked "
        "for keys without `contacts:read`."
    ),
    endpoints=DELIVERY_ENDPOINTS,
    schemas=DELIVERY_SCHEMAS,
)
RECEIVED: Final = Group(
    tag="Received events",
    description="What came in by which source, and playing it again.",
    endpoints=RECEIVED_ENDPOINTS,
    schemas=RECEIVED_SCHEMAS,
)
