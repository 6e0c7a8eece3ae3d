"""Triggers with their settings, and conditions, in the editor of a workflow."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from automation.models import WorkflowVersion
from sites.models import Site
from tests.automation.admin.workflow_editing import (
    FILLED,
    begun,
    form,
    html,
    new_url,
    purchase_event,
    with_set_field,
)
from webhooks.inbound.models import ReceptionEvent

RULE = {
    "include": {
        "kind": "group",
        "match": "all",
        "items": [{"kind": "field", "field": "city", "operator": "eq", "value": "Lund"}],
    },
    "exclude": None,
}


@pytest.fixture
def purchase(site: Site) -> ReceptionEvent:
    return purchase_event(site)


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
