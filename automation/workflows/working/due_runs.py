"""Runs that are due go on: many in one transaction, halved when something is wrong with one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog
from django.db import OperationalError, transaction
from django.utils import timezone

from automation.models import RunState, WorkflowRun
from automation.workflows.definition import stored_definition
from automation.workflows.engine.going_on import go_on
from automation.workflows.engine.run import Flow, Run
from automation.workflows.engine.storing import runs_store
from common.database_trouble import is_environment_error
from contacts.models import Contact

GONE: Final = "The contact is not there any more."
# So many times the same step may take its worker with it.
MOST_ATTEMPTS: Final = 3
DEADLY: Final = (
    f"The worker died {MOST_ATTEMPTS} times while it went on with this run, so it was stopped. "
    "Look into logs/worker.log in the data folder."
)
_POSTPONED: Final = timedelta(minutes=5)

log = structlog.get_logger(__name__)


def runs_work(owner: str, run_ids: Sequence[UUID]) -> None:
    """Let claimed runs go on. Raises only when the database is in trouble."""
    if not run_ids:
        return
    try:
        with transaction.atomic():
            _go_on(owner, run_ids)
    except Exception as error:
        if is_environment_error(error):
            raise
        if len(run_ids) > 1:
            middle = len(run_ids) // 2
            runs_work(owner, run_ids[:middle])
            runs_work(owner, run_ids[middle:])
            return
        _postpone(owner, run_ids[0], error)


def people_lock(contact_ids: set[UUID]) -> None:
    """Lock contacts before the runs about them: whoever erases or merges them does so too."""
    people = Contact.objects.select_for_update(of=("self",), no_key=True)
    list(people.filter(pk__in=contact_ids).order_by("pk").values_list("pk"))


def flow_of(run: WorkflowRun) -> Flow:
    """Return the version that the run began in; `run` comes with version, workflow and site."""
    return Flow(
        site=run.workflow.site,
        workflow_id=run.workflow_id,
        version_id=run.version_id,
        name=run.workflow.name,
        steps=stored_definition(run.version.definition).steps,
    )


def run_of(row: WorkflowRun) -> Run:
    assert row.contact_id is not None
    return Run(
        id=row.pk,
        contact_id=row.contact_id,
        event=row.variables.get("event", {}),
        depth=row.depth,
        started_at=row.started_at,
        position=row.position,
        received_event_id=row.received_event_id,
    )


def _go_on(owner: str, run_ids: Sequence[UUID]) -> None:
    mine = WorkflowRun.objects.filter(pk__in=run_ids, lease_owner=owner)
    people_lock({pk for pk in mine.values_list("contact", flat=True) if pk})
    held = mine.filter(state__in=(RunState.READY, RunState.WAITING)).select_related(
        "version", "workflow__site"
    )
    groups: dict[tuple[int, int], tuple[Flow, list[Run]]] = {}
    for row in held.select_for_update(of=("self",)).order_by("pk"):
        if row.contact_id is None:
            _end(row, RunState.CANCELLED, GONE)
            continue
        if row.attempts > MOST_ATTEMPTS:
            _end(row, RunState.STOPPED, DEADLY)
            continue
        key = (row.version_id, row.depth)
        if key not in groups:
            groups[key] = (flow_of(row), [])
        groups[key][1].append(run_of(row))
    for flow, runs in groups.values():
        go_on(flow, runs)
        runs_store(runs)


def _end(row: WorkflowRun, state: RunState, reason: str) -> None:
    WorkflowRun.objects.filter(pk=row.pk).update(
        state=state,
        reason=reason,
        ended_at=timezone.now(),
        due_at=None,
        lease_owner="",
        lease_expires_at=None,
    )


def _postpone(owner: str, run_id: UUID, error: Exception) -> None:
    name = type(error).__name__
    # A deadlock says nothing about the run: it is tried again soon.
    delay = timedelta(seconds=1) if isinstance(error, OperationalError) else _POSTPONED
    log.error("workflow run could not go on", run=str(run_id), error=name)
    WorkflowRun.objects.filter(
        pk=run_id, lease_owner=owner, state__in=(RunState.READY, RunState.WAITING)
    ).update(due_at=timezone.now() + delay, attempts=0, lease_owner="", lease_expires_at=None)
