"""From a claimed event to inbound events, by the preset of its source. Touches no database."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from integrations.inbound_event import InboundEvent, UnreadablePayload
from integrations.request import InboundRequest
from webhooks.inbound.processing.failures import (
    BODY_REMOVED,
    SOURCE_UNREADABLE,
    Failure,
    failure_of,
)
from webhooks.inbound.processing.leases import ClaimedEvent
from webhooks.inbound.processing.source_contexts import SourceContext

log = structlog.get_logger(__name__)


@dataclass(slots=True, kw_only=True)
class ParsedEvent:
    """A claimed event with its rows, or with the failure that left it without any."""

    claimed: ClaimedEvent
    context: SourceContext
    rows: Sequence[InboundEvent] = field(default_factory=tuple)
    failure: Failure | None = None


def parse_events(
    claimed: Sequence[ClaimedEvent], contexts: Mapping[int, SourceContext]
) -> list[ParsedEvent]:
    """Parse every event whose source still exists; deleting a source deletes its events too."""
    return [
        _parsed(event, contexts[event.source_id])
        for event in claimed
        if event.source_id in contexts
    ]


def _parsed(event: ClaimedEvent, context: SourceContext) -> ParsedEvent:
    if event.body is None:
        return ParsedEvent(claimed=event, context=context, failure=BODY_REMOVED)
    if context.config is None:
        return ParsedEvent(claimed=event, context=context, failure=SOURCE_UNREADABLE)
    request = InboundRequest(
        body=event.body,
        headers=event.headers,
        query=event.query,
        remote_address=event.remote_address,
        received_at=event.received_at,
    )
    try:
        rows = context.preset.parse(request, context.config)
    except UnreadablePayload as error:
        failure = Failure(cause=error.cause, reason=error.reason)
        return ParsedEvent(claimed=event, context=context, failure=failure)
    except Exception as error:  # a preset is code by many hands: its bug is one event's failure
        log_event_error("event not parsed", event, error)
        # Parsing is pure: another attempt with the same code would raise the same.
        failure = failure_of(error, attempts=1)
        return ParsedEvent(claimed=event, context=context, failure=failure)
    return ParsedEvent(claimed=event, context=context, rows=rows)


def log_event_error(message: str, event: ClaimedEvent, error: Exception) -> None:
    """Log where an error came from; its own text may quote what the sender wrote."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    log.error(
        message,
        received_event_id=str(event.id),
        source_id=event.source_id,
        error=type(error).__name__,
        place=place,
        attempt=event.attempts,
    )
