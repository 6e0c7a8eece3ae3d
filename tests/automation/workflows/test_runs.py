"""How runs wait, end, fail, and follow what becomes of their contact."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from automation.models import RunState, StepState, Workflow, WorkflowRun, WorkflowStep
from automation.workflows.actions.registry import ACTIONS
from automation.workflows.engine import beginning
from automation.workflows.engine.depth import MOST_DEPTH
from automation.workflows.services import (
    run_cancel,
    step_retry,
    workflow_delete,
    workflow_pause,
    workflow_save,
    workflow_start,
)
from contacts.models import Contact
from contacts.services import contact_apply
from integrations.contact_change import ContactChange, Deletion, Identity
from sites.models import Site
from tests.automation.workflows.making import (
    ACTOR,
    changed,
    contact_field,
    definition,
    process,
    purchases,
    receive,
    runs,
    set_field,
    step,
    told,
    work,
    workflow,
)
from tests.automation.workflows.passing_time import pass_time
from tests.contacts.changes import source

pytestmark = pytest.mark.django_db

WAIT = step("wait", amount=2, unit="days")


def save(made: Workflow, *steps: dict[str, Any]) -> None:
    workflow_save(workflow=made, definition=definition(*steps), actor=ACTOR)


def test_who_waits_goes_on_when_the_time_has_passed(site: Site) -> None:
    made = workflow(site, WAIT, set_field("language", "/event/after/city"))
    changed(site, city="Malmö")
    assert work() == 0
    pass_time(days=2)
    assert work() == 1
    assert Contact.objects.get().language == ""  # a city is no language
    assert [(run.state, run.position) for run in runs(made)] == [(RunState.FINISHED, 2)]
    assert told(made) == [("wait", "done"), ("set_field", "failed")]


def test_who_is_under_way_finishes_on_the_version_they_began(site: Site) -> None:
    made = workflow(site, WAIT, set_field("first_name", "old"))
    changed(site, city="Malmö")
    save(made, set_field("first_name", "new"))
    workflow_start(workflow=made, actor=ACTOR)
    pass_time(days=2)
    work()
    assert Contact.objects.get().first_name == "old"
    changed(site, "b@example.com", city="Malmö")
    assert Contact.objects.get(email="b@example.com").first_name == "new"
    assert [run.version.number for run in runs(made)] == [1, 2]


def test_saving_changes_nothing_for_those_who_begin_until_it_is_started(site: Site) -> None:
    made = workflow(site, set_field("first_name", "old"))
    save(made, set_field("first_name", "new"))
    changed(site, city="Malmö")
    assert Contact.objects.get().first_name == "old"
    assert made.versions.count() == 2


def test_paused_workflow_begins_nobody_and_lets_who_waits_wait(site: Site) -> None:
    made = workflow(site, WAIT, set_field("first_name", "Ada"))
    changed(site, city="Malmö")
    workflow_pause(workflow=made, actor=ACTOR)
    changed(site, "b@example.com", city="Lund")
    pass_time(days=3)
    assert work() == 0
    workflow_start(workflow=made, actor=ACTOR)
    assert work() == 1
    assert len(runs(made)) == 1
    assert Contact.objects.get(email="a@example.com").first_name == "Ada"


@pytest.mark.parametrize(("entry", "times"), [("always", 3), ("once", 1)])
def test_how_often_a_contact_may_begin(site: Site, entry: str, times: int) -> None:
    made = workflow(site, set_field("first_name", "Ada"), entry=entry)
    for city in ("Lund", "Malmö", "Kiruna"):
        changed(site, city=city)
    assert len(runs(made)) == times


def test_not_while_it_is_under_way(site: Site) -> None:
    event = purchases(site)
    trigger = {"type": "reception_event", "event": event.event_id}
    made = workflow(site, WAIT, trigger=trigger, entry="not_while_running")
    for _ in range(3):
        receive(event)
    process()
    assert len(runs(made)) == 1
    pass_time(days=2)
    work()
    receive(event)
    process()
    assert len(runs(made)) == 2


def test_who_goes_through_at_once_may_begin_again_in_the_same_batch(site: Site) -> None:
    event = purchases(site)
    contact_field(site, "visits", "integer")
    trigger = {"type": "reception_event", "event": event.event_id}
    made = workflow(site, set_field("visits", 1, "add"), trigger=trigger, entry="not_while_running")
    for _ in range(3):
        receive(event)
    process()
    assert len(runs(made)) == 3
    assert Contact.objects.get().attributes["visits"] == 3


def test_loop_is_cut_and_said_so(site: Site) -> None:
    contact_field(site, "visits", "integer")
    trigger = {"type": "contact_change", "fields": ["city", "attribute.visits"]}
    made = workflow(site, set_field("visits", 1, "add"), trigger=trigger)
    changed(site, city="Malmö")
    assert Contact.objects.get().attributes["visits"] == MOST_DEPTH
    ended = {run.depth: run for run in runs(made)}
    assert sorted(ended) == [1, 2, 3, 4, 5, 6]
    assert ended[6].state == RunState.STOPPED
    assert "set each other off" in ended[6].reason


def test_loop_through_waits_is_cut_as_well(site: Site) -> None:
    contact_field(site, "visits", "integer")
    trigger = {"type": "contact_change", "fields": ["city", "attribute.visits"]}
    workflow(site, WAIT, set_field("visits", 1, "add"), trigger=trigger)
    changed(site, city="Malmö")
    for _ in range(MOST_DEPTH + 3):
        pass_time(days=2)
        work()
    assert Contact.objects.get().attributes["visits"] == MOST_DEPTH


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Let *Set preference* fail for contacts of these ids, in the middle of its work."""
    broken: set[str] = set()
    action = ACTIONS["set_preference"]
    execute = action.execute

    def fail(calls: Any) -> Any:
        done = execute(calls)
        if any(str(call.contact_id) in broken for call in calls):
            raise RuntimeError("secret@example.com")
        return done

    monkeypatch.setattr(type(action), "execute", lambda _self, calls: fail(calls))
    return broken


REFUSES = step("set_preference", channel="email", accepts=False)


def test_failing_action_undoes_nothing_else_and_is_tried_again(
    site: Site, failing: set[str]
) -> None:
    known = [changed(site, f"{name}@example.com") for name in "abc"]
    failing.add(str(known[1].contact_id))
    event = purchases(site)
    workflow(
        site,
        set_field("first_name", "Ada"),
        REFUSES,
        set_field("language", "sv"),
        trigger={"type": "reception_event", "event": event.event_id},
    )
    for name in "abc":
        receive(event, email=f"{name}@example.com")
    began_at = timezone.now()
    process()
    assert set(Contact.objects.values_list("first_name", "language")) == {("Ada", "sv")}
    bad = WorkflowStep.objects.get(state=StepState.RETRYING)
    assert (bad.run.contact_id, bad.attempts) == (known[1].contact_id, 1)
    assert bad.due_at is not None
    assert began_at <= bad.due_at - timedelta(seconds=5) <= timezone.now()
    assert "secret" not in bad.detail
    assert Contact.objects.filter(preferences__accepts=False).count() == 2
    failing.clear()
    pass_time(seconds=5)
    assert work() == 1
    assert Contact.objects.filter(preferences__accepts=False).count() == 3
    bad.refresh_from_db()
    assert (bad.state, bad.attempts) == (StepState.DONE, 2)
    assert bad.due_at is None


def test_action_that_fails_for_ever_is_given_up_and_can_be_retried(
    site: Site, failing: set[str]
) -> None:
    made = workflow(site, REFUSES)
    applied = changed(site)
    failing.add(str(applied.contact_id))
    changed(site, city="Malmö")
    for _ in range(12):
        pass_time(hours=11)
        work()
    bad = WorkflowStep.objects.get(run__workflow=made)
    assert (bad.state, bad.attempts) == (StepState.FAILED, 8)
    failing.clear()
    assert step_retry(step=bad, actor=ACTOR)
    work()
    bad.refresh_from_db()
    assert bad.state == StepState.DONE
    assert not step_retry(step=bad, actor=ACTOR)


def erase(site: Site) -> None:
    contact_apply(
        site=site,
        change=ContactChange(identity=Identity(email="a@example.com"), deletion=Deletion()),
        source=source("src_shop", received_event_id=None),
    )


def test_erased_contact_is_forgotten_by_its_runs(site: Site, failing: set[str]) -> None:
    made = workflow(site, REFUSES, WAIT, set_field("first_name", "Ada"))
    applied = changed(site)
    failing.add(str(applied.contact_id))
    changed(site, city="Malmö")
    erase(site)
    (run,) = runs(made)
    assert (run.state, run.variables, run.due_at) == (RunState.CANCELLED, {}, None)
    assert run.reason
    bad = run.steps.get(position=0)
    assert (bad.state, bad.due_at) == (StepState.FAILED, None)
    pass_time(days=3)
    assert work() == 0
    assert not step_retry(step=bad, actor=ACTOR)


def test_runs_follow_a_merge(site: Site) -> None:
    made = workflow(site, WAIT, set_field("first_name", "Ada"), entry="once")
    kept = changed(site, "a@example.com")
    absorbed = contact_apply(
        site=site,
        change=ContactChange(identity=Identity(phone="0701234567"), fields={"city": "Malmö"}),
        source=source("src_shop", received_event_id=None),
    )
    contact_apply(
        site=site,
        change=ContactChange(identity=Identity(email="a@example.com", phone="0701234567")),
        source=source("src_shop", received_event_id=None),
    )
    (run,) = runs(made)
    assert absorbed.contact_id != kept.contact_id == run.contact_id
    pass_time(days=2)
    work()
    assert Contact.objects.get().first_name == "Ada"
    changed(site, "a@example.com", city="Lund")
    assert len(runs(made)) == 1


def test_run_can_be_stopped_by_hand_and_by_deleting_its_workflow(site: Site) -> None:
    made = workflow(site, WAIT, set_field("first_name", "Ada"))
    for name in "ab":
        changed(site, f"{name}@example.com", city="Malmö")
    first = runs(made)[0]
    assert run_cancel(run=first, actor=ACTOR)
    assert not run_cancel(run=first, actor=ACTOR)
    workflow_delete(workflow=made, actor=ACTOR)
    changed(site, "c@example.com", city="Malmö")
    pass_time(days=3)
    assert work() == 0
    assert [(run.state, run.reason) for run in runs(made)] == [
        (RunState.CANCELLED, "Stopped by test."),
        (RunState.CANCELLED, "The workflow was deleted."),
    ]


def test_what_undoes_the_cause_undoes_the_effects(site: Site) -> None:
    workflow(site, set_field("first_name", "Ada"))

    def fail() -> None:
        with transaction.atomic():
            changed(site, city="Malmö")
            assert Contact.objects.get().first_name == "Ada"
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not Contact.objects.exists()
    assert not WorkflowRun.objects.exists()


def test_workflow_that_cannot_begin_says_so_and_stops_nobody_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> set[Any]:
        raise RuntimeError("secret@example.com")

    rule = {"include": {"kind": "group", "match": "all", "items": []}, "exclude": None}
    broken = workflow(site, set_field("language", "sv"), name="Broken", contact_rule=rule)
    workflow(site, set_field("first_name", "Ada"))
    monkeypatch.setattr(beginning, "contacts_matching_rule", fail)
    changed(site, city="Malmö")
    (run,) = runs(broken)
    assert run.state == RunState.STOPPED
    assert "RuntimeError" in run.reason
    assert "secret" not in run.reason
    known = Contact.objects.get()
    assert (known.first_name, known.language) == ("Ada", "")


def test_ended_run_is_not_stopped_again_with_what_is_still_tried(
    site: Site, failing: set[str]
) -> None:
    made = workflow(site, REFUSES)
    failing.add(str(changed(site).contact_id))
    changed(site, city="Malmö")
    assert not run_cancel(run=runs(made)[0], actor=ACTOR)
    bad = WorkflowStep.objects.get()
    assert bad.state == StepState.RETRYING
    workflow_delete(workflow=made, actor=ACTOR)
    bad.refresh_from_db()
    assert bad.state == StepState.FAILED
    assert not step_retry(step=bad, actor=ACTOR)
