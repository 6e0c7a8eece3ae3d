"""What tests do in the editor of a workflow, button by button."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from automation.models import Workflow
from sites.models import Site
from tests.automation.admin.page_form import PageForm
from tests.factories import ContactFieldFactory
from tests.webhooks.reception_events import custom_integration, reception_event
from webhooks.inbound.models import ReceptionEvent


def purchase_event(site: Site) -> ReceptionEvent:
    """Return an event with an amount, on a site with contact fields to write it to."""
    ContactFieldFactory.create(site=site, name="Score", field_id="score", type="integer")
    ContactFieldFactory.create(
        site=site, name="Level", field_id="level", type="radio",
        options=[{"id": "g", "label": "Gold"}, {"id": "s", "label": "Silver"}],
    )  # fmt: skip
    return reception_event(
        custom_integration(site, name="ERP"),
        {"field_id": "amount", "name": "Amount", "type": "decimal"},
        name="API event example",
    )


def new_url(site: Site) -> str:
    return f"{reverse('admin:automation_workflow_add')}?site={site.pk}"


def page_url(workflow: Workflow, tab: str = "") -> str:
    url = reverse("admin:automation_workflow_change", args=[workflow.pk])
    return f"{url}?tab={tab}" if tab else url


def html(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    text: str = response.content.decode()
    return text


def form(response: Any) -> PageForm:
    return PageForm(html(response), "trigger")


def begun(operator: Client, site: Site, event: ReceptionEvent) -> PageForm:
    """Return the editor of a new workflow with its trigger chosen."""
    blank = form(operator.get(new_url(site)))
    return form(
        blank.press(
            operator, new_url(site), "", name="Points", trigger=f"reception_event:{event.event_id}"
        )
    )


def with_set_field(operator: Client, site: Site, event: ReceptionEvent) -> PageForm:
    editor = begun(operator, site, event)
    return form(editor.press(operator, new_url(site), "add", new_action="set_field"))


FILLED = {
    "step.s1.rows.0.field": "score",
    "step.s1.rows.0.operation": "add",
    "step.s1.rows.0.literal": "10",
}


def saved(operator: Client, site: Site, event: ReceptionEvent) -> Workflow:
    with_set_field(operator, site, event).press(operator, new_url(site), "save", **FILLED)
    return Workflow.objects.get()
