"""What all contexts do with the body of a reception event: read it, and store what is accepted."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from common.endpoint.problems import FieldProblem
from common.identifiers import new_row_id
from integrations.causes import RejectionCause
from integrations.presets.reception_event.reading import ReadEvent, read_event
from integrations.request import RefusedBody
from webhooks.inbound import journal
from webhooks.inbound.reception import answers
from webhooks.inbound.reception.admission import unreadable
from webhooks.inbound.reception.answers import Answer
from webhooks.inbound.reception.directory import EventSnapshot
from webhooks.inbound.reception.refusal import Refusal
from webhooks.inbound.reception.request_parts import RequestParts
from webhooks.inbound.short_ids import short_id

# The answer names every field that is wrong; our log the first few.
_MOST_LOGGED: Final = 10


def read(event: EventSnapshot, body: bytes) -> ReadEvent:
    """Return what the body says, read as the event's context prescribes. Raises `Refusal`."""
    try:
        found = read_event(event.definition, body)
    except RefusedBody as refused:
        raise unreadable(refused, body) from None
    if found.problems:
        raise fields_refusal(found, body)
    return found


def fields_refusal(found: ReadEvent, body: bytes) -> Refusal:
    """Return the 422 that names every field that cannot be taken."""
    return Refusal(
        cause=RejectionCause.INVALID_FIELDS,
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        detail=" ".join(str(each) for each in found.problems[:_MOST_LOGGED]),
        problems=tuple(FieldProblem(each.path, each.reason) for each in found.problems),
        body=body,
    )


def store(event: EventSnapshot, parts: RequestParts, body: bytes) -> Answer:
    """Return the 201 once the event is committed.

    Nothing tells a repeat from an event that happened twice: each request is one of its own.
    """
    row_id = new_row_id()
    told = short_id(row_id)
    journal.append(
        journal.JournalEntry(
            id=row_id,
            site_id=event.source.site_id,
            source_id=event.source.id,
            dedupe_key=str(row_id),
            event_type=event.definition.alias,
            event_id=told,
            body=body,
            **parts.kept(event.source.verifier),
        )
    )
    return answers.created(told)
