"""Sending a contact to the site's Generic API: by the worker, outside transactions, logged."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from automation.models import StepState, Workflow, WorkflowStep
from automation.workflows.working.claims import claim_calls, claim_runs, release_all
from integrations.models import ApiCall, GenericApi
from sites.models import Site
from tests.automation.workflows.making import changed, runs, set_field, step, work, workflow
from tests.automation.workflows.passing_time import pass_time
from tests.factories import SiteFactory
from tests.onsite.retailer import Retailer, retailer_api, running_retailer

pytestmark = [pytest.mark.network, pytest.mark.django_db(transaction=True)]

CALL = step("call_generic_api", tag="NewFriend")


@pytest.fixture
def retailer() -> Iterator[Retailer]:
    with running_retailer() as running:
        yield running


@pytest.fixture
def made(retailer: Retailer) -> Workflow:
    site = SiteFactory.create()
    retailer_api(site, retailer, ignored_codes="409")
    return workflow(site, CALL, set_field("first_name", "Ada"))


def the_step(made: Workflow) -> WorkflowStep:
    return WorkflowStep.objects.get(run__workflow=made, action="call_generic_api")


def test_call_waits_for_the_worker_and_the_run_does_not(made: Workflow, retailer: Retailer) -> None:
    changed(made.site, city="Malmö")
    assert runs(made)[0].state == "finished"
    assert (the_step(made).state, retailer.writes) == (StepState.PENDING, [])
    assert work() == 1
    done = the_step(made)
    call = ApiCall.objects.get()
    assert (done.state, done.attempts, done.api_call_id) == (StepState.DONE, 1, call.pk)
    assert call.contact_id == runs(made)[0].contact_id
    assert call.purpose == "workflow"
    assert [row["e_mail"] for row in retailer.writes] == ["a@example.com"]
    assert retailer.writes[0]["redeal"] == "NewFriend"


def test_refused_call_is_tried_again_and_given_up(made: Workflow, retailer: Retailer) -> None:
    retailer.write_status = 500
    changed(made.site, city="Malmö")
    work()
    refused = the_step(made)
    assert (refused.state, refused.attempts) == (StepState.RETRYING, 1)
    assert "500" in refused.detail
    for _ in range(12):
        pass_time(hours=11)
        work()
    refused.refresh_from_db()
    assert (refused.state, refused.attempts) == (StepState.FAILED, 8)
    assert len(retailer.writes) == 8


def test_many_calls_go_side_by_side(made: Workflow, retailer: Retailer) -> None:
    for number in range(20):
        changed(made.site, f"p{number}@example.com", city="Malmö")
    assert work() == 20
    assert len(retailer.writes) == 20


def test_switched_off_api_is_said_so(made: Workflow, retailer: Retailer) -> None:
    GenericApi.objects.update(is_active=False)
    changed(made.site, city="Malmö")
    work()
    assert the_step(made).state == StepState.FAILED
    assert "switched off" in the_step(made).detail
    assert retailer.writes == []


def test_claimed_call_is_handed_back_with_its_attempt(made: Workflow) -> None:
    changed(made.site, city="Malmö")
    assert len(claim_calls("one")) == 1
    assert claim_calls("two") == []
    assert release_all("one") == 1
    assert the_step(made).attempts == 0
    assert len(claim_calls("two")) == 1


def test_two_owners_never_claim_the_same_run(site: Site) -> None:
    made = workflow(site, step("wait", amount=1, unit="minutes"))
    for number in range(10):
        changed(site, f"p{number}@example.com", city="Malmö")
    pass_time(minutes=1)
    first, second = claim_runs("one", limit=6), claim_runs("two", limit=6)
    assert (len(first), len(second)) == (6, 4)
    assert {*first, *second} == {run.pk for run in runs(made)}
