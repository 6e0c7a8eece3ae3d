"""The editor of a workflow as somebody without scripts uses it: every button sends the form."""

from __future__ import annotations

import json

import pytest
from django.test import Client
from django.urls import reverse

from automation.models import Workflow, WorkflowState, WorkflowVersion
from sites.models import AuditEntry, Site
from tests.automation.admin.page_form import PageForm
from tests.automation.admin.workflow_editing import (
    FILLED,
    begun,
    form,
    html,
    new_url,
    page_url,
    purchase_event,
    saved,
    with_set_field,
)
from tests.factories import SiteFactory
from tests.webhooks.reception_events import custom_integration, reception_event
from webhooks.inbound.models import ReceptionEvent


@pytest.fixture
def purchase(site: Site) -> ReceptionEvent:
    return purchase_event(site)


# -- creating --------------------------------------------------------------------------------------


def test_new_workflow_is_blank_and_of_a_site(operator: Client, site: Site) -> None:
    text = html(operator.get(reverse("admin:automation_workflow_add")))
    assert "Create blank workflow" in text
    assert f"?site={site.pk}" in text
    other = SiteFactory.create(name="Strangers")
    assert "Strangers" not in text
    # What is not one's own is as if it were not chosen.
    assert "Create blank workflow" in html(operator.get(new_url(other)))
    operator.post(new_url(other), {"name": "Mine", "action": "save"})
    assert not Workflow.objects.exists()


def test_workflow_without_a_trigger_is_asked_for_one_in_plain_words(
    operator: Client, site: Site
) -> None:
    text = html(operator.post(new_url(site), {"name": "Mine", "action": "save"}))
    assert "Choose what sets the workflow off." in text
    assert "inbound_event, contact_change" not in text
    assert "This is needed." not in text


def test_reception_events_are_offered_by_their_documented_names(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    elsewhere = SiteFactory.create()
    reception_event(custom_integration(elsewhere, name="Theirs"), name="Secret event")
    text = html(operator.get(new_url(site)))
    assert "Trigger ERP: Receive data from API event example" in text
    assert "Secret event" not in text


def test_trigger_shows_the_data_that_it_collects(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    blank = form(operator.get(new_url(site)))
    response = blank.press(
        operator, new_url(site), "", trigger=f"reception_event:{purchase.event_id}"
    )
    text = html(response)
    assert "The data it collects" in text
    assert "Amount" in text
    assert not Workflow.objects.exists()


def test_a_form_without_a_button_is_only_drawn_anew(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    editor = with_set_field(operator, site, purchase)
    response = editor.press(operator, new_url(site), None, name="Typed", **FILLED)
    again = form(response)
    assert again.values["name"] == ["Typed"]
    assert again.values["step.s1.rows.0.literal"] == ["10"]
    assert not Workflow.objects.exists()


def test_first_button_is_save(operator: Client, site: Site, purchase: ReceptionEvent) -> None:
    assert begun(operator, site, purchase).buttons["action"][0] == "save"


# -- saving ----------------------------------------------------------------------------------------


def test_saving_makes_a_version_and_starting_runs_it(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    workflow = saved(operator, site, purchase)
    assert (workflow.name, workflow.state) == ("Points", WorkflowState.DRAFT)
    version = workflow.versions.get()
    assert version.definition["steps"] == [
        {
            "id": "s1",
            "action": "set_field",
            "settings": {
                "rows": [{"field": "score", "operation": "add", "value": {"literal": "10"}}]
            },
        }
    ]
    url = page_url(workflow)
    page = operator.get(url)
    assert "Set field: add" in html(page)
    form(page).press(operator, url, "start")
    workflow.refresh_from_db()
    assert (workflow.state, workflow.active_version) == (WorkflowState.RUNNING, version)
    form(operator.get(url)).press(operator, url, "save", name="Points for buying")
    assert workflow.versions.count() == 1
    actions = list(AuditEntry.objects.filter(action__startswith="workflow.").values_list("action"))
    assert actions[::-1] == [("workflow.created",), ("workflow.started",), ("workflow.updated",)]


def test_start_saves_what_is_typed(operator: Client, site: Site, purchase: ReceptionEvent) -> None:
    editor = with_set_field(operator, site, purchase)
    editor.press(operator, new_url(site), "start", **FILLED)
    workflow = Workflow.objects.get()
    assert workflow.state == WorkflowState.RUNNING
    assert workflow.active_version is not None


def test_pausing_loses_nothing_that_is_typed(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    workflow = saved(operator, site, purchase)
    url = page_url(workflow)
    form(operator.get(url)).press(operator, url, "start")
    page = html(operator.get(url))
    assert 'form="workflow-form" name="action" value="pause"' in page
    values = PageForm(page, "trigger").values
    response = operator.post(url, {**values, "name": "Half typed", "action": "pause"})
    assert form(response).values["name"] == ["Half typed"]
    workflow.refresh_from_db()
    assert (workflow.state, workflow.name) == (WorkflowState.PAUSED, "Points")


def test_what_is_missing_stands_in_its_place(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    editor = begun(operator, site, purchase)
    response = editor.press(operator, new_url(site), "save", name="")
    assert "Add at least one step" in html(response)
    editor = form(form(response).press(operator, new_url(site), "add", new_action="set_field"))
    response = editor.press(
        operator, new_url(site), "save", **(FILLED | {"step.s1.rows.0.literal": "ten"})
    )
    text = html(response)
    assert "Not saved: see what is marked." in text
    row = text[text.index('class="set-field-row has-errors"') :]
    assert "errorlist" in row[: row.index("Add a field")]
    assert form(response).values["step.s1.rows.0.literal"] == ["ten"]
    assert not Workflow.objects.exists()


def test_a_name_that_is_taken_stands_beside_the_name(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    saved(operator, site, purchase)
    editor = with_set_field(operator, site, purchase)
    response = editor.press(operator, new_url(site), "save", **FILLED)
    assert "Another workflow of the site is called" in html(response)
    assert Workflow.objects.count() == 1


# -- steps -----------------------------------------------------------------------------------------


def steps_of(editor: PageForm) -> list[tuple[str, str]]:
    return [
        (step_id, editor.values[f"step.{step_id}.action"][0])
        for step_id in editor.values.get("step", [])
    ]


def test_steps_are_moved_copied_and_removed_and_nothing_is_lost(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    url = new_url(site)
    editor = with_set_field(operator, site, purchase)
    editor = form(editor.press(operator, url, "add", new_action="wait", **FILLED))
    editor = form(editor.press(operator, url, "step.s2.up", **{"step.s2.amount": "3"}))
    assert steps_of(editor) == [("s2", "wait"), ("s1", "set_field")]
    assert editor.values["step.s2.amount"] == ["3"]
    assert editor.values["step.s1.rows.0.literal"] == ["10"]
    editor = form(editor.press(operator, url, "step.s2.update"))
    assert json.loads(editor.values["step.s2.settings"][0]) == {"amount": 3, "unit": "days"}
    editor = form(editor.press(operator, url, "step.s2.duplicate"))
    assert steps_of(editor) == [("s2", "wait"), ("s3", "wait"), ("s1", "set_field")]
    editor = form(editor.press(operator, url, "step.s2.remove"))
    editor = form(editor.press(operator, url, "step.s3.down"))
    editor = form(editor.press(operator, url, "step.s3.edit"))
    assert steps_of(editor) == [("s1", "set_field"), ("s3", "wait")]
    assert editor.values["step.s3.amount"] == ["3"]
    editor.press(operator, url, "save")
    steps = WorkflowVersion.objects.get().definition["steps"]
    assert [(step["id"], step["action"]) for step in steps] == [
        ("s1", "set_field"),
        ("s3", "wait"),
    ]


def test_a_step_that_is_not_complete_stays_open(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    editor = with_set_field(operator, site, purchase)
    response = editor.press(operator, new_url(site), "step.s1.update")
    assert "This is needed." in html(response)
    assert "step.s1.open" in form(response).values


def test_complete_steps_close_when_many_are_open(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    url = new_url(site)
    editor = with_set_field(operator, site, purchase)
    for _ in range(9):
        editor = form(editor.press(operator, url, "add", new_action="wait"))
    opened = [name for name in editor.values if name.endswith(".open")]
    # The first is not complete; the second made room.
    assert "step.s1.open" in opened
    assert "step.s2.open" not in opened
    assert json.loads(editor.values["step.s2.settings"][0]) == {"amount": 1, "unit": "days"}
    # The one that is asked for opens, and another closes.
    editor = form(editor.press(operator, url, "step.s2.edit"))
    assert "step.s2.open" in editor.values
    assert "step.s3.open" not in editor.values


@pytest.mark.parametrize("action", [
    "set_field", "set_preference", "set_consent", "award_points", "create_voucher",
    "assign_promotion", "send_event", "call_generic_api", "wait", "stop",
])  # fmt: skip
def test_every_action_can_be_added_and_asks_for_its_settings(
    operator: Client, site: Site, purchase: ReceptionEvent, action: str
) -> None:
    editor = begun(operator, site, purchase)
    response = editor.press(operator, new_url(site), "add", new_action=action)
    assert steps_of(form(response)) == [("s1", action)]
    closing = form(response).press(operator, new_url(site), "step.s1.update")
    assert closing.status_code == 200


def test_rows_of_set_field_take_variables_and_options(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    url = new_url(site)
    editor = with_set_field(operator, site, purchase)
    editor = form(
        editor.press(
            operator, url, "step.s1.rows.add",
            **{"step.s1.rows.0.field": "score", "step.s1.rows.0.from": "/event/amount"},
        )
    )  # fmt: skip
    # By the label of an option as well as by its id.
    typed = {"step.s1.rows.1.field": "level", "step.s1.rows.1.literal": "gold"}
    editor.press(operator, url, "save", **typed)
    assert WorkflowVersion.objects.get().definition["steps"][0]["settings"]["rows"] == [
        {"field": "score", "operation": "set", "value": {"variable": "/event/amount"}},
        {"field": "level", "operation": "set", "value": {"literal": "g"}},
    ]
    workflow = Workflow.objects.get()
    page = form(operator.get(page_url(workflow)))
    opened = form(page.press(operator, page_url(workflow), "step.s1.edit"))
    assert opened.values["step.s1.rows.0.from"] == ["/event/amount"]
    assert opened.values["step.s1.rows.1.literal"] == ["g"]
    dropped = form(opened.press(operator, page_url(workflow), "step.s1.rows.remove.0"))
    assert dropped.values["step.s1.rows.0.field"] == ["level"]


def test_the_e_mail_is_no_field_to_set(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    editor = with_set_field(operator, site, purchase)
    typed = FILLED | {"step.s1.rows.0.field": "email", "step.s1.rows.0.operation": "set"}
    response = editor.press(operator, new_url(site), "save", **typed)
    assert "never sets the e-mail" in html(response)
