"""Who may open the editor of a workflow, what it shows of people, and what strangers send."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from automation.models import Workflow, WorkflowVersion
from sites.models import AuditEntry, Role, Site
from tests.automation.admin.workflow_editing import (
    FILLED,
    form,
    html,
    new_url,
    page_url,
    purchase_event,
    saved,
    with_set_field,
)
from tests.conftest import MakeMember
from tests.contacts.changes import apply
from webhooks.inbound.models import ReceptionEvent

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"


@pytest.fixture
def purchase(site: Site) -> ReceptionEvent:
    return purchase_event(site)


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
