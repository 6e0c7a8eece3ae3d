"""Workers that die while they go on with workflows: what is ours happens once, a call at least."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

import pytest
from django.utils import timezone

from automation.models import RunState, StepState, Workflow, WorkflowRun, WorkflowStep
from contacts.models import Contact, PointAccount, PointDefinition
from contacts.services import ChangeItem, contacts_apply_batch
from integrations.contact_change import ContactChange, Identity
from sites.models import Site
from tests.automation.workflows.making import contact_field, set_field, step, workflow
from tests.contacts.changes import source
from tests.factories import SiteFactory
from tests.onsite.retailer import Retailer, retailer_api, running_retailer
from tests.processes.waiting import eventually
from tests.processes.workers import LEASE_SECONDS, running_worker, start_worker

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

START_SECONDS: Final = 120
PEOPLE: Final = 600
WAIT: Final = step("wait", amount=1, unit="minutes")


@pytest.fixture
def site(transactional_db: None) -> Site:
    made = SiteFactory.create()
    contact_field(made, "visits", "integer")
    PointDefinition.objects.create(site=made, number=1, name="Stars")
    return made


def begin(site: Site, people: int, city: str) -> None:
    """Let so many contacts begin in one batch, and make their wait be over."""
    contacts_apply_batch(
        [
            ChangeItem(
                site=site,
                change=ContactChange(
                    identity=Identity(email=f"p{number}@example.com"), fields={"city": city}
                ),
                source=source("src_shop", received_event_id=None, received_at=timezone.now()),
            )
            for number in range(people)
        ]
    )
    waiting = WorkflowRun.objects.filter(state=RunState.WAITING)
    waiting.update(due_at=timezone.now())


def kill_while(worker: subprocess.Popen[bytes], rows: object) -> None:
    """Kill a worker with SIGKILL while it holds rows of this kind."""
    mine = rows.objects.filter(lease_owner__contains=f"-{worker.pid}-")  # type: ignore[attr-defined]
    eventually(mine.exists, seconds=START_SECONDS, what="the worker holds some")
    worker.send_signal(signal.SIGKILL)
    worker.wait()


def wait_until_ended() -> None:
    going = WorkflowRun.objects.filter(state__in=(RunState.READY, RunState.WAITING))
    undone = WorkflowStep.objects.filter(state__in=(StepState.PENDING, StepState.RETRYING))
    eventually(
        lambda: not going.exists() and not undone.exists(),
        seconds=START_SECONDS + 3 * LEASE_SECONDS,
        what="all runs have ended",
    )


def test_killed_workers_leave_every_effect_done_once(site: Site) -> None:
    made = workflow(
        site,
        WAIT,
        set_field("visits", 1, "add"),
        step("award_points", definition=1, amount={"literal": 5}),
        trigger={"type": "contact_change", "fields": ["city"]},
    )
    for number in range(3):
        begin(site, PEOPLE, f"City {number}")
        kill_while(start_worker(), WorkflowRun)
    with running_worker():
        wait_until_ended()
    assert WorkflowRun.objects.filter(workflow=made, state=RunState.FINISHED).count() == 3 * PEOPLE
    visits = {row["visits"] for row in Contact.objects.values_list("attributes", flat=True)}
    assert visits == {3}
    balances = set(PointAccount.objects.values_list("balance", flat=True))
    assert balances == {Decimal(15)}
    assert WorkflowStep.objects.filter(run__workflow=made).count() == 9 * PEOPLE
    assert not WorkflowRun.objects.exclude(lease_owner="").exists()


@pytest.fixture
def retailer() -> Iterator[Retailer]:
    with running_retailer() as running:
        yield running


def calling(site: Site, retailer: Retailer) -> Workflow:
    retailer_api(site, retailer, total_seconds=30)
    return workflow(site, step("call_generic_api"))


@pytest.mark.network
def test_call_of_a_killed_worker_is_made_again(site: Site, retailer: Retailer) -> None:
    made = calling(site, retailer)
    retailer.write_gate.clear()
    begin(site, 1, "Malmö")
    doomed = start_worker()
    assert retailer.arrived.acquire(timeout=START_SECONDS)
    doomed.send_signal(signal.SIGKILL)
    doomed.wait()
    retailer.write_gate.set()
    # Leases of calls last longer than any call may take; nobody waits for that here.
    held = WorkflowStep.objects.exclude(lease_owner="")
    held.update(lease_expires_at=timezone.now())
    with running_worker():
        wait_until_ended()
    done = WorkflowStep.objects.get(run__workflow=made)
    assert (done.state, done.attempts) == (StepState.DONE, 2)
    assert len(retailer.writes) >= 1


@pytest.mark.network
def test_sigterm_waits_for_the_call_that_is_under_way(site: Site, retailer: Retailer) -> None:
    made = calling(site, retailer)
    retailer.write_gate.clear()
    begin(site, 1, "Malmö")
    worker = start_worker()
    assert retailer.arrived.acquire(timeout=START_SECONDS)
    worker.terminate()
    retailer.write_gate.set()
    assert worker.wait(START_SECONDS) == 0
    done = WorkflowStep.objects.get(run__workflow=made)
    assert (done.state, done.attempts, done.lease_owner) == (StepState.DONE, 1, "")
