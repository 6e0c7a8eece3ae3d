"""The list of workflows, their versions, and what their deletion says."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from automation.models import RunState, StepState, Workflow, WorkflowState
from automation.workflows.services import workflow_save, workflow_start
from common.identifiers import row_id_floor
from sites.models import Role, Site
from tests.automation.admin.workflow_rows import ACTOR, DEFINITION, contact, run, step, workflow
from tests.conftest import MakeMember

LIST = "admin:automation_workflow_changelist"


def html(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    text: str = response.content.decode()
    return text


def page_url(of: Workflow, tab: str = "") -> str:
    url = reverse("admin:automation_workflow_change", args=[of.pk])
    return f"{url}?tab={tab}" if tab else url


# -- list ------------------------------------------------------------------------------------------


def test_empty_list_says_what_to_do(operator: Client, site: Site) -> None:
    text = html(operator.get(reverse(LIST)))
    assert "Create a workflow: what happens by itself" in text
    assert "Create new workflow" in text


def test_list_tells_what_sets_each_off_and_who_went_through(operator: Client, site: Site) -> None:
    welcome = workflow(site)
    jane = contact(site)
    finished = run(welcome, jane)
    step(finished, 0, StepState.FAILED)
    run(welcome, jane)
    run(welcome, jane, RunState.WAITING)
    run(welcome, jane, RunState.STOPPED)
    long_ago = row_id_floor(timezone.now() - timedelta(days=8))
    run(welcome, jane, id=long_ago)
    text = html(operator.get(reverse(LIST)))
    for told in ("When anything about a contact changes", "Draft", "2 finished", "1 waiting",
                 "1 stopped", "1 with a failed step"):  # fmt: skip
        assert told in text, told


def test_deleted_and_filtered_ones_are_not_listed(operator: Client, site: Site) -> None:
    workflow(site, "Kept")
    gone = workflow(site, "Deleted one")
    Workflow.objects.filter(pk=gone.pk).update(deleted_at=timezone.now())
    running = workflow(site, "Running one")
    workflow_start(workflow=running, actor=ACTOR)
    assert "Deleted one" not in html(operator.get(reverse(LIST)))
    text = html(operator.get(f"{reverse(LIST)}?state=running"))
    assert ("Running one" in text, "Kept" in text) == (True, False)
    text = html(operator.get(f"{reverse(LIST)}?q=kep"))
    assert ("Running one" in text, "Kept" in text) == (False, True)


def test_list_asks_the_same_however_many_rows(
    operator: Client, site: Site, django_assert_max_num_queries: Any
) -> None:
    for number in range(12):
        run(workflow(site, f"W{number}"), None)
    with django_assert_max_num_queries(16):
        operator.get(reverse(LIST))


# -- versions --------------------------------------------------------------------------------------


def test_versions_tell_what_changed(operator: Client, site: Site) -> None:
    welcome = workflow(site)
    workflow_start(workflow=welcome, actor=ACTOR)
    wait, preference = DEFINITION["steps"]
    longer = wait | {"settings": {"amount": 5, "unit": "days"}}
    changed = {
        **DEFINITION,
        "entry": "once",
        "steps": [preference, longer],
        "event_conditions": [{"pointer": "/event/kind", "operator": "eq", "value": "created"}],
    }
    workflow_save(workflow=welcome, definition=changed, actor=ACTOR)
    text = html(operator.get(page_url(welcome, "versions")))
    assert text.index("<h2>Version 2") < text.index("<h2>Version 1")
    for told in ("<del>Wait 2 days</del>", "<ins>Wait 5 days</ins>", "Order of the steps",
                 "<ins>Once in a lifetime</ins>", "The first version."):  # fmt: skip
        assert told in text, told
    assert "version 2 is saved and not started yet" in html(operator.get(page_url(welcome)))


def test_versions_are_paged(operator: Client, site: Site) -> None:
    welcome = workflow(site)
    for amount in range(3, 26):
        steps = [{"id": "s1", "action": "wait", "settings": {"amount": amount, "unit": "hours"}}]
        workflow_save(workflow=welcome, definition=DEFINITION | {"steps": steps}, actor=ACTOR)
    first = html(operator.get(page_url(welcome, "versions")))
    assert "Version 24<" in first.replace(" <", "<")
    assert "before=5" in first
    rest = html(operator.get(f"{page_url(welcome, 'versions')}&before=5"))
    assert "The first version." in rest
    assert "Version 5" not in rest


# -- deleting --------------------------------------------------------------------------------------


def test_deleting_says_what_hangs_on_it_and_keeps_the_log(
    client: Client, member: MakeMember, site: Site
) -> None:
    client.force_login(member(Role.ADMIN))
    welcome = workflow(site)
    workflow_start(workflow=welcome, actor=ACTOR)
    waiting = run(welcome, contact(site), RunState.WAITING)
    url = reverse("admin:automation_workflow_delete", args=[welcome.pk])
    text = html(client.get(url))
    assert "1 contact is in the middle of it" in text
    client.post(url, {"post": "yes"})
    welcome.refresh_from_db()
    waiting.refresh_from_db()
    assert welcome.deleted_at is not None
    assert waiting.state == RunState.CANCELLED
    text = html(client.get(page_url(welcome)))
    assert "Nothing starts it any more" in text
    assert "workflow-form" not in text
    assert client.post(page_url(welcome), {"action": "save"}).status_code == 403
    assert client.post(url, {"post": "yes"}).status_code == 403


def test_pausing_from_another_tab(operator: Client, site: Site) -> None:
    welcome = workflow(site)
    workflow_start(workflow=welcome, actor=ACTOR)
    url = reverse("admin:automation_workflow_pause", args=[welcome.pk])
    assert operator.get(url).status_code == 405
    operator.post(url)
    welcome.refresh_from_db()
    assert welcome.state == WorkflowState.PAUSED


def test_editor_asks_the_same_however_many_steps(
    operator: Client, site: Site, django_assert_max_num_queries: Any
) -> None:
    wait, preference = DEFINITION["steps"]
    several = [each for _ in range(25) for each in (wait, preference)]
    steps = [each | {"id": f"s{number}"} for number, each in enumerate(several)]
    long = workflow(site, steps=steps)
    with django_assert_max_num_queries(26):
        operator.get(page_url(long))
