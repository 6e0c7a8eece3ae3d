"""Connectif's documented steps 2.6 and 2.7 on real processes, and the editor without scripts."""

from __future__ import annotations

import re

import pytest
import requests
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer

from automation.models import RunState, SegmentMember, StepState, Workflow, WorkflowRun
from automation.workflows.services import workflow_save, workflow_start
from config.database_start import FIRST_OPERATOR
from contacts.models import Contact
from sites.models import Role, Site
from tests.automation.admin import workflow_rows
from tests.browser.console import Colours, OpenDesk, complaints_of, follow, loaded, log_in
from tests.browser.documented_steps import (
    add_field,
    copied_url,
    create_integration,
    create_key,
    open_event_editor,
)
from tests.factories import PASSWORD, ContactFieldFactory, SiteFactory
from tests.processes.conftest import StartStack
from tests.processes.waiting import eventually
from tests.webhooks.reception_events import custom_integration, reception_event
from webhooks.inbound.models import ReceivedEvent, Status

pytestmark = [pytest.mark.browser, pytest.mark.network]

EVENT = "API event example"
TRIGGER = f"Trigger ERP: Receive data from {EVENT}"
LONG = "A rather long name " + "withoutanyplacewhereitcouldbebroken" * 2
BODY = {"email": "john.doe@example.org", "name": "John", "amount": 499.5}


def create_reception_event(page: Page) -> None:
    """2.2, with fields that stay on the activity: the workflow is to bring them to the contact."""
    open_event_editor(page, "Public API")
    page.locator("#id_name").fill(EVENT)
    add_field(page, "Name", "name", "Text", "")
    add_field(page, "Amount", "amount", "Decimal", "")
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("h1")).to_contain_text(f"{EVENT} is ready")


def create_workflow(page: Page) -> None:
    """2.6, steps 18 to 26: trigger, the data it collects, Set field, Update, Save, Start."""
    follow(page, "Workflows")
    page.get_by_role("link", name="Create new workflow").click()
    page.get_by_role("link", name=re.compile("Create blank workflow")).click()
    loaded(page)
    page.locator("#id_name").fill("Synchronise with contacts")
    page.get_by_label("What sets it off").select_option(label=TRIGGER)
    collected = page.locator(".collected")
    expect(collected).to_contain_text("499.5")
    # What is personal is masked until somebody asks for it.
    expect(collected).not_to_contain_text("john.doe@example.org")
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("#steps")).to_contain_text("Add at least one step")
    page.get_by_label("Action of the new step").select_option(label="Set field")
    page.get_by_role("button", name="Add step").click()
    page.locator('[name="step.s1.rows.0.field"]').select_option(label="First name")
    page.locator('[name="step.s1.rows.0.from"]').select_option("/event/name")
    page.get_by_role("button", name="Add a field").click()
    page.locator('[name="step.s1.rows.1.operation"]').select_option(label="Add")
    page.locator('[name="step.s1.rows.1.field"]').select_option(label="Score")
    page.locator('[name="step.s1.rows.1.literal"]').fill("10")
    page.get_by_role("button", name="Update step 1").click()
    expect(page.locator("#step-s1")).to_contain_text(re.compile("First name = .event . name"))
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator(".messagelist")).to_contain_text("Saved as version 1.")
    page.get_by_role("button", name="Start").click()
    expect(page.locator(".messagelist")).to_contain_text("Version 1 is running.")


def try_it(page: Page) -> None:
    """Run the workflow dry on the event that came in before it was started."""
    page.get_by_role("link", name="Dry run").click()
    page.get_by_role("button", name="Try it").click()
    effects = page.locator("#effects")
    expect(effects).to_contain_text("john.doe@example.org")
    expect(effects.locator("ins").first).to_have_text("John")
    expect(effects).to_contain_text("Nothing was stored")


def create_segment(page: Page) -> None:
    """2.7: a segment over the activity and one of its properties; preview, save, compute."""
    follow(page, "Segments")
    page.get_by_role("link", name="Add segment").click()
    loaded(page)
    page.get_by_label("Name", exact=True).fill("Spent more than 100")
    rule = page.locator("#ninclude")
    rule.get_by_role("button", name="Add a condition").click()
    condition = rule.locator(".rule-condition")
    subject = condition.get_by_label("What the condition is about")
    subject.select_option("activity:api-event-example")
    condition.get_by_role("button", name="Only with a certain property").click()
    condition.get_by_label("Property", exact=True).fill("amount")
    condition.get_by_label("How the property is compared").select_option("gt")
    condition.get_by_label("Value of the property").fill("100")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#rule-preview .number")).to_have_text("1")
    page.get_by_role("button", name="Save").last.click()
    expect(page.locator("h1")).to_contain_text("Spent more than 100")
    recompute = page.get_by_role("button", name="Recompute now")
    recompute.click()


@pytest.mark.processes
def test_operator_follows_the_documented_steps_to_contacts_and_segments(
    page: Page, transactional_db: None, start_stack: StartStack
) -> None:
    complaints = complaints_of(page)
    site = SiteFactory.create(name="Nordic Outdoor")
    ContactFieldFactory.create(site=site, name="Score", field_id="score", type="integer")
    stack = start_stack(PATCHBAY_ADMIN_PASSWORD=PASSWORD)
    log_in(page, stack.url, FIRST_OPERATOR)
    create_integration(page)
    create_reception_event(page)
    page.get_by_role("link", name="Back to event list").click()
    key = create_key(page)
    url = f"{copied_url(page, EVENT)}?createContact=true"
    headers = {"Authorization": f"ApiKey {key}"}

    def sent(count: int) -> None:
        answer = requests.post(url, json=BODY, headers=headers, timeout=30)
        assert answer.status_code == 201
        done = ReceivedEvent.objects.filter(status=Status.PROCESSED)
        eventually(lambda: done.count() == count, what="the event worked off")

    sent(1)
    john = Contact.objects.get(email="john.doe@example.org")
    assert (john.first_name, john.attributes) == ("", {})

    create_workflow(page)
    try_it(page)
    john.refresh_from_db()
    assert (john.first_name, WorkflowRun.objects.count()) == ("", 0)
    sent(2)
    john.refresh_from_db()
    assert (john.first_name, john.attributes["score"]) == ("John", 10)
    run = WorkflowRun.objects.get()
    assert (run.state, run.steps.get().state) == (RunState.FINISHED, StepState.DONE)

    create_segment(page)
    members = SegmentMember.objects.filter(contact=john)
    eventually(members.exists, what="the segment computed")

    follow(page, "Contacts")
    page.get_by_role("link", name=re.compile("john.doe@example.org")).first.click()
    expect(page.locator("#section-segments")).to_contain_text("Spent more than 100")
    page.locator("#section-workflows").get_by_role("link", name="Synchronise").click()
    expect(page.locator("#content")).to_contain_text("Every step was reached.")
    page.get_by_role("link", name="the received event").click()
    expect(page.locator("#content")).to_contain_text("Workflows it set off")
    assert complaints == []


# -- the editor ------------------------------------------------------------------------------------


@pytest.fixture
def shop(live_server: LiveServer) -> Site:
    site = SiteFactory.create(name="Nordic Outdoor")
    ContactFieldFactory.create(site=site, name="Score", field_id="score", type="integer")
    reception_event(
        custom_integration(site, name="ERP"),
        {"field_id": "amount", "name": "Amount", "type": "decimal"},
        name=EVENT,
    )
    return site


@pytest.fixture
def role() -> Role:
    return Role.ADMIN


def add_step(page: Page, action: str) -> None:
    page.get_by_label("Action of the new step").select_option(label=action)
    page.get_by_role("button", name="Add step").click()


@pytest.mark.parametrize("scripts", [True, False])
def test_steps_are_added_moved_and_saved_by_enter(
    desk: OpenDesk, live_server: LiveServer, shop: Site, scripts: bool
) -> None:
    page = desk(java_script_enabled=scripts)
    page.goto(f"{live_server.url}/admin/automation/workflow/add/?site={shop.pk}")
    page.locator("#id_name").fill("Loyal")
    with page.expect_navigation():
        page.get_by_label("What sets it off").select_option(label=TRIGGER)
        if not scripts:
            page.get_by_role("button", name="Use this trigger").click()
    add_step(page, "Wait")
    page.get_by_label("How long").fill("3")
    add_step(page, "Set field")
    page.get_by_role("button", name="Move step 2 up").click()
    page.locator('[name="step.s2.rows.0.field"]').select_option("score")
    literal = page.locator('[name="step.s2.rows.0.literal"]')
    source = page.locator('[name="step.s2.rows.0.from"]')
    expect(literal).to_be_visible()
    source.select_option("/event/amount")
    expect(literal).to_be_hidden()
    source.select_option("")
    literal.fill("5")
    page.get_by_role("button", name="Add conditions").first.click()
    page.get_by_role("button", name="Add a condition").nth(1).click()
    page.get_by_label("What the condition is about").select_option("field:city")
    page.get_by_role("button", name="Change").click()
    page.get_by_label("Value of City").fill("Lund")
    # Enter saves from any input, also within the rule.
    page.get_by_label("Value of City").press("Enter")
    expect(page.locator(".messagelist")).to_contain_text("Saved as version 1.")
    version = Workflow.objects.get().versions.get()
    assert [step["action"] for step in version.definition["steps"]] == ["set_field", "wait"]
    assert version.definition["steps"][1]["settings"] == {"amount": 3, "unit": "days"}
    assert version.definition["contact_rule"]["include"]["items"][0]["value"] == "Lund"


def many_steps(site: Site) -> Workflow:
    """A running workflow with as many steps as there may be, and a name as long."""
    steps = [
        {
            "id": f"s{number}",
            "action": "set_field",
            "settings": {
                "rows": [{"field": "score", "operation": "add", "value": {"literal": number}}]
            },
        }
        for number in range(1, 51)
    ]
    steps[3] = {"id": "s4", "action": "wait", "settings": {"amount": 2, "unit": "hours"}}
    made = Workflow(site=site, name=LONG, description=LONG * 4)
    definition = workflow_rows.DEFINITION | {"steps": steps}
    workflow_save(workflow=made, definition=definition, actor=workflow_rows.ACTOR)
    workflow_start(workflow=made, actor=workflow_rows.ACTOR)
    return made


@pytest.mark.parametrize("colours", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_of_workflows_is_wider_than_the_screen(
    desk: OpenDesk, live_server: LiveServer, shop: Site, width: int, colours: Colours
) -> None:
    made = many_steps(shop)
    person = workflow_rows.contact(shop, f"{'x' * 60}@example.com")
    run = workflow_rows.run(
        made, person, RunState.STOPPED, reason=LONG, variables={"event": {"a": LONG * 9}}
    )
    workflow_rows.step(run, 0, StepState.FAILED, detail=LONG * 2)
    page = desk(width, colours)
    base = f"{live_server.url}/admin/automation"
    one = f"{base}/workflow/{made.pk}"
    for path in (f"{base}/workflow/", f"{base}/workflow/add/", f"{one}/change/",
                 f"{one}/change/?tab=versions", f"{one}/change/?tab=dry_run", f"{one}/delete/",
                 f"{base}/workflowrun/", f"{base}/workflowrun/{run.pk}/change/"):  # fmt: skip
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    page.goto(f"{one}/change/")
    for name in ("Edit step 1", "Edit step 4", "Add conditions"):
        with page.expect_navigation():
            page.get_by_role("button", name=name, exact=True).first.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
