"""Everything that changes a workflow: validated, audited, each in one transaction."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from automation.models import (
    RunState,
    StepState,
    Workflow,
    WorkflowRun,
    WorkflowState,
    WorkflowStep,
    WorkflowVersion,
)
from automation.uses import Needs, uses_write
from automation.workflows.definition import definition_json, read_definition, stored_definition
from automation.workflows.definition_needs import definition_needs
from automation.workflows.schedule_times import next_due
from automation.workflows.site_things import SiteThings
from automation.workflows.triggers import SCHEDULE
from automation.workflows.waking import wake_runs
from sites.audit import Actor, audit_record, field_changes
from sites.opened_state import OpenedState, check_unchanged

MOST_WORKFLOWS: Final = 200
OPEN: Final = (RunState.READY, RunState.WAITING)
UNDONE: Final = (StepState.PENDING, StepState.RETRYING)
DELETED: Final = "The workflow was deleted."
_GONE: Final = "This workflow was deleted in the meantime."
_LONGEST_NAME: Final = 120


@transaction.atomic
def workflow_save(
    *,
    workflow: Workflow,
    definition: Mapping[str, Any],
    actor: Actor,
    opened: OpenedState | None = None,
) -> WorkflowVersion:
    """Store a workflow, given unsaved or not, and its definition as a version if it differs.

    What runs goes on as it is: only `workflow_start` lets contacts begin in the new version.
    Returns the newest version. Raises BadDefinition with places, and ValidationError by `name`.
    """
    is_new = workflow._state.adding
    stored = None if is_new else _locked(workflow)
    check_unchanged(stored, since=opened)
    if stored is not None and stored.site_id != workflow.site_id:
        raise ValidationError("A workflow keeps its site. Make a new one instead.")
    things = SiteThings(workflow.site)
    document = _document(definition, things)
    _check_name(workflow)
    changes = field_changes(_values(stored), _values(workflow))
    if stored is None or changes:
        _store(workflow, is_new=is_new)
    newest = workflow.versions.first()
    if newest is None or newest.definition != document:
        version = WorkflowVersion.objects.create(
            workflow=workflow,
            number=newest.number + 1 if newest else 1,
            definition=document,
            saved_at=timezone.now(),
            saved_by=actor.label[:150],
        )
        changes["version"] = (newest.number if newest else None, version.number)
        newest = version
    uses_write(workflow=workflow, needs=_needs(workflow, newest, things))
    if changes:
        action = "workflow.created" if is_new else "workflow.updated"
        audit_record(
            actor=actor, action=action, site=workflow.site, target=workflow, changes=changes
        )
    return newest


@transaction.atomic
def workflow_start(*, workflow: Workflow, actor: Actor) -> Workflow:
    """Let contacts begin, in the newest version; who is under way finishes on the one they began.

    Raises BadDefinition when what it uses has changed since it was saved.
    """
    stored = _locked(workflow)
    newest = stored.versions.first()
    if newest is None:
        raise ValidationError("Save the workflow before it is started.")
    things = SiteThings(stored.site)
    definition = read_definition(newest.definition, stored.site, things)
    is_running = stored.state == WorkflowState.RUNNING
    if is_running and stored.active_version_id == newest.pk:
        return _renewed(workflow, stored)
    before = _state(stored)
    now = timezone.now()
    is_scheduled = definition.trigger["type"] == SCHEDULE
    stored.state, stored.active_version, stored.started_at = WorkflowState.RUNNING, newest, now
    stored.due_at = next_due(definition.trigger, stored.site, now) if is_scheduled else None
    stored.save(update_fields=["state", "active_version", "started_at", "due_at", "updated_at"])
    uses_write(workflow=stored, needs=_needs(stored, newest, things))
    _audit(actor, "workflow.started", stored, field_changes(before, _state(stored)))
    # Runs that became due while it was paused.
    wake_runs()
    return _renewed(workflow, stored)


@transaction.atomic
def workflow_pause(*, workflow: Workflow, actor: Actor) -> Workflow:
    """Let nobody begin, and let who waits wait on, until it is started again."""
    stored = _locked(workflow)
    if stored.state == WorkflowState.DRAFT:
        raise ValidationError("This workflow was never started: there is nothing to pause.")
    if stored.state == WorkflowState.RUNNING:
        before = _state(stored)
        stored.state, stored.due_at = WorkflowState.PAUSED, None
        stored.save(update_fields=["state", "due_at", "updated_at"])
        _audit(actor, "workflow.paused", stored, field_changes(before, _state(stored)))
    return _renewed(workflow, stored)


@transaction.atomic
def workflow_delete(*, workflow: Workflow, actor: Actor) -> None:
    """Hide a workflow for good: nobody begins, who is under way stops; the log stays."""
    stored = _locked(workflow)
    now = timezone.now()
    if stored.state == WorkflowState.RUNNING:
        stored.state = WorkflowState.PAUSED
    stored.deleted_at, stored.due_at = now, None
    stored.save(update_fields=["state", "deleted_at", "due_at", "updated_at"])
    uses_write(workflow=stored, needs=Needs())
    runs = WorkflowRun.objects.filter(workflow=stored)
    _cancel(runs, DELETED)
    _give_up(WorkflowStep.objects.filter(run__workflow=stored), DELETED)
    changes = {name: (value, None) for name, value in _values(stored).items()}
    _audit(actor, "workflow.deleted", stored, changes)


@transaction.atomic
def run_cancel(*, run: WorkflowRun, actor: Actor) -> bool:
    """Stop one contact's way through a workflow; False when it has ended already."""
    workflow = Workflow.objects.select_related("site").get(pk=run.workflow_id)
    label = actor.label[:100]
    if not _cancel(WorkflowRun.objects.filter(pk=run.pk), f"Stopped by {label}."):
        return False
    _audit(actor, "workflow_run.cancelled", workflow, {"run": (None, str(run.pk))})
    return True


@transaction.atomic
def step_retry(*, step: WorkflowStep, actor: Actor) -> bool:
    """Try a failed step again from the beginning of its schedule; False when it cannot be."""
    rows = WorkflowStep.objects.filter(pk=step.pk, state=StepState.FAILED)
    again = rows.filter(
        run__contact__isnull=False,
        run__contact__deleted_at=None,
        run__workflow__deleted_at=None,
    )
    if not again.update(
        state=StepState.RETRYING, attempts=0, due_at=timezone.now(), detail="Is tried again."
    ):
        return False
    run = WorkflowRun.objects.select_related("workflow__site").get(pk=step.run_id)
    _audit(actor, "workflow_step.retried", run.workflow, {"step": (None, str(step.pk))})
    wake_runs()
    return True


def _cancel(runs: QuerySet[WorkflowRun], reason: str) -> int:
    """End open runs, with the steps of theirs that are still to be done."""
    now = timezone.now()
    ids = list(runs.filter(state__in=OPEN).values_list("pk", flat=True))
    _give_up(WorkflowStep.objects.filter(run__in=ids), reason)
    return int(
        WorkflowRun.objects.filter(pk__in=ids, state__in=OPEN).update(
            state=RunState.CANCELLED, reason=reason, ended_at=now, due_at=None
        )
    )


def _give_up(steps: QuerySet[WorkflowStep], reason: str) -> None:
    undone = steps.filter(state__in=UNDONE)
    undone.update(state=StepState.FAILED, detail=reason, due_at=None)


def _document(definition: Mapping[str, Any], things: SiteThings) -> dict[str, Any]:
    """Return the definition as the database gives it back, so that two can be compared."""
    document = definition_json(read_definition(definition, things.site, things))
    plain: dict[str, Any] = json.loads(json.dumps(document, default=str))
    return plain


def _needs(workflow: Workflow, newest: WorkflowVersion, things: SiteThings) -> Needs:
    """Return what the newest and the active version use: one is shown, the other runs."""
    needs = definition_needs(stored_definition(newest.definition), things)
    active = workflow.active_version
    if active is not None and active.pk != newest.pk:
        needs |= definition_needs(stored_definition(active.definition), things)
    return needs


def _check_name(workflow: Workflow) -> None:
    workflow.name = workflow.name.strip()
    if not workflow.name:
        raise ValidationError({"name": "Give the workflow a name."})
    if len(workflow.name) > _LONGEST_NAME:
        raise ValidationError({"name": f"At most {_LONGEST_NAME} characters."})


def _store(workflow: Workflow, *, is_new: bool) -> None:
    others = Workflow.objects.filter(site=workflow.site_id, deleted_at=None)
    if is_new and others.count() >= MOST_WORKFLOWS:
        raise ValidationError(f"The site has {MOST_WORKFLOWS} workflows, which is the most.")
    try:
        with transaction.atomic():
            if is_new:
                workflow.save(force_insert=True)
            else:
                workflow.save(update_fields=["name", "description", "updated_at"])
    except IntegrityError:
        taken = f"Another workflow of the site is called “{workflow.name}”."
        raise ValidationError({"name": taken}) from None


def _locked(workflow: Workflow) -> Workflow:
    rows = Workflow.objects.select_for_update(of=("self",)).select_related("site")
    stored = rows.filter(pk=workflow.pk, deleted_at=None).first()
    if stored is None:
        raise ValidationError(_GONE)
    return stored


def _renewed(workflow: Workflow, stored: Workflow) -> Workflow:
    workflow.refresh_from_db()
    return workflow


def _values(workflow: Workflow | None) -> dict[str, Any]:
    if workflow is None:
        return {}
    return {"name": workflow.name, "description": workflow.description}


def _state(workflow: Workflow) -> dict[str, Any]:
    version = workflow.active_version
    return {"state": str(workflow.state), "version": version.number if version else None}


def _audit(
    actor: Actor, action: str, workflow: Workflow, changes: dict[str, tuple[Any, Any]]
) -> None:
    audit_record(actor=actor, action=action, site=workflow.site, target=workflow, changes=changes)
