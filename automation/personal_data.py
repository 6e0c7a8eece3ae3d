"""What segments and workflows hold of a person."""

from __future__ import annotations

from collections.abc import Iterator

from automation.models import SegmentMember, SegmentMove, WorkflowRun
from contacts.models import Contact
from contacts.subject_rights.own_data import row_of
from contacts.subject_rights.personal_data import PersonalData, Row, add_personal_data


def _segments(contact: Contact) -> Iterator[Row]:
    members = SegmentMember.objects.filter(contact=contact).select_related("segment")
    for member in members.order_by("since"):
        yield {"segment": member.segment.name, "since": member.since}


def _moves(contact: Contact) -> Iterator[Row]:
    moves = SegmentMove.objects.filter(contact=contact).select_related("segment").order_by("pk")
    for move in moves.iterator(chunk_size=500):
        yield {"segment": move.segment.name, **row_of(move, ("has_entered", "at"))}


def _runs(contact: Contact) -> Iterator[Row]:
    runs = WorkflowRun.objects.filter(contact=contact).select_related("workflow").order_by("pk")
    columns = ("started_at", "state", "reason", "ended_at", "variables")
    for run in runs.iterator(chunk_size=200):
        yield {"workflow": run.workflow.name, **row_of(run, columns)}


def register_personal_data() -> None:
    add_personal_data(
        PersonalData("Segments", _segments),
        PersonalData("Entering and leaving segments", _moves),
        PersonalData("Workflows", _runs),
    )
