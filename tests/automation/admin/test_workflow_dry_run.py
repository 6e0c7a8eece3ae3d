"""The dry run on its page: a received event, a contact, each step's effect, and nothing kept."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from automation.models import Workflow, WorkflowRun
from automation.workflows.services import workflow_save
from contacts.models import Contact, ContactRevision
from sites.models import AuditEntry, Role, Site
from tests.automation.admin.workflow_rows import ACTOR, DEFINITION, contact
from tests.conftest import MakeMember
from tests.factories import ContactFieldFactory, SiteFactory
from tests.webhooks.received import received_event
from tests.webhooks.reception_events import custom_integration, reception_event
from webhooks.inbound.models import EventOutcome, Outcome, ReceivedEvent, ReceptionEvent, Status

STEPS: list[dict[str, Any]] = [
    {
        "id": "s1",
        "action": "set_field",
        "settings": {
            "rows": [
                {"field": "first_name", "operation": "set", "value": {"variable": "/event/name"}},
                {"field": "score", "operation": "add", "value": {"literal": 10}},
            ]
        },
    },
    {"id": "s2", "action": "call_generic_api", "settings": {"tag": ""}},
    {"id": "s3", "action": "stop", "settings": {"event_conditions": [], "contact_rule": None}},
    {"id": "s4", "action": "wait", "settings": {"amount": 1, "unit": "days"}},
]


@pytest.fixture
def purchase(site: Site) -> ReceptionEvent:
    ContactFieldFactory.create(site=site, name="Score", field_id="score", type="integer")
    return reception_event(
        custom_integration(site, name="ERP"), {"field_id": "name", "name": "Name", "type": "text"}
    )


@pytest.fixture
def workflow(site: Site, purchase: ReceptionEvent) -> Workflow:
    made = Workflow(site=site, name="Points")
    definition = DEFINITION | {
        "trigger": {"type": "reception_event", "event": purchase.event_id},
        "steps": STEPS,
        "event_conditions": [{"pointer": "/event/name", "operator": "ne", "value": "Nobody"}],
    }
    workflow_save(workflow=made, definition=definition, actor=ACTOR)
    return made


def received(purchase: ReceptionEvent, name: str, about: Contact | None = None) -> ReceivedEvent:
    body = json.dumps({"email": "jane@example.com", "name": name}).encode()
    event = received_event(
        purchase.source, Status.PROCESSED, body=body, body_bytes=len(body), event_type="purchase"
    )
    if about is not None:
        EventOutcome.objects.create(
            received_event=event, position=0, contact=about, outcome=Outcome.APPLIED
        )
    return event


def url(of: Workflow) -> str:
    return f"{reverse('admin:automation_workflow_change', args=[of.pk])}?tab=dry_run"


def html(response: Any) -> str:
    assert response.status_code == 200, response.status_code
    text: str = response.content.decode()
    return text


def test_without_an_event_it_says_what_to_do(support: Client, workflow: Workflow) -> None:
    assert "Send an event first" in html(support.get(url(workflow)))


@pytest.mark.parametrize("typed", ["", "jane@example.com"])
def test_each_effect_is_shown_and_none_is_stored(
    support: Client, site: Site, workflow: Workflow, purchase: ReceptionEvent, typed: str
) -> None:
    jane = contact(site)
    event = received(purchase, "Janet", jane)
    assert str(event.pk) in html(support.get(url(workflow)))
    text = html(support.post(url(workflow), {"event": str(event.pk), "contact": typed}))
    effects = text[text.index('id="effects"') :]
    for told in ("jane@example.com", "<ins>Janet</ins>", "<ins>10</ins>", "Would be done",
                 "Would be sent", "Would stop here", "Not reached", "Nothing was "):  # fmt: skip
        assert told in effects, told
    jane.refresh_from_db()
    assert (jane.first_name, jane.attributes) == ("", {})
    assert not WorkflowRun.objects.exists()
    assert not ContactRevision.objects.exists()


def test_conditions_that_do_not_hold_are_named(
    support: Client, site: Site, workflow: Workflow, purchase: ReceptionEvent
) -> None:
    event = received(purchase, "Nobody", contact(site))
    text = html(support.post(url(workflow), {"event": str(event.pk)}))
    assert "It would not begin." in text
    assert "is not Nobody" in text


@pytest.mark.parametrize(("typed", "told"), [
    ({"event": ""}, "Choose a received event."),
    ({"event": "x"}, "not kept any more"),
    ({"contact": "nobody@example.com"}, "The site has no contact with this"),
    ({"contact": "jane@"}, "Several contacts begin like this"),
    ({"contact": ""}, "Write the e-mail of a contact."),
    ({"contact": "\x00"}, "The site has no contact with this"),
])  # fmt: skip
def test_what_is_missing_is_said(
    support: Client, site: Site, workflow: Workflow, purchase: ReceptionEvent,
    typed: dict[str, str], told: str,
) -> None:  # fmt: skip
    contact(site)
    contact(site, "jane@example.org")
    event = received(purchase, "Janet")
    sent = {"event": str(event.pk), "contact": "jane@example.com"} | typed
    assert told in html(support.post(url(workflow), sent))


def test_events_and_people_of_other_sites_do_not_exist(
    support: Client, site: Site, workflow: Workflow, purchase: ReceptionEvent
) -> None:
    elsewhere = SiteFactory.create()
    foreign = reception_event(custom_integration(elsewhere, name="Theirs"))
    stranger = contact(elsewhere, "stranger@example.com")
    theirs = received(foreign, "Stranger", stranger)
    mine = received(purchase, "Janet", contact(site))
    assert "not kept any more" in html(support.post(url(workflow), {"event": str(theirs.pk)}))
    for typed in ("stranger@example.com", str(stranger.pk)):
        sent = {"event": str(mine.pk), "contact": typed}
        assert "The site has no contact" in html(support.post(url(workflow), sent))


def test_a_trigger_without_received_events_needs_only_a_contact(
    support: Client, site: Site
) -> None:
    made = Workflow(site=site, name="Welcome")
    workflow_save(workflow=made, definition=DEFINITION, actor=ACTOR)
    contact(site)
    assert "dry-event" not in html(support.get(url(made)))
    text = html(support.post(url(made), {"contact": "jane@example.com"}))
    assert "Would wait" in text
    assert "Accepts SMS" in text


def test_viewers_have_no_dry_run(client: Client, member: MakeMember, workflow: Workflow) -> None:
    client.force_login(member(Role.VIEWER))
    assert "Try it" not in html(client.get(url(workflow)))
    assert client.post(url(workflow), {"contact": "jane@example.com"}).status_code == 403


def test_dry_runs_leave_no_trace_in_the_audit(
    support: Client, site: Site, workflow: Workflow, purchase: ReceptionEvent
) -> None:
    event = received(purchase, "Janet", contact(site))
    before = AuditEntry.objects.count()
    html(support.post(url(workflow), {"event": str(event.pk)}))
    assert AuditEntry.objects.count() == before
