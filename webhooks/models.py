from webhooks.inbound.models import (
    EventOutcome,
    Outcome,
    ReceivedEvent,
    RejectedRequest,
    RejectionCount,
    Source,
    SourceHour,
    Status,
)

__all__ = [
    "EventOutcome",
    "Outcome",
    "ReceivedEvent",
    "RejectedRequest",
    "RejectionCount",
    "Source",
    "SourceHour",
    "Status",
]
