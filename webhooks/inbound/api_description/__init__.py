"""Reception for the schema: sources, and custom events in their three contexts."""

from __future__ import annotations

from typing import Final

from common.endpoint.description import Group
from sites.api_keys.api_description import API_KEY_SCHEMES
from webhooks.inbound.api_description.app_events import (
    APP_EVENT_ENDPOINTS,
    APP_EVENT_SCHEMAS,
    PUBLISHABLE_KEY_SCHEMES,
)
from webhooks.inbound.api_description.custom_events import (
    CUSTOM_EVENT_ENDPOINTS,
    CUSTOM_EVENT_SCHEMAS,
)
from webhooks.inbound.api_description.sources import (
    SOURCE_ENDPOINT,
    SOURCE_SCHEMAS,
    SOURCE_SCHEMES,
)

WEBHOOKS: Final = Group(
    tag="Webhooks",
    description=(
        "What vendors post to sources. JSON nested deeper than 64 levels, a key that comes twice, "
        "`NaN`, NUL and half surrogate pairs are refused, here and everywhere else."
    ),
    endpoints=(SOURCE_ENDPOINT,),
    schemas=SOURCE_SCHEMAS,
    security_schemes=SOURCE_SCHEMES,
)
CUSTOM_EVENTS: Final = Group(
    tag="Custom events",
    description=(
        "Events that an operator defined under **Integrations → Custom**, field by field. Each "
        "has one context: Public API, Webhook, or Web or mobile app."
    ),
    endpoints=(*CUSTOM_EVENT_ENDPOINTS, *APP_EVENT_ENDPOINTS),
    schemas={**CUSTOM_EVENT_SCHEMAS, **APP_EVENT_SCHEMAS},
    security_schemes={**API_KEY_SCHEMES, **PUBLISHABLE_KEY_SCHEMES},
)
