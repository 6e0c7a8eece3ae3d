"""The editor of a workflow as somebody without scripts uses it: every button sends the form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from automation.models import Workflow, WorkflowState, WorkflowVersion
from sites.models import AuditEntry, Role, Site
from tests.automation.admin.page_form import PageForm
from tests.conftest import MakeMember
from tests.contacts.changes import apply
from tests.factories import ContactFieldFactory, SiteFactory
from tests.webhooks.reception_events import custom_integration, reception_event
from webhooks.inbound.models import ReceptionEvent

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"
RULE = {
    "include": {
        "kind": "group",
        "match": "all",
        "items": [{"kind": "field", "field": "city", "operator": "eq", "value": "Lund"}],
    },
    "exclude": None,
}


@pytest.fixture
def operator(client: Client, member: MakeMember) -> Client:
    client.force_login(member(Role.OPERATOR))
    return client


@pytest.fixture
def purchase(site: Site) -> ReceptionEvent:
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


# -- conditions ------------------------------------------------------------------------------------


def test_conditions_on_the_event(operator: Client, site: Site, purchase: ReceptionEvent) -> None:
    url = new_url(site)
    editor = with_set_field(operator, site, purchase)
    editor = form(editor.press(operator, url, "when.add", **FILLED))
    typed = {"when.0.pointer": "/event/amount", "when.0.operator": "gt", "when.0.value": "100"}
    editor = form(editor.press(operator, url, "when.add", **typed))
    editor = form(editor.press(operator, url, "when.remove.1"))
    editor.press(operator, url, "save", entry="once")
    definition = WorkflowVersion.objects.get().definition
    assert definition["entry"] == "once"
    assert definition["event_conditions"] == [
        {"pointer": "/event/amount", "operator": "gt", "value": 100}
    ]


def test_conditions_on_the_contact_are_the_rule_of_a_segment(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    url = new_url(site)
    editor = with_set_field(operator, site, purchase)
    editor = form(editor.press(operator, url, "rule.open.workflow", **FILLED))
    editor = form(editor.press(operator, url, "condition-include"))
    number = editor.values["node"][-1]
    editor = form(
        editor.press(operator, url, f"change-{number}", **{f"n{number}-subject": "field:city"})
    )
    typed = {f"n{number}-operator": "eq", f"n{number}-value": "Lund"}
    response = editor.press(operator, url, "rule.done.workflow", **typed)
    editor = form(response)
    assert "Lund" in html(response)
    assert "node" not in editor.values
    assert json.loads(editor.values["rule"][0]) == RULE
    editor.press(operator, url, "save")
    assert WorkflowVersion.objects.get().definition["contact_rule"] == RULE


def test_a_rule_that_is_open_is_saved_and_one_that_is_wrong_stays_open(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    url = new_url(site)
    editor = form(begun(operator, site, purchase).press(operator, url, "add", new_action="stop"))
    editor = form(editor.press(operator, url, "rule.open.s1"))
    editor = form(editor.press(operator, url, "condition-include"))
    response = editor.press(operator, url, "rule.done.s1")
    assert "Choose what this condition is about." in html(response)
    number = form(response).values["node"][-1]
    editor = form(
        form(response).press(
            operator, url, f"change-{number}", **{f"n{number}-subject": "field:city"}
        )
    )
    typed = {f"n{number}-operator": "eq", f"n{number}-value": "Lund"}
    editor.press(operator, url, "save", **typed)
    step = WorkflowVersion.objects.get().definition["steps"][0]
    assert step["settings"]["contact_rule"] == RULE


# -- triggers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("trigger", "typed", "stored"), [
    ("contact_change:", {"trigger.fields": ["first_name", "attribute.score"]},
     {"type": "contact_change", "fields": ["first_name", "attribute.score"], "created": "too"}),
    ("submission:", {"trigger.outcome": "blocked"}, {"type": "submission", "outcome": "blocked"}),
])  # fmt: skip
def test_settings_of_triggers(
    operator: Client, site: Site, purchase: ReceptionEvent,
    trigger: str, typed: dict[str, Any], stored: dict[str, Any],
) -> None:  # fmt: skip
    url = new_url(site)
    editor = with_set_field(operator, site, purchase)
    editor = form(editor.press(operator, url, "", trigger=trigger, **FILLED))
    editor.press(operator, url, "save", **typed)
    assert WorkflowVersion.objects.get().definition["trigger"] == stored


def test_schedule_says_what_it_lacks(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    url = new_url(site)
    editor = with_set_field(operator, site, purchase)
    editor = form(editor.press(operator, url, "", trigger="schedule:", **FILLED))
    response = editor.press(operator, url, "save", **{"trigger.at": "25:00"})
    text = html(response)
    assert "Write a time of day such as 09:00." in text
    assert "The site has no segment yet." in text


# -- who may what, and what strangers send ---------------------------------------------------------


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUPPORT])
def test_others_read_it_in_plain_words(
    client: Client, operator: Client, member: MakeMember, site: Site, purchase: ReceptionEvent,
    role: Role,
) -> None:  # fmt: skip
    workflow = saved(operator, site, purchase)
    client.force_login(member(role))
    text = html(client.get(page_url(workflow)))
    assert "Set field: add" in text
    assert "workflow-form" not in text
    assert client.post(page_url(workflow), {"action": "start"}).status_code == 403
    assert client.get(reverse("admin:automation_workflow_add")).status_code == 403
    delete = reverse("admin:automation_workflow_delete", args=[workflow.pk])
    assert client.get(delete).status_code == 403


def test_samples_are_masked_until_asked_for(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    apply(site, {"email": "jane@example.com"}, fields={"first_name": "Janet"})
    workflow = saved(operator, site, purchase)
    page = operator.get(page_url(workflow))
    assert "jane@example.com" not in html(page)
    assert "Janet" not in html(page)
    shown = form(page).press(operator, page_url(workflow), "samples")
    assert "jane@example.com" in html(shown)
    assert AuditEntry.objects.filter(action="workflow.samples_revealed").count() == 1


def test_hostile_text_is_only_text(operator: Client, site: Site, purchase: ReceptionEvent) -> None:
    url = new_url(site)
    editor = with_set_field(operator, site, purchase)
    typed = {"name": HOSTILE, "description": HOSTILE, "step.s1.rows.0.literal": HOSTILE,
             "step.s1.rows.0.from": HOSTILE, "step.s1.rows.0.field": HOSTILE}  # fmt: skip
    text = html(editor.press(operator, url, "save", **typed))
    assert "<script>alert" not in text
    assert "49" not in text[text.index('id="id_name"') : text.index('id="id_description"')]


def test_characters_that_no_database_stores(
    operator: Client, site: Site, purchase: ReceptionEvent
) -> None:
    url = new_url(site)
    editor = with_set_field(operator, site, purchase)
    editor = form(editor.press(operator, url, "when.add", **FILLED))
    editor.press(
        operator, url, "save",
        **{"name": "Po\x00ints", "when.0.pointer": "/event/amount",
           "step.s1.rows.0.literal": "1\x000", "when.0.value": '"\\u0000\\ud800"'},
    )  # fmt: skip
    definition = WorkflowVersion.objects.get().definition
    assert Workflow.objects.get().name == "Points"
    assert definition["steps"][0]["settings"]["rows"][0]["value"] == {"literal": "10"}
    assert definition["event_conditions"][0]["value"] == '"\\u0000\\ud800"'


@pytest.mark.parametrize("settings", [
    "", "[]", "{", "null", "[" * 5000, '{"rows": 5}', '{"rows": [5, {"field": [], "value": 9}]}',
    '{"rows": [{"field": {"a": 1}, "operation": 7, "value": {"variable": 5}}]}',
    '{"event_conditions": [{"operator": {}}], "contact_rule": {"include": 7}}',
    '{"amount": {"literal": {}}, "event": [], "values": 5, "definition": 1e400}', "\x00",
])  # fmt: skip
def test_settings_that_this_page_never_wrote(
    operator: Client, site: Site, purchase: ReceptionEvent, settings: str
) -> None:
    actions = ["set_field", "send_event", "stop", "wait", "award_points"]
    sent = {
        "name": "X",
        "trigger": f"reception_event:{purchase.event_id}",
        "step": ["../x", *actions],
        "rule": settings,
        **{f"step.{action}.action": action for action in actions},
        **{f"step.{action}.settings": settings for action in actions},
    }
    pressed = [f"step.{action}.edit" for action in actions]
    pressed += ["rule.open.stop", "rule.open.workflow", "step.gone.up", "x", "rule.done.nobody",
                "step.set_field.rows.remove.x", "when.remove.-1", "save"]  # fmt: skip
    for button in pressed:
        assert operator.post(new_url(site), {**sent, "action": button}).status_code == 200
    assert not Workflow.objects.exists()


def test_a_trigger_that_is_nothing(operator: Client, site: Site) -> None:
    for trigger in ("", "x:y", "reception_event:gone", "segment_entry:zz", "schedule:"):
        response = operator.post(new_url(site), {"name": "X", "trigger": trigger, "action": "save"})
        assert "errorlist" in html(response)
