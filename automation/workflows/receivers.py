"""What workflows do when layers below tell of something. Connected in `apps.ready`."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from automation.models import RunState, StepState, WorkflowRun, WorkflowStep
from automation.signals import segments_moved
from automation.workflows.causes import begin_on_changes, begin_on_moves, begin_on_rows
from contacts.signals import contact_erased, contacts_changed, contacts_merged
from webhooks.inbound.signals import rows_processed

_ERASED: Final = "The contact was erased."
_ONCE: Final = "once:"


def forget_person(*, contact_id: UUID, **_: Any) -> None:
    """Empty what runs know of an erased person, and end those that are under way."""
    runs = WorkflowRun.objects.filter(contact=contact_id)
    ids = list(runs.values_list("pk", flat=True))
    if not ids:
        return
    WorkflowRun.objects.filter(pk__in=ids).update(variables={})
    WorkflowRun.objects.filter(pk__in=ids, state__in=(RunState.READY, RunState.WAITING)).update(
        state=RunState.CANCELLED, reason=_ERASED, ended_at=timezone.now(), due_at=None
    )
    undone = (StepState.PENDING, StepState.RETRYING)
    WorkflowStep.objects.filter(run__in=ids, state__in=undone).update(
        state=StepState.FAILED, detail=_ERASED, due_at=None
    )


def follow_merge(*, kept_id: UUID, absorbed_id: UUID, **_: Any) -> None:
    """Give the runs of a contact to the one that it became."""
    moved = WorkflowRun.objects.filter(contact=absorbed_id)
    kept, absorbed = f"{_ONCE}{kept_id}", f"{_ONCE}{absorbed_id}"
    has_gone = WorkflowRun.objects.filter(trigger_key=kept).values_list("workflow", flat=True)
    # Who went through once under either name has gone through.
    moved.filter(trigger_key=absorbed).exclude(workflow__in=list(has_gone)).update(trigger_key=kept)
    moved.update(contact=kept_id)


def connect_receivers() -> None:
    contacts_changed.connect(begin_on_changes, dispatch_uid="workflows.begin_on_changes")
    rows_processed.connect(begin_on_rows, dispatch_uid="workflows.begin_on_rows")
    segments_moved.connect(begin_on_moves, dispatch_uid="workflows.begin_on_moves")
    contact_erased.connect(forget_person, dispatch_uid="workflows.forget_person")
    contacts_merged.connect(follow_merge, dispatch_uid="workflows.follow_merge")
