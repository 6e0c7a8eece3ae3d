"""What a workflow would do: the real thing, in a transaction that is rolled back.

Nothing is kept: no contact, no event, no line in any log. Other systems are not called, and nobody
is notified, as a notification goes out at a commit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from automation.models import RunState, StepState
from automation.workflows.actions.action import Ending, StepResult
from automation.workflows.condition_words import condition_words
from automation.workflows.contact_documents import contact_documents
from automation.workflows.contact_rules import contacts_matching_rule
from automation.workflows.definition import Definition
from automation.workflows.engine.depth import at_depth
from automation.workflows.engine.run import Flow, Run
from automation.workflows.engine.steps import do_step
from automation.workflows.samples import rows_of
from automation.workflows.site_things import SiteThings
from automation.workflows.values import pointers_in
from common.identifiers import new_row_id
from contacts.applied_change import Changes
from contacts.models import Contact
from sites.models import Site
from webhooks.inbound.models import ReceivedEvent
from webhooks.outbound.event_types.conditions import holds

_NOT_STARTED: Final = "not reached"
_RULE: Final = "The contact does not fulfil the condition on contacts."
_WOULD: Final[Mapping[Ending, str]] = {
    Ending.PENDING: "Is called once all of this is stored; a dry run calls nobody.",
    Ending.WAIT: "The dry run does not wait and shows what comes after.",
}
_OUTCOME: Final[Mapping[Ending, str]] = {
    Ending.DONE: StepState.DONE,
    Ending.SKIPPED: StepState.SKIPPED,
    Ending.FAILED: StepState.FAILED,
    Ending.RAISED: StepState.RETRYING,
    Ending.PENDING: StepState.PENDING,
    Ending.WAIT: "wait",
    Ending.STOP: "stop",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StepEffect:
    """What one step would do. `title` says the step, `sentence` what came of it.

    `outcome` is a `StepState`, `wait`, `stop`, or `not reached` after a stop. `changes` are those
    of the contact: field → [before, after].
    """

    position: int
    title: str
    sentence: str
    outcome: str
    changes: Changes = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """`starts` says whether the contact would begin, `why_not` why not. Steps are shown anyway."""

    starts: bool
    why_not: str = ""
    steps: tuple[StepEffect, ...] = ()


class NoSuchEvent(Exception):
    """The received event is not one that sets this workflow off; the text says so."""


def workflow_dry_run(
    *,
    site: Site,
    definition: Definition,
    contact: Contact,
    event: Mapping[str, Any] | None = None,
    received_event: ReceivedEvent | None = None,
) -> DryRun:
    """Return what each step would do to a contact, for an event in hand or one that came in.

    Whether the contact has been through before is not looked at. Raises NoSuchEvent.
    """
    if received_event is not None:
        event = received_document(received_event, definition, contact)
    run = Run(
        id=new_row_id(),
        contact_id=contact.pk,
        event=event or {},
        depth=1,
        started_at=timezone.now(),
    )
    things = SiteThings(site)
    with transaction.atomic():
        why_not = _why_not(site, definition, run, things)
        steps = _effects(site, definition, run, things)
        transaction.set_rollback(True)
    return DryRun(starts=not why_not, why_not=why_not, steps=steps)


def received_document(
    received: ReceivedEvent, definition: Definition, contact: Contact | None = None
) -> dict[str, Any]:
    """Return what a received event gives a workflow: the row about the contact, else the first."""
    rows = rows_of(received, definition.trigger)
    if not rows:
        raise NoSuchEvent("This event does not set the workflow off: choose another one.")
    wanted = contact.pk if contact else None
    return next((row.event for row in rows if row.contact_id == wanted), rows[0].event)


def _why_not(site: Site, definition: Definition, run: Run, things: SiteThings) -> str:
    conditions = definition.event_conditions
    contacts = contact_documents([run.contact_id], pointers_in(conditions))
    variables = {"event": run.event, "contact": contacts.get(run.contact_id, {})}
    for row in conditions:
        if not holds([row], variables):
            return f"The condition “{condition_words(row, things)}” does not hold."
    matching = contacts_matching_rule(site, definition.contact_rule, {run.contact_id})
    return "" if run.contact_id in matching else _RULE


def _effects(
    site: Site, definition: Definition, run: Run, things: SiteThings
) -> tuple[StepEffect, ...]:
    flow = Flow(
        site=site,
        workflow_id=UUID(int=0),
        version_id=0,
        name="dry run",
        steps=definition.steps,
    )
    effects: list[StepEffect] = []
    with at_depth(run.depth):
        for position, step in enumerate(definition.steps):
            title = step.action.summary(step.settings, things)
            if run.state == RunState.STOPPED:
                effects.append(
                    StepEffect(position=position, title=title, sentence="", outcome=_NOT_STARTED)
                )
                continue
            result = do_step(flow, position, [run])[0]
            effects.append(_effect(position, title, result))
            if result.ending is Ending.STOP:
                run.end(RunState.STOPPED)
    return tuple(effects)


def _effect(position: int, title: str, result: StepResult) -> StepEffect:
    return StepEffect(
        position=position,
        title=title,
        sentence=_WOULD.get(result.ending, result.detail),
        outcome=str(_OUTCOME[result.ending]),
        changes=result.changes,
    )
