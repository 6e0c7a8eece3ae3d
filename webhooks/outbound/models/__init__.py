from webhooks.outbound.models.delivery import (
    TROUBLED,
    WAITING,
    Attempt,
    Delivery,
    DeliveryStatus,
    KeptBody,
    Trigger,
)
from webhooks.outbound.models.event import Event
from webhooks.outbound.models.subscription import (
    DEFAULT_SCHEDULE,
    Incident,
    PayloadEncryption,
    Signing,
    Subscription,
    SubscriptionHour,
    SubscriptionState,
)

__all__ = [
    "DEFAULT_SCHEDULE",
    "TROUBLED",
    "WAITING",
    "Attempt",
    "Delivery",
    "DeliveryStatus",
    "Event",
    "Incident",
    "KeptBody",
    "PayloadEncryption",
    "Signing",
    "Subscription",
    "SubscriptionHour",
    "SubscriptionState",
    "Trigger",
]
