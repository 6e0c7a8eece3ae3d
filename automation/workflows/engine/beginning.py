"""Who begins: conditions, how often a contact may, and each trigger once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import structlog
from django.db import DatabaseError, transaction
from django.utils import timezone

from automation.models import RunState, WorkflowRun
from automation.workflows.contact_documents import contact_documents
from automation.workflows.contact_rules import contacts_matching_rule
from automation.workflows.definition import NOT_WHILE_RUNNING, ONCE
from automation.workflows.directory import RunningWorkflow
from automation.workflows.engine.depth import MOST_DEPTH, TOO_DEEP, current_depth
from automation.workflows.engine.going_on import go_on
from automation.workflows.engine.run import Flow, Run
from automation.workflows.engine.storing import runs_insert, runs_store
from automation.workflows.values import pointers_in
from common.identifiers import new_row_hex, new_row_id
from contacts.models import Contact
from sites.models import Site
from webhooks.outbound.event_types.conditions import holds

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beginning:
    """A contact that would begin. The same `trigger_key` starts a workflow once for all time."""

    workflow: RunningWorkflow
    contact_id: UUID
    trigger_key: str
    event: Mapping[str, Any] = field(repr=False)
    received_event_id: UUID | None = None


def runs_begin(beginnings: Sequence[Beginning]) -> None:
    """Let contacts begin, and go as far as they come, in the caller's transaction."""
    if not beginnings:
        return
    sites = Site.objects.in_bulk({each.workflow.site_id for each in beginnings})
    groups: dict[UUID, list[Beginning]] = {}
    for each in beginnings:
        groups.setdefault(each.workflow.id, []).append(each)
    for group in groups.values():
        _begin_or_say(sites[group[0].workflow.site_id], group)


def _begin_or_say(site: Site, group: Sequence[Beginning]) -> None:
    """Let the contacts of one workflow begin; its fault stays its own, and is in its log."""
    workflow = group[0].workflow
    try:
        with transaction.atomic():
            for wave in _waves(group):
                _begin(site, workflow, wave)
    except DatabaseError:
        raise  # whoever caused it tries again, or is told
    except Exception as error:
        name = type(error).__name__
        log.exception("workflow could not begin", workflow=str(workflow.id), error=name)
        reason = f"It could not begin: something unexpected went wrong ({name})."
        rows = [_row(each, state=RunState.STOPPED, reason=reason) for each in group]
        runs_insert(rows)


def _waves(group: Sequence[Beginning]) -> Iterator[Sequence[Beginning]]:
    """Yield the group in parts, where it matters whether a contact has gone through before."""
    if group[0].workflow.definition.entry != NOT_WHILE_RUNNING:
        yield group
        return
    waiting = list(group)
    while waiting:
        wave: dict[UUID, Beginning] = {}
        for each in waiting:
            wave.setdefault(each.contact_id, each)
        yield list(wave.values())
        taken = {id(each) for each in wave.values()}
        waiting = [each for each in waiting if id(each) not in taken]


def _begin(site: Site, workflow: RunningWorkflow, group: Sequence[Beginning]) -> None:
    chosen = _that_may(workflow, _that_fulfil(site, workflow, group))
    if not chosen:
        return
    depth = current_depth() + 1
    if depth > MOST_DEPTH:
        runs_insert([_cut(each) for each in chosen])
        return
    rows = {row["id"]: row for row in (_row(each, depth=depth) for each in chosen)}
    begun = runs_insert(list(rows.values()))
    runs = [_run(rows[run_id]) for run_id in rows if run_id in begun]
    flow = Flow(
        site=site,
        workflow_id=workflow.id,
        version_id=workflow.version_id,
        name=workflow.name,
        steps=workflow.definition.steps,
    )
    go_on(flow, runs)
    runs_store(runs)


def _that_fulfil(
    site: Site, workflow: RunningWorkflow, group: Sequence[Beginning]
) -> list[Beginning]:
    """Return those for whom the conditions on the event and the rule on the contact hold."""
    conditions = workflow.definition.event_conditions
    if conditions:
        ids = {each.contact_id for each in group}
        contacts = contact_documents(ids, pointers_in(conditions))
        group = [
            each
            for each in group
            if holds(
                conditions, {"event": each.event, "contact": contacts.get(each.contact_id, {})}
            )
        ]
    if workflow.definition.contact_rule is None or not group:
        return list(group)
    matching = contacts_matching_rule(
        site, workflow.definition.contact_rule, {each.contact_id for each in group}
    )
    return [each for each in group if each.contact_id in matching]


def _that_may(workflow: RunningWorkflow, group: Sequence[Beginning]) -> list[Beginning]:
    """Return those that may begin by how often a contact may, each trigger once."""
    entry = workflow.definition.entry
    ids = {each.contact_id for each in group}
    taken: set[UUID] = set()
    runs = WorkflowRun.objects.filter(workflow=workflow.id, contact__in=ids)
    if entry == ONCE and ids:
        # Those that were cut off before their first step have not gone through.
        taken = set(runs.filter(depth__lte=MOST_DEPTH).values_list("contact_id", flat=True))
    elif entry == NOT_WHILE_RUNNING and ids:
        # Two events of one contact may come at the same time: the second waits here for the first.
        people = Contact.objects.select_for_update(of=("self",), no_key=True)
        list(people.filter(pk__in=ids).order_by("pk").values_list("pk"))
        is_open = runs.filter(state__in=(RunState.READY, RunState.WAITING))
        taken = set(is_open.values_list("contact_id", flat=True))
    keyed: dict[str, Beginning] = {}
    for each in group:
        if each.contact_id not in taken:
            key = f"once:{each.contact_id}" if entry == ONCE else each.trigger_key
            keyed.setdefault(key, each)
    return list(keyed.values())


def _row(
    each: Beginning,
    *,
    depth: int = 1,
    state: RunState = RunState.READY,
    reason: str = "",
    trigger_key: str = "",
) -> dict[str, Any]:
    now = timezone.now()
    is_once = each.workflow.definition.entry == ONCE
    key = trigger_key or (f"once:{each.contact_id}" if is_once else each.trigger_key)
    is_open = state == RunState.READY
    return {
        "id": new_row_id(),
        "workflow_id": each.workflow.id,
        "version_id": each.workflow.version_id,
        "contact_id": each.contact_id,
        "trigger_key": key[:120],
        "variables": {"event": each.event},
        "state": state,
        "position": 0,
        "depth": depth,
        "attempts": 0,
        "reason": reason,
        "received_event_id": each.received_event_id,
        "started_at": now,
        "due_at": now if is_open else None,
        "ended_at": None if is_open else now,
        "lease_owner": "",
        "lease_expires_at": None,
    }


def _cut(each: Beginning) -> dict[str, Any]:
    """Return the row of a run that is not begun, which tells of the loop."""
    return _row(
        each,
        depth=MOST_DEPTH + 1,
        state=RunState.STOPPED,
        reason=TOO_DEEP,
        trigger_key=f"cut:{new_row_hex()}",
    )


def _run(row: Mapping[str, Any]) -> Run:
    return Run(
        id=row["id"],
        contact_id=row["contact_id"],
        event=row["variables"]["event"],
        depth=row["depth"],
        started_at=row["started_at"],
        received_event_id=row["received_event_id"],
        due_at=row["due_at"],
    )
