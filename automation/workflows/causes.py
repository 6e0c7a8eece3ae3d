"""What sets workflows off, heard in the transaction in which it happens.

Each is given a key by which it starts a workflow once: a replayed received event changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from automation.models import Segment, SegmentMove
from automation.workflows.directory import ByTrigger, RunningWorkflow, running_of, running_workflows
from automation.workflows.engine.beginning import Beginning, runs_begin
from automation.workflows.event_documents import (
    change_document,
    inbound_document,
    move_document,
    submission_document,
)
from automation.workflows.triggers import (
    CONTACT_CHANGE,
    INBOUND_EVENT,
    RECEPTION_EVENT,
    SEGMENT_ENTRY,
    SEGMENT_EXIT,
    SUBMISSION,
)
from common.identifiers import new_row_hex
from contacts.applied_change import ChangeKind
from contacts.signals import ContactChanged, ContactChanges
from integrations.inbound_event import Disposition
from onsite.models import Submission
from webhooks.inbound.processing.outcomes import EventRow

_GONE = (ChangeKind.REJECTED, ChangeKind.DELETED, ChangeKind.TOMBSTONED)


def begin_on_changes(*, changes: ContactChanges, **_: Any) -> None:
    """Hear of contacts that changed, by whatever door, a workflow's own included."""
    running = running_workflows()
    if running.keys().isdisjoint(changes.site_ids):
        return
    concerned = {
        site_id: workflows
        for site_id in changes.site_ids
        if (workflows := running_of(site_id, CONTACT_CHANGE))
    }
    if concerned:
        runs_begin(
            [
                each
                for change in changes
                if change.site_id in concerned
                for each in _of_change(change, concerned[change.site_id])
            ]
        )


def begin_on_rows(*, rows: Sequence[EventRow], **_: Any) -> None:
    """Hear of events that came in, once their contacts are written."""
    running = running_workflows()
    if running:
        runs_begin(
            [
                each
                for row in rows
                if (kinds := running.get(row.event.context.site.pk)) and _has_person(row)
                for each in _of_row(row, kinds)
            ]
        )


def begin_on_submission(*, submission: Submission, **_: Any) -> None:
    """Hear of an Onsite submission that ended; one that is repeated is the same one."""
    contact_id = submission.contact_id
    if contact_id is None:
        return
    outcome = str(submission.state)
    runs_begin(
        [
            Beginning(
                workflow=workflow,
                contact_id=contact_id,
                trigger_key=f"submission:{submission.pk}",
                event=submission_document(submission),
            )
            for workflow in running_of(submission.site_id, SUBMISSION)
            if workflow.definition.trigger["outcome"] in ("any", outcome)
        ]
    )


def begin_on_moves(*, moves: Sequence[SegmentMove], **_: Any) -> None:
    """Hear of contacts that entered or left segments."""
    if not moves or not running_workflows():
        return
    segments = Segment.objects.in_bulk({move.segment_id for move in moves})
    beginnings = []
    for move in moves:
        segment = segments[move.segment_id]
        kind = SEGMENT_ENTRY if move.has_entered else SEGMENT_EXIT
        beginnings += [
            Beginning(
                workflow=workflow,
                contact_id=move.contact_id,
                trigger_key=f"move:{move.pk}",
                event=move_document(segment, move.at),
            )
            for workflow in running_of(segment.site_id, kind)
            if workflow.definition.trigger["segment"] == str(segment.pk)
        ]
    runs_begin(beginnings)


def _of_change(change: ContactChanged, workflows: Sequence[RunningWorkflow]) -> Iterator[Beginning]:
    if change.kind in _GONE or change.is_reduced:
        return
    is_new = not change.existed_before
    event: dict[str, Any] | None = None
    for workflow in workflows:
        if not _wanted(workflow.definition.trigger, change, is_new=is_new):
            continue
        if event is None:
            event = change_document(
                changes=change.changes, is_new=is_new, source_label=change.source.label
            )
        yield Beginning(
            workflow=workflow,
            contact_id=change.kept_id,
            trigger_key=_change_key(change),
            event=event,
            received_event_id=change.source.received_event_id,
        )


def _wanted(trigger: Any, change: ContactChanged, *, is_new: bool) -> bool:
    if trigger["created"] == ("never" if is_new else "only"):
        return False
    fields = trigger["fields"]
    if not fields:
        return is_new or bool(change.changes)
    return not change.changes.keys().isdisjoint(fields)


def _change_key(change: ContactChanged) -> str:
    source = change.source
    if source.received_event_id is None:
        return f"change:{new_row_hex()}"
    return f"change:{source.received_event_id}:{source.position or 0}"


def _has_person(row: EventRow) -> bool:
    return (
        row.contact_id is not None
        and not row.is_forgotten
        and row.inbound.disposition is Disposition.ACCEPTED
        and row.applied is not None
        and row.applied.kind not in _GONE
    )


def _of_row(row: EventRow, kinds: ByTrigger) -> Iterator[Beginning]:
    source_id, event_type = row.event.context.id, row.inbound.type
    wanted = [
        workflow for workflow in kinds.get(RECEPTION_EVENT, ()) if workflow.source_id == source_id
    ]
    wanted += [
        workflow
        for workflow in kinds.get(INBOUND_EVENT, ())
        if workflow.source_id == source_id
        and workflow.definition.trigger["event_type"] == event_type
    ]
    if not wanted:
        return
    assert row.contact_id is not None
    event = inbound_document(row.inbound.data)
    for workflow in wanted:
        yield Beginning(
            workflow=workflow,
            contact_id=row.contact_id,
            trigger_key=f"event:{row.event.claimed.id}:{row.position}",
            event=event,
            received_event_id=row.event.claimed.id,
        )
