"""The log of runs: its list, the page of one, and what people do there."""

from __future__ import annotations

import uuid
from typing import Any

from django.test import Client
from django.urls import reverse

from automation.models import RunState, StepState
from integrations.models import Outcome
from sites.models import AuditEntry, Role, Site
from tests.automation.admin.workflow_rows import contact, run, step, workflow
from tests.conftest import MakeMember
from tests.factories import SourceFactory
from tests.integrations.api_calls import api_call
from tests.webhooks.delivery_log import event
from tests.webhooks.received import received_event
from webhooks.inbound.models import EventOutcome, Status
from webhooks.inbound.models import Outcome as RowOutcome

LIST = "admin:automation_workflowrun_changelist"


def html(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    text: str = response.content.decode()
    return text


def page_url(of: Any) -> str:
    return reverse("admin:automation_workflowrun_change", args=[of.pk])


def test_empty_log_says_what_to_do(support: Client, site: Site) -> None:
    assert "Create a workflow and start it." in html(support.get(reverse(LIST)))


def test_log_is_filtered_and_searched(support: Client, site: Site) -> None:
    welcome, thanks = workflow(site, "Welcome"), workflow(site, "Thanks")
    jane, john = contact(site), contact(site, "john@example.com")
    first = run(welcome, jane)
    second = run(thanks, john, RunState.STOPPED, reason="Because of a reason.")
    step(second, 0, StepState.FAILED)
    step(run(thanks, john), 1, StepState.FAILED, detail="It was not there.")

    def found(query: str) -> list[bool]:
        text = html(support.get(f"{reverse(LIST)}?{query}"))
        return [f"/{each.pk}/change" in text for each in (first, second)]

    assert found("") == [True, True]
    assert found(f"workflow={welcome.pk}") == [True, False]
    assert found("state=stopped") == [False, True]
    assert found("state=failed_step") == [False, True]
    assert found(f"contact={jane.pk}") == [True, False]
    assert found("contact=x") == [False, False]
    assert found("q=john@example.com") == [False, True]
    assert found(f"q={first.pk}") == [True, False]
    assert found("when=hour") == [True, True]
    assert found(f"workflow={uuid.uuid4()}") == [False, False]
    text = html(support.get(reverse(LIST)))
    assert "Step 2 failed. It was not there." in text
    assert "Because of a reason." in text


def test_log_pages_by_key(support: Client, site: Site) -> None:
    welcome, jane = workflow(site), contact(site)
    for _ in range(51):
        run(welcome, jane)
    text = html(support.get(reverse(LIST)))
    assert "older_than=" in text


def test_page_tells_every_step_and_where_it_led(support: Client, site: Site) -> None:
    welcome, jane = workflow(site), contact(site)
    received = received_event(SourceFactory.create(site=site), Status.PROCESSED)
    published = event(site)
    call = api_call(site, Outcome.BLOCKED)
    stopped = run(
        welcome, jane, RunState.STOPPED, reason="A loop was cut.", depth=5,
        received_event_id=received.pk, variables={"event": {"email": "jane@example.com"}},
    )  # fmt: skip
    step(stopped, 0, StepState.DONE, detail="Waited.", event_id=published.pk)
    step(stopped, 1, StepState.FAILED, detail="It failed.", attempts=8, api_call_id=call.pk)
    text = html(support.get(page_url(stopped)))
    for told in ("A loop was cut.", "Wait 2 days", "Waited.", "It failed.", "8 tries", "5 deep",
                 f"/webhooks/receivedevent/{received.pk}/", f"/webhooks/event/{published.pk}/",
                 f"/integrations/apicall/{call.pk}/", "Try again"):  # fmt: skip
        assert told in text, told
    variables = text[text.index("What the trigger gave") :]
    assert "jane@example.com" not in variables
    assert "The received event has them" in variables


def test_a_run_without_its_person_and_its_links(support: Client, site: Site) -> None:
    lonely = run(
        workflow(site), None, RunState.STOPPED, received_event_id=uuid.uuid4(),
        variables={"event": {"email": "jane@example.com"}},
    )  # fmt: skip
    step(lonely, 0, StepState.DONE, event_id=uuid.uuid4(), api_call_id=uuid.uuid4())
    text = html(support.get(page_url(lonely)))
    assert "nobody any more" in text
    assert "Personal values are masked." in text
    assert "the received event" not in text
    assert "The received event" not in text
    assert "not reached" in text


def test_cancelling(support: Client, site: Site) -> None:
    waiting = run(workflow(site), contact(site), RunState.WAITING)
    url = reverse("admin:automation_workflowrun_cancel", args=[waiting.pk])
    assert "Cancel this run" in html(support.get(page_url(waiting)))
    assert support.get(url).status_code == 405
    assert "no further step is done" in html(support.post(url, follow=True))
    waiting.refresh_from_db()
    assert waiting.state == RunState.CANCELLED
    assert "It had ended already." in html(support.post(url, follow=True))
    assert AuditEntry.objects.filter(action="workflow_run.cancelled").count() == 1


def test_retrying_a_step(support: Client, site: Site) -> None:
    ended = run(workflow(site), contact(site))
    failed = step(ended, 1, StepState.FAILED)
    url = reverse("admin:automation_workflowrun_retry", args=[ended.pk, 1])
    assert "A worker tries this step again" in html(support.post(url, follow=True))
    failed.refresh_from_db()
    assert failed.state == StepState.RETRYING
    for position in (0, 1):
        url = reverse("admin:automation_workflowrun_retry", args=[ended.pk, position])
        assert "has not failed for good" in html(support.post(url, follow=True))


def test_viewers_act_on_nothing_and_see_no_values(
    client: Client, member: MakeMember, site: Site
) -> None:
    client.force_login(member(Role.VIEWER))
    waiting = run(workflow(site), contact(site), RunState.WAITING, variables={"event": {"a": 1}})
    failed = step(waiting, 0, StepState.FAILED)
    text = html(client.get(page_url(waiting)))
    assert "What the trigger gave" not in text
    assert "Cancel this run" not in text
    assert "Try again" not in text
    for name, args in (("cancel", []), ("retry", [failed.position])):
        url = reverse(f"admin:automation_workflowrun_{name}", args=[waiting.pk, *args])
        assert client.post(url).status_code == 403


def test_contact_page_lists_the_workflows_of_a_person(support: Client, site: Site) -> None:
    jane = contact(site)
    url = reverse("admin:contacts_contact_change", args=[jane.pk])
    assert "section-workflows" not in html(support.get(url))
    welcome = workflow(site)
    assert "No workflow has been set off" in html(support.get(url))
    stopped = run(welcome, jane, RunState.STOPPED, reason="The conditions of this step hold.")
    text = html(support.get(url))
    assert page_url(stopped) in text
    assert "The conditions of this step hold." in text
    assert f"?contact={jane.pk}" in text


def test_received_event_page_lists_the_runs_it_set_off(support: Client, site: Site) -> None:
    jane, welcome = contact(site), workflow(site)
    received = received_event(SourceFactory.create(site=site), Status.PROCESSED)
    url = reverse("admin:webhooks_receivedevent_change", args=[received.pk])
    assert "It set off no workflow." in html(support.get(url))
    EventOutcome.objects.create(
        received_event=received, position=0, contact=jane, outcome=RowOutcome.APPLIED,
        event_type="x",
    )  # fmt: skip
    mine = run(welcome, jane, received_event_id=received.pk)
    other = run(welcome, jane)
    text = html(support.get(url))
    assert page_url(mine) in text
    assert page_url(other) not in text
