"""Which runs of workflows a received event set off, on the page of the event.

Found by the people that it was about: the log of runs has an index by contact, and none by event.
"""

from __future__ import annotations

from typing import Final

from django.urls import reverse

from automation.admin.workflows.run_words import run_chip
from automation.models import Workflow, WorkflowRun
from contacts.admin.change_words import contact_label
from webhooks.inbound.admin.consequences import (
    Consequence,
    Consequences,
    Part,
)
from webhooks.inbound.models import EventOutcome, ReceivedEvent

_MOST_PEOPLE: Final = 50
_MOST_RUNS: Final = 20


def runs_of_event(event: ReceivedEvent) -> Consequences:
    people = EventOutcome.objects.filter(received_event=event, contact__isnull=False)
    ids = list(people.order_by("position").values_list("contact_id", flat=True)[:_MOST_PEOPLE])
    rows = WorkflowRun.objects.filter(contact__in=ids, received_event_id=event.pk)
    # The bound on the key keeps what these people went through before out of the search.
    rows = rows.filter(pk__gt=event.pk).select_related("workflow", "contact").defer("variables")
    return Consequences(
        title="Workflows it set off",
        nothing=_nothing(event),
        listed=[_listed(run) for run in rows.order_by("-pk")[:_MOST_RUNS]],
    )


def _nothing(event: ReceivedEvent) -> str:
    if not Workflow.objects.filter(site_id=event.site_id, deleted_at=None).exists():
        return "The site has no workflow."
    return "It set off no workflow."


def _listed(run: WorkflowRun) -> Consequence:
    page = reverse("admin:automation_workflowrun_change", args=[run.pk])
    label = contact_label(run.contact) if run.contact else "nobody any more"
    return Consequence(
        label=run.workflow.name,
        url=reverse("admin:automation_workflow_change", args=[run.workflow_id]),
        parts=[Part(label=label, url=page, chip=run_chip(run), note=run.reason)],
    )
