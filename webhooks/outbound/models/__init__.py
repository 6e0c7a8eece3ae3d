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
from webhooks.outbound.models.incident import Incident, Notice, NoticeKind
from webhooks.outbound.models.send_event import SendEvent
from webhooks.outbound.models.subscription import (
    DEFAULT_SCHEDULE,
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
    "Notice",
    "NoticeKind",
    "PayloadEncryption",
    "SendEvent",
    "Signing",
    "Subscription",
    "SubscriptionHour",
    "SubscriptionState",
    "Trigger",
]
