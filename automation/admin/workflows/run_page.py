"""What the page of one run shows: its steps, what each did, and why it ended where it did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString

from automation.admin.workflows.definition_words import stored_step_words
from automation.admin.workflows.run_words import (
    IN_PROGRESS,
    run_chip,
    step_chip,
    summary_words,
)
from automation.models import StepState, WorkflowRun, WorkflowStep
from automation.workflows.site_things import SiteThings
from automation.workflows.triggers import trigger_words
from common.admin.payload_text import PayloadText, payload_text
from contacts.admin.change_words import contact_label
from integrations.models import ApiCall
from webhooks.inbound.models import ReceivedEvent
from webhooks.outbound.models import Event


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOfRun:
    """One step in the order of the version; `step` is None where the run has not come to it."""

    number: int
    words: str
    step: WorkflowStep | None
    chip: SafeString | None = None
    is_retriable: bool = False
    event_id: Any = None
    api_call_id: Any = None


def run_context(run: WorkflowRun, *, may_see_values: bool) -> dict[str, Any]:
    """Return all of the page."""
    things = SiteThings(run.workflow.site)
    definition = run.version.definition
    now = timezone.now()
    return {
        "run": run,
        "chip": run_chip(run),
        "summary": summary_words(run, now),
        "contact_label": contact_label(run.contact) if run.contact else "",
        "trigger": trigger_words(definition["trigger"], things),
        "steps": _steps(run, definition, things),
        "received_event": _received_event(run),
        "is_in_progress": run.state in IN_PROGRESS,
        "variables": _variables(run) if may_see_values else None,
    }


def _steps(run: WorkflowRun, definition: Mapping[str, Any], things: SiteThings) -> list[StepOfRun]:
    done = {step.position: step for step in run.steps.order_by("position")}
    events = Event.objects.filter(
        pk__in=[step.event_id for step in done.values() if step.event_id]
    ).values_list("pk", flat=True)
    calls = ApiCall.objects.filter(
        pk__in=[step.api_call_id for step in done.values() if step.api_call_id]
    ).values_list("pk", flat=True)
    kept_events, kept_calls = set(events), set(calls)
    listed = []
    for position, row in enumerate(definition["steps"]):
        step = done.get(position)
        listed.append(
            StepOfRun(
                number=position + 1,
                words=stored_step_words(row, things),
                step=step,
                chip=step_chip(step) if step else None,
                is_retriable=step is not None and step.state == StepState.FAILED,
                event_id=step.event_id if step and step.event_id in kept_events else None,
                api_call_id=step.api_call_id if step and step.api_call_id in kept_calls else None,
            )
        )
    return listed


def _received_event(run: WorkflowRun) -> ReceivedEvent | None:
    """Return the event that the run began with, while it is kept."""
    if run.received_event_id is None:
        return None
    rows = ReceivedEvent.objects.filter(pk=run.received_event_id, site_id=run.workflow.site_id)
    return rows.only("pk", "event_type", "received_at").first()


def _variables(run: WorkflowRun) -> PayloadText | None:
    """Return what the trigger gave, with personal values masked."""
    if not run.variables:
        return None
    text = json.dumps(run.variables, ensure_ascii=False, default=str)
    return payload_text(text.encode(), is_masked=True)
