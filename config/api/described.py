"""Every group of endpoints, in the order in which the page shows them."""

from __future__ import annotations

from typing import Final

from automation.api_description import SEGMENTS
from common.endpoint.description import Group
from config.api.own_endpoints import INSTALLATION
from contacts.api_description import CONSENTS, CONTACT_FIELDS, CONTACTS
from contacts.loyalty_api.api_description import LOYALTY
from onsite.api_description import GENERIC_API, ONSITE
from webhooks.api.api_description import DELIVERIES, RECEIVED, SUBSCRIPTIONS
from webhooks.inbound.api_description import CUSTOM_EVENTS, WEBHOOKS

GROUPS: Final[tuple[Group, ...]] = (
    CUSTOM_EVENTS,
    WEBHOOKS,
    CONTACTS,
    CONTACT_FIELDS,
    CONSENTS,
    LOYALTY,
    SEGMENTS,
    ONSITE,
    GENERIC_API,
    SUBSCRIPTIONS,
    DELIVERIES,
    RECEIVED,
    INSTALLATION,
)
