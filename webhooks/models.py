from webhooks.inbound.models import (
    Context,
    EventOutcome,
    Outcome,
    ReceivedEvent,
    ReceptionEvent,
    ReceptionField,
    RejectedRequest,
    RejectionCount,
    Source,
    SourceHour,
    Status,
)

__all__ = [
    "Context",
    "EventOutcome",
    "Outcome",
    "ReceivedEvent",
    "ReceptionEvent",
    "ReceptionField",
    "RejectedRequest",
    "RejectionCount",
    "Source",
    "SourceHour",
    "Status",
]
