from webhooks.inbound.models.received_event import EventOutcome, Outcome, ReceivedEvent, Status
from webhooks.inbound.models.reception_event import Context, ReceptionEvent, ReceptionField
from webhooks.inbound.models.rejected_request import RejectedRequest, RejectionCount
from webhooks.inbound.models.source import Source, SourceHour

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
