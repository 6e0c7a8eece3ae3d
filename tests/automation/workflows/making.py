"""Workflows and what sets them off, in short."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from automation.models import Workflow, WorkflowRun
from automation.workflows.services import workflow_save, workflow_start
from automation.workflows.working.run_loop import RunEngine, Until
from contacts.models import Contact, ContactField
from contacts.services import AppliedChange, contact_apply
from integrations.contact_change import ContactChange, Identity
from sites.audit import Actor
from sites.models import Site
from tests.contacts.changes import source
from tests.webhooks.received import received_event
from tests.webhooks.reception_events import custom_integration, reception_event
from webhooks.inbound.models import ReceivedEvent, ReceptionEvent, Status
from webhooks.inbound.processing.worker import Until as ProcessedUntil
from webhooks.inbound.processing.worker import Worker

ACTOR = Actor.system("test")
ON_CHANGE: dict[str, Any] = {"type": "contact_change", "fields": ["city"]}


def step(action: str, **settings: Any) -> dict[str, Any]:
    return {"action": action, "settings": settings}


def set_field(field: str, value: Any, operation: str = "set") -> dict[str, Any]:
    """Return a step that writes a literal, or a variable when a pointer is given."""
    is_variable = isinstance(value, str) and value.startswith("/")
    given = {"variable": value} if is_variable else {"literal": value}
    return step("set_field", rows=[{"field": field, "operation": operation, "value": given}])


def definition(
    *steps: Mapping[str, Any], trigger: Mapping[str, Any] = ON_CHANGE, **more: Any
) -> dict[str, Any]:
    return {"trigger": dict(trigger), "steps": [dict(each) for each in steps], **more}


def workflow(
    site: Site,
    *steps: Mapping[str, Any],
    name: str = "Welcome",
    starts: bool = True,
    **more: Any,
) -> Workflow:
    """Return a workflow, running unless told otherwise."""
    made = Workflow(site=site, name=name)
    workflow_save(workflow=made, definition=definition(*steps, **more), actor=ACTOR)
    return workflow_start(workflow=made, actor=ACTOR) if starts else made


def contact(site: Site, email: str = "a@example.com", **fields: Any) -> Contact:
    applied = changed(site, email, **fields)
    assert applied.contact_id is not None
    return Contact.objects.get(pk=applied.contact_id)


def changed(site: Site, email: str = "a@example.com", **fields: Any) -> AppliedChange:
    """Have a source say something about a person now."""
    return contact_apply(
        site=site,
        change=ContactChange(identity=Identity(email=email), fields=fields),
        source=source("src_shop", received_event_id=None),
    )


def contact_field(site: Site, field_id: str, type_: str, **more: Any) -> ContactField:
    return ContactField.objects.create(
        site=site, field_id=field_id, name=field_id.title(), type=type_, **more
    )


def purchases(site: Site, *fields: Mapping[str, Any]) -> ReceptionEvent:
    return reception_event(custom_integration(site), *fields)


AMOUNT: dict[str, Any] = {"field_id": "amount", "name": "Amount", "type": "decimal"}


def receive(event: ReceptionEvent, **values: Any) -> ReceivedEvent:
    """Store an event as it comes in at the Public API; `process` works it off."""
    body = json.dumps({"email": "a@example.com"} | values).encode()
    return received_event(
        event.source, Status.RECEIVED, event_type=event.alias, body=body, body_bytes=len(body),
        query={"createContact": "true"},
    )  # fmt: skip


def process() -> None:
    Worker(batch_size=500).run(ProcessedUntil.NOTHING_DUE)


def work() -> int:
    """Do what is due of workflows."""
    return RunEngine().run(Until.NOTHING_DUE)


def runs(of: Workflow) -> Sequence[WorkflowRun]:
    return list(WorkflowRun.objects.filter(workflow=of).order_by("pk"))


def told(of: Workflow) -> list[tuple[str, str]]:
    """Return action and state of every step that was taken, in order."""
    rows = WorkflowRun.objects.filter(workflow=of).order_by("pk")
    pairs = rows.exclude(steps=None).order_by("pk", "steps__position")
    return [(action, state) for action, state in pairs.values_list("steps__action", "steps__state")]


def attribute(contact_id: UUID | None, name: str) -> Any:
    assert contact_id is not None
    return Contact.objects.get(pk=contact_id).attributes.get(name)
