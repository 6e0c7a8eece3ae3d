"""The outbox: events and their deliveries, stored in the transaction of what caused them."""

from webhooks.outbound.publishing.added_deliveries import deliveries_add
from webhooks.outbound.publishing.new_event import NewEvent, RawRequest
from webhooks.outbound.publishing.outbox import events_publish
from webhooks.outbound.publishing.subscribers import Audience, audience_of, audiences

__all__ = [
    "Audience",
    "NewEvent",
    "RawRequest",
    "audience_of",
    "audiences",
    "deliveries_add",
    "events_publish",
]
