"""Saving, starting and deleting workflows, and what they protect."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from automation.models import RunState, Workflow, WorkflowRun, WorkflowStep
from automation.workflows.definition import BadDefinition
from automation.workflows.services import workflow_delete, workflow_save, workflow_start
from automation.workflows.upkeep import remove_runs
from automation.workflows.variables import variables_of
from common.identifiers import row_id_floor
from contacts.contact_fields.services import contact_field_delete
from contacts.models import ContactField
from sites.models import AuditEntry, Site
from tests.automation.workflows.making import (
    ACTOR,
    AMOUNT,
    changed,
    contact_field,
    definition,
    process,
    purchases,
    receive,
    runs,
    set_field,
    step,
    workflow,
)

pytestmark = pytest.mark.django_db


def test_version_is_made_only_when_something_differs(site: Site) -> None:
    made = workflow(site, set_field("city", "Malmö"), starts=False)
    same = definition(set_field("city", "Malmö"))
    made.name = "Other name"
    assert workflow_save(workflow=made, definition=same, actor=ACTOR).number == 1
    other = definition(set_field("city", "Lund"))
    assert workflow_save(workflow=made, definition=other, actor=ACTOR).number == 2
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["workflow.created", "workflow.updated", "workflow.updated"]
    assert Workflow.objects.get().name == "Other name"


def test_name_is_needed_and_once_for_a_site(site: Site) -> None:
    workflow(site, set_field("city", "x"), starts=False)
    for name, part in ((" ", "name"), ("Welcome", "called")):
        with pytest.raises(ValidationError) as raised:
            workflow(site, set_field("city", "x"), name=name, starts=False)
        assert part in raised.value.message_dict["name"][0]
    workflow_delete(workflow=Workflow.objects.get(), actor=ACTOR)
    workflow(site, set_field("city", "x"))
    with pytest.raises(ValidationError):
        workflow_start(workflow=Workflow.objects.get(state="draft"), actor=ACTOR)


def test_bad_definition_changes_nothing(site: Site) -> None:
    made = workflow(site, set_field("city", "x"), starts=False)
    made.name = "Other"
    with pytest.raises(BadDefinition):
        workflow_save(workflow=made, definition=definition(), actor=ACTOR)
    assert (Workflow.objects.get().name, made.versions.count()) == ("Welcome", 1)


def test_field_that_either_version_uses_is_protected(site: Site) -> None:
    for name in ("visits", "tier"):
        contact_field(site, name, "integer")
    made = workflow(site, set_field("visits", 1, "add"))
    newer = definition(set_field("city", "/contact/attributes/tier"))
    workflow_save(workflow=made, definition=newer, actor=ACTOR)
    for field in ContactField.objects.all():
        with pytest.raises(ValidationError, match="Welcome"):
            contact_field_delete(field=field, actor=ACTOR)
    workflow_start(workflow=made, actor=ACTOR)
    contact_field_delete(field=ContactField.objects.get(field_id="visits"), actor=ACTOR)
    workflow_delete(workflow=made, actor=ACTOR)
    contact_field_delete(field=ContactField.objects.get(), actor=ACTOR)


def test_variables_of_a_reception_event_have_the_latest_values(site: Site) -> None:
    event = purchases(site, AMOUNT)
    trigger = {"type": "reception_event", "event": event.event_id}
    found = {each.pointer: each for each in variables_of(trigger, site)}
    assert found["/event/amount"].sample is None
    receive(event, amount=99.5)
    process()
    changed(site, city="Lund")
    found = {each.pointer: each for each in variables_of(trigger, site)}
    amount = found["/event/amount"]
    assert (amount.label, amount.type, amount.sample) == ("Amount", "decimal", 99.5)
    assert found["/contact/city"].sample == "Lund"


def test_a_value_that_the_latest_event_lacks_is_the_one_that_came_before(site: Site) -> None:
    event = purchases(site, AMOUNT, AMOUNT | {"field_id": "discount", "name": "Discount"})
    receive(event, amount=99.5, discount=0)
    receive(event, amount=20)
    process()
    trigger = {"type": "reception_event", "event": event.event_id}
    found = {each.pointer: each.sample for each in variables_of(trigger, site)}
    assert (found["/event/amount"], found["/event/discount"]) == (20, 0)


def old(run: WorkflowRun) -> None:
    """Give a run a key as it would have had a year ago."""
    before = WorkflowStep.objects.filter(run=run)
    moved = row_id_floor(timezone.now() - timedelta(days=365))
    key = moved.int + WorkflowRun.objects.count()
    kept = WorkflowRun.objects.get(pk=run.pk)
    WorkflowRun.objects.filter(pk=run.pk).update(trigger_key=f"moved:{run.pk}")
    kept.pk = type(run.pk)(int=key)
    kept.save(force_insert=True)
    before.update(run=kept)
    WorkflowRun.objects.filter(pk=run.pk).delete()


def test_old_runs_go_and_what_is_under_way_or_once_stays(site: Site) -> None:
    ended = workflow(site, set_field("language", "sv"), name="Ended")
    waits = workflow(site, step("wait", amount=1, unit="days"), name="Waits")
    once = workflow(site, set_field("gender", "x"), name="Once", entry="once")
    calls = workflow(site, step("call_generic_api"), name="Calls")
    changed(site, city="Malmö")
    for made in (ended, waits, once, calls):
        old(runs(made)[0])
    removed = sum(remove_runs(timezone.now() - timedelta(days=90)))
    assert removed == 2
    assert [len(runs(made)) for made in (ended, waits, once, calls)] == [0, 1, 1, 1]
    (kept,) = runs(once)
    assert (kept.variables, kept.steps.count()) == ({}, 0)
    assert kept.state == RunState.FINISHED
    changed(site, city="Lund")
    assert len(runs(once)) == 1
