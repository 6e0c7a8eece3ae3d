"""The state machine of docs/workflows.md, in any order of what operators and contacts do."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from automation.models import RunState, Workflow, WorkflowRun, WorkflowState
from automation.workflows.services import (
    run_cancel,
    workflow_pause,
    workflow_save,
    workflow_start,
)
from contacts.services import contact_apply
from integrations.contact_change import ContactChange, Deletion, Identity
from tests.automation.workflows.making import ACTOR, changed, definition, set_field, step, work
from tests.contacts.changes import source
from tests.factories import SiteFactory

PEOPLE = st.sampled_from([f"{name}@example.com" for name in "abc"])
OPEN = (RunState.READY, RunState.WAITING)


class Workflows(RuleBasedStateMachine):
    """One workflow that waits a day and then writes the number of its version."""

    def __init__(self) -> None:
        super().__init__()
        self.example = transaction.atomic()
        self.example.__enter__()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @initialize(entry=st.sampled_from(["always", "once", "not_while_running"]))
    def make(self, entry: str) -> None:
        self.site = SiteFactory.create()
        self.entry = entry
        self.versions = 0
        self.active = 0
        self.state = "draft"
        self.cities = 0
        self.began: dict[Any, int] = {}
        self.workflow = Workflow(site=self.site, name="Any")
        self.save()

    @rule()
    def save(self) -> None:
        self.versions += 1
        document = definition(
            step("wait", amount=1, unit="days"),
            set_field("care_of", f"version {self.versions}"),
            entry=self.entry,
        )
        version = workflow_save(workflow=self.workflow, definition=document, actor=ACTOR)
        again = workflow_save(workflow=self.workflow, definition=document, actor=ACTOR)
        assert version == again
        assert version.number == self.versions

    @rule()
    def start(self) -> None:
        workflow_start(workflow=self.workflow, actor=ACTOR)
        self.active, self.state = self.versions, "running"

    @rule()
    def pause(self) -> None:
        if self.state == "draft":
            with pytest.raises(ValidationError):
                workflow_pause(workflow=self.workflow, actor=ACTOR)
        else:
            workflow_pause(workflow=self.workflow, actor=ACTOR)
            self.state = "paused"

    @rule(email=PEOPLE)
    def change(self, email: str) -> None:
        self.cities += 1
        before = set(WorkflowRun.objects.values_list("pk", flat=True))
        contact_id = changed(self.site, email, city=f"City {self.cities}").contact_id
        begun = list(WorkflowRun.objects.exclude(pk__in=before))
        assert len(begun) == self.expected(contact_id, before)
        for run in begun:
            assert run.contact_id == contact_id
            self.began[run.pk] = self.active

    def expected(self, contact_id: Any, before: set[Any]) -> int:
        earlier = WorkflowRun.objects.filter(pk__in=before, contact=contact_id)
        may = {
            "always": True,
            "once": not earlier.exists(),
            "not_while_running": not earlier.filter(state__in=OPEN).exists(),
        }
        return int(self.state == "running" and may[self.entry])

    @rule()
    def pass_a_day(self) -> None:
        for run in WorkflowRun.objects.filter(state__in=OPEN):
            assert run.due_at is not None
            due_at = run.due_at - timedelta(days=1)
            WorkflowRun.objects.filter(pk=run.pk).update(due_at=due_at)

    @rule()
    def work(self) -> None:
        due = WorkflowRun.objects.filter(state__in=OPEN, due_at__lte=timezone.now())
        expected = due.count() if self.state == "running" else 0
        assert work() == expected
        assert self.state != "running" or not due.exists()

    @rule()
    @precondition(lambda self: self.began)
    def cancel(self) -> None:
        run = WorkflowRun.objects.filter(state__in=OPEN).order_by("pk").first()
        if run is not None:
            assert run_cancel(run=run, actor=ACTOR)

    @rule(email=PEOPLE)
    def erase(self, email: str) -> None:
        identity = Identity(email=email)
        contact_apply(
            site=self.site,
            change=ContactChange(identity=identity, deletion=Deletion()),
            source=source("src_shop", received_event_id=None, received_at=timezone.now()),
        )

    @invariant()
    def state_is_as_expected(self) -> None:
        if not hasattr(self, "workflow"):
            return
        self.workflow.refresh_from_db()
        assert self.workflow.state == WorkflowState(self.state)
        active = self.workflow.active_version
        assert (active.number if active else 0) == self.active

    @invariant()
    def runs_stay_on_the_version_that_they_began(self) -> None:
        for run in WorkflowRun.objects.select_related("version"):
            assert run.version.number == self.began[run.pk]

    @invariant()
    def ends_are_ends(self) -> None:
        for run in WorkflowRun.objects.prefetch_related("steps", "contact"):
            is_open = run.state in OPEN
            assert is_open == (run.ended_at is None) == (run.due_at is not None)
            states = [each.state for each in run.steps.all()]
            assert len(states) == (2 if run.state == RunState.FINISHED else 1)
            assert run.contact is not None
            if run.contact.deleted_at is not None:
                assert not is_open
                assert run.variables == {}

    @invariant()
    def no_trigger_started_twice(self) -> None:
        keys = Counter(WorkflowRun.objects.values_list("workflow", "trigger_key"))
        assert max(keys.values(), default=1) == 1


@pytest.mark.django_db
def test_any_order_keeps_the_state_machine() -> None:
    run_state_machine_as_test(
        Workflows, settings=settings(max_examples=25, stateful_step_count=25, deadline=None)
    )


@pytest.mark.django_db
def test_database_refuses_a_second_run_of_one_trigger() -> None:
    made = Workflow.objects.create(site=SiteFactory.create(), name="Any")
    version = made.versions.create(number=1, definition={}, saved_at=timezone.now())
    row = {
        "workflow": made, "version": version, "trigger_key": "event:1", "state": "finished",
        "started_at": timezone.now(),
    }  # fmt: skip
    WorkflowRun.objects.create(**row)
    with pytest.raises(IntegrityError):
        WorkflowRun.objects.create(**row)
