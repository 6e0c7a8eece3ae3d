"""A dry run does the real thing and leaves nothing behind."""

from __future__ import annotations

from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from automation.workflows.definition import read_definition
from automation.workflows.dry_run import NoSuchEvent, workflow_dry_run
from contacts.models import PointDefinition
from sites.models import Site
from tests.automation.workflows.making import (
    AMOUNT,
    contact,
    contact_field,
    definition,
    process,
    purchases,
    receive,
    set_field,
    step,
    workflow,
)
from tests.webhooks.publishing import subscribe

pytestmark = pytest.mark.django_db


def everything() -> dict[str, Any]:
    """Return all rows of all tables, as text."""
    return {
        model._meta.label: sorted(str(row) for row in model._default_manager.values())
        for model in apps.get_models()
        if model._meta.managed
    }


def test_steps_are_shown_and_nothing_is_kept(site: Site) -> None:
    contact_field(site, "visits", "integer")
    PointDefinition.objects.create(site=site, number=1, name="Stars")
    subscribe(site)
    known = contact(site, city="Lund")
    workflow(site, set_field("language", "sv"), name="Follows")
    read = read_definition(
        definition(
            set_field("city", "Malmö"),
            set_field("visits", 10, "add"),
            step("award_points", definition=1, amount={"literal": 5}),
            step("wait", amount=1, unit="days"),
            step("call_generic_api"),
            set_field("visits", "/event/nothing"),
            step("stop"),
            set_field("first_name", "Ada"),
        ),
        site,
    )
    before = everything()
    with CaptureQueriesContext(connection) as queries:
        dry = workflow_dry_run(site=site, definition=read, contact=known, event={})
    assert everything() == before
    assert any("ROLLBACK" in each["sql"] for each in queries)
    assert dry.starts
    assert [each.outcome for each in dry.steps] == [
        "done", "done", "done", "wait", "pending", "failed", "stop", "not reached",
    ]  # fmt: skip
    assert dry.steps[0].changes == {"city": ["Lund", "Malmö"]}
    assert dry.steps[1].changes == {"attribute.visits": [None, 10]}
    assert all(each.title for each in dry.steps)


def test_conditions_that_do_not_hold_are_named(site: Site) -> None:
    known = contact(site, city="Lund")
    condition = {"pointer": "/contact/city", "operator": "eq", "value": "Malmö"}
    read = read_definition(
        definition(set_field("language", "sv"), event_conditions=[condition]), site
    )
    dry = workflow_dry_run(site=site, definition=read, contact=known, event={})
    assert not dry.starts
    assert "City is Malmö" in dry.why_not
    assert dry.steps[0].changes == {"language": [None, "sv"]}


def test_received_event_gives_its_values(site: Site) -> None:
    event = purchases(site, AMOUNT)
    received = receive(event, amount=12.5)
    process()
    known = contact(site)
    trigger = {"type": "reception_event", "event": event.event_id}
    read = read_definition(definition(set_field("city", "/event/amount"), trigger=trigger), site)
    dry = workflow_dry_run(site=site, definition=read, contact=known, received_event=received)
    assert dry.steps[0].changes == {"city": [None, "12.5"]}
    other = read_definition(definition(set_field("city", "x")), site)
    with pytest.raises(NoSuchEvent):
        workflow_dry_run(site=site, definition=other, contact=known, received_event=received)
