"""Runs and steps whose worker died: claimed alone, and given up when they keep killing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from automation.models import RunState, WorkflowRun
from automation.workflows.working.claims import claim_runs, release_all
from automation.workflows.working.due_runs import DEADLY, MOST_ATTEMPTS
from sites.models import Site
from tests.automation.workflows.making import changed, runs, set_field, step, work, workflow
from tests.automation.workflows.passing_time import pass_time

pytestmark = pytest.mark.django_db

WAIT = step("wait", amount=1, unit="minutes")


@pytest.fixture
def due(site: Site) -> list[WorkflowRun]:
    """Four runs that wait no longer; the first two are held by a worker that died."""
    made = workflow(site, WAIT, set_field("first_name", "Ada"))
    for name in "abcd":
        changed(site, f"{name}@example.com")
        changed(site, f"{name}@example.com", city="Lund")
    pass_time(minutes=2)
    found = list(runs(made))
    left(found[:2])
    return found


def left(held: list[WorkflowRun], attempts: int = 1) -> None:
    WorkflowRun.objects.filter(pk__in=[run.pk for run in held]).update(
        attempts=attempts,
        lease_owner="dead",
        lease_expires_at=timezone.now() - timedelta(seconds=1),
    )


def test_what_a_dead_worker_held_is_claimed_alone_after_the_others(due: list[WorkflowRun]) -> None:
    ids = [run.pk for run in due]
    assert claim_runs("w1") == ids[2:]
    first, second = claim_runs("w1"), claim_runs("w1")
    assert sorted(first + second) == ids[:2]
    assert (len(first), claim_runs("w1")) == (1, [])


def test_an_attempt_that_was_handed_back_does_not_count(due: list[WorkflowRun]) -> None:
    claim_runs("w1")
    assert release_all("w1") == 2
    assert set(WorkflowRun.objects.values_list("attempts", flat=True)) == {0, 1}


def test_a_run_that_goes_on_begins_to_count_anew(due: list[WorkflowRun]) -> None:
    left(due, attempts=MOST_ATTEMPTS - 1)
    work()
    ended = WorkflowRun.objects.values_list("state", "attempts").distinct()
    assert list(ended) == [(RunState.FINISHED, 0)]


def test_a_run_that_keeps_killing_its_worker_is_stopped(due: list[WorkflowRun]) -> None:
    left(due[:1], attempts=MOST_ATTEMPTS)
    work()
    deadly, *others = [WorkflowRun.objects.get(pk=run.pk) for run in due]
    assert (deadly.state, deadly.reason, deadly.due_at) == (RunState.STOPPED, DEADLY, None)
    assert {run.state for run in others} == {RunState.FINISHED}
