"""What sets a workflow off, and what does not."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from automation.models import RunState, Segment, SegmentMove, WorkflowRun
from automation.signals import segments_moved
from automation.workflows.definition import BadDefinition, read_definition
from contacts.models import Contact
from onsite.models import Submission
from onsite.signals import submission_finished
from sites.models import Site
from tests.automation.workflows.making import (
    AMOUNT,
    changed,
    contact,
    definition,
    process,
    purchases,
    receive,
    runs,
    set_field,
    step,
    workflow,
)
from tests.factories import SiteFactory

pytestmark = pytest.mark.django_db


def on_event(event: Any) -> dict[str, Any]:
    return {"type": "reception_event", "event": event.event_id}


def test_reception_event_sets_a_field_from_its_own_value(site: Site) -> None:
    event = purchases(site, AMOUNT)
    made = workflow(site, set_field("city", "/event/amount"), trigger=on_event(event))
    receive(event, amount=120.5)
    process()
    assert Contact.objects.get().city == "120.5"
    (run,) = runs(made)
    assert (run.state, run.depth) == (RunState.FINISHED, 1)
    assert run.received_event_id is not None


def test_replayed_event_starts_nothing_twice(site: Site) -> None:
    event = purchases(site)
    made = workflow(site, set_field("city", "Malmö"), trigger=on_event(event))
    received = receive(event)
    process()
    type(received).objects.filter(pk=received.pk).update(status="received", attempts=0)
    process()
    assert len(runs(made)) == 1


def test_events_of_another_kind_or_site_set_nothing_off(site: Site) -> None:
    event = purchases(site)
    made = workflow(site, set_field("city", "Malmö"), trigger=on_event(event))
    receive(purchases(SiteFactory.create()))
    process()
    assert runs(made) == []


@pytest.mark.parametrize(
    ("trigger", "started"),
    [
        ({"fields": ["city"]}, True),
        ({"fields": []}, True),
        ({"fields": ["language"]}, False),
        ({"fields": ["city"], "created": "never"}, False),
        ({"fields": ["city"], "created": "only"}, True),
    ],
)
def test_new_contact(site: Site, trigger: dict[str, Any], started: bool) -> None:
    made = workflow(site, set_field("gender", "x"), trigger={"type": "contact_change", **trigger})
    changed(site, city="Malmö")
    assert bool(runs(made)) is (started)


def test_known_contact_that_changes(site: Site) -> None:
    changed(site, city="Lund")
    only_new = workflow(
        site,
        set_field("gender", "x"),
        name="New",
        trigger={"type": "contact_change", "created": "only"},
    )
    known = workflow(
        site,
        set_field("language", "sv"),
        trigger={"type": "contact_change", "fields": ["city"], "created": "never"},
    )
    changed(site, city="Malmö")
    assert (len(runs(only_new)), len(runs(known))) == (0, 1)
    assert runs(known)[0].variables["event"] == {
        "kind": "changed",
        "source": "Shop",
        "before": {"city": "Lund"},
        "after": {"city": "Malmö"},
    }


def submission(site: Site, state: str, contact_id: Any) -> Submission:
    now = timezone.now()
    return Submission.objects.create(
        site=site, received_at=now, finished_at=now, lease_expires_at=now, state=state,
        register="patchbay", sent_by="key", body_digest="", visitor_key="v", role="friend",
        answer_status=200, contact_id=contact_id,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "started"), [("any", True), ("continued", True), ("blocked", False)]
)
def test_submission(site: Site, outcome: str, started: bool) -> None:
    made = workflow(
        site,
        set_field("city", "/event/role"),
        trigger={"type": "submission", "outcome": outcome},
    )
    known = contact(site)
    ended = submission(site, "continued", known.pk)
    for _ in range(2):
        submission_finished.send(sender=Submission, submission=ended)
    known.refresh_from_db()
    assert (len(runs(made)), known.city) == (int(started), "friend" if started else "")


def test_conditions_on_event_and_contact_must_hold(site: Site) -> None:
    event = purchases(site, AMOUNT)
    rule = {
        "include": {
            "kind": "group",
            "match": "all",
            "items": [{"kind": "field", "field": "email", "operator": "eq",
                       "value": "b@example.com"}],
        },
        "exclude": None,
    }  # fmt: skip
    made = workflow(
        site,
        set_field("city", "Malmö"),
        trigger=on_event(event),
        event_conditions=[{"pointer": "/event/amount", "operator": "gt", "value": 100}],
        contact_rule=rule,
    )
    receive(event, amount=99, email="b@example.com")
    receive(event, amount=101, email="a@example.com")
    receive(event, amount=101, email="b@example.com")
    process()
    assert [run.contact.email for run in runs(made) if run.contact] == ["b@example.com"]


def test_site_without_a_running_workflow_pays_one_query_for_a_batch(site: Site) -> None:
    event = purchases(site)
    workflow(site, set_field("city", "Malmö"), trigger=on_event(event), starts=False)
    other = SiteFactory.create()
    changed(other, "x@example.com")
    with CaptureQueriesContext(connection) as queries:
        changed(other, "y@example.com")
    asked = [each["sql"] for each in queries if "automation_" in each["sql"]]
    assert len(asked) == 1
    assert not WorkflowRun.objects.exists()


def test_batch_of_many_costs_a_handful_of_statements_for_each_step(site: Site) -> None:
    event = purchases(site, AMOUNT)
    workflow(
        site,
        set_field("city", "/event/amount"),
        set_field("language", "sv"),
        trigger=on_event(event),
    )

    def statements(count: int, first: int) -> int:
        for number in range(first, first + count):
            receive(event, email=f"{number}@example.com", amount=number)
        with CaptureQueriesContext(connection) as queries:
            process()
        return len(queries)

    statements(1, 0)
    few, many = statements(2, 10), statements(60, 100)
    assert many <= few + 2
    assert WorkflowRun.objects.filter(state=RunState.FINISHED).count() == 63


def test_move_into_a_segment(site: Site) -> None:
    segment = Segment.objects.create(site=site, name="Gold", rule_changed_at=timezone.now())
    enters = workflow(
        site,
        set_field("city", "/event/segmentName"),
        name="In",
        trigger={"type": "segment_entry", "segment": str(segment.pk)},
    )
    leaves = workflow(
        site,
        set_field("city", "out"),
        name="Out",
        trigger={"type": "segment_exit", "segment": str(segment.pk)},
    )
    known = contact(site)
    move = SegmentMove.objects.create(
        segment=segment, contact=known, has_entered=True, at=timezone.now()
    )
    for _ in range(2):
        segments_moved.send(sender=SegmentMove, moves=[move])
    known.refresh_from_db()
    assert (len(runs(enters)), len(runs(leaves)), known.city) == (1, 0, "Gold")


def test_definition_says_everything_that_is_wrong_with_it(site: Site) -> None:
    bad = definition(
        set_field("email", "x"),
        set_field("nothing", 1),
        {"action": "wait", "settings": {"amount": 0, "unit": "days", "typo": 1}},
        trigger={"type": "reception_event", "event": "gone"},
        event_conditions=[{"pointer": "amount", "operator": "gt", "value": 1}],
    )
    with pytest.raises(BadDefinition) as raised:
        read_definition(bad, site)
    assert {problem.place for problem in raised.value.problems} == {
        "trigger.event",
        "event_conditions",
        "steps.0.settings.rows.0.field",
        "steps.1.settings.rows.0.field",
        "steps.2.settings.amount",
        "steps.2.settings.typo",
    }


def test_what_was_left_empty_is_asked_for_once(site: Site) -> None:
    empty = definition(
        step("award_points", definition=0, amount={"literal": ""}),
        step("set_preference", channel="", accepts=None),
    )
    with pytest.raises(BadDefinition) as raised:
        read_definition(empty, site)
    assert [(problem.place, problem.sentence) for problem in raised.value.problems] == [
        ("steps.0.settings.definition", "This is needed."),
        ("steps.0.settings.amount", "Give a value, or a variable."),
        ("steps.1.settings.channel", "This is needed."),
        ("steps.1.settings.accepts", "Choose yes or no."),
    ]
