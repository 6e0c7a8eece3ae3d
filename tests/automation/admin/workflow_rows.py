"""Workflows and their runs as rows, for pages that only show them."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from automation.models import (
    RunState,
    StepState,
    Workflow,
    WorkflowRun,
    WorkflowStep,
    WorkflowVersion,
)
from automation.workflows.services import workflow_save
from common.identifiers import random_token
from contacts.models import Contact
from sites.audit import Actor
from sites.models import Site

ACTOR = Actor.system("test")
DEFINITION: dict[str, Any] = {
    "trigger": {"type": "contact_change", "fields": [], "created": "too"},
    "entry": "always",
    "event_conditions": [],
    "contact_rule": None,
    "steps": [
        {"id": "s1", "action": "wait", "settings": {"amount": 2, "unit": "days"}},
        {
            "id": "s2",
            "action": "set_preference",
            "settings": {"channel": "sms", "accepts": False},
        },
    ],
}


def workflow(site: Site, name: str = "Welcome", **changes: Any) -> Workflow:
    made = Workflow(site=site, name=name)
    workflow_save(workflow=made, definition=DEFINITION | changes, actor=ACTOR)
    return made


def contact(site: Site, email: str = "jane@example.com") -> Contact:
    now = timezone.now()
    return Contact.objects.create(site=site, email=email, created_at=now, updated_at=now)


def run(
    of: Workflow, about: Contact | None, state: RunState = RunState.FINISHED, **values: Any
) -> WorkflowRun:
    now = timezone.now()
    version = WorkflowVersion.objects.filter(workflow=of).latest("number")
    is_open = state in (RunState.READY, RunState.WAITING)
    return WorkflowRun.objects.create(
        workflow=of,
        version=version,
        contact=about,
        trigger_key=random_token("key-", 12),
        state=state,
        started_at=now,
        **({"due_at": now if is_open else None, "ended_at": None if is_open else now} | values),
    )


def step(of: WorkflowRun, position: int, state: StepState, **values: Any) -> WorkflowStep:
    now = timezone.now()
    is_due = state in (StepState.PENDING, StepState.RETRYING)
    action = of.version.definition["steps"][position]["action"]
    return WorkflowStep.objects.create(
        run=of,
        position=position,
        action=action,
        state=state,
        at=now,
        **({"due_at": now if is_due else None} | values),
    )
