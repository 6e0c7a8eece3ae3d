"""Processes that die in the middle of a submission: nothing stays stuck, nothing happens twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import pytest
from django.utils import timezone

from contacts.models import Activity, Contact
from onsite.interrupted import end_interrupted_submissions
from onsite.models import State, Submission
from tests.factories import SiteFactory
from tests.onsite.campaign import Campaign
from tests.onsite.retailer import Retailer, retailer_api, running_retailer
from tests.processes.stack import ROOT, database_url

pytestmark = [
    pytest.mark.processes,
    pytest.mark.network,
    pytest.mark.django_db(transaction=True),
]

START_SECONDS: Final = 120


@pytest.fixture
def retailer() -> Iterator[Retailer]:
    with running_retailer() as running:
        yield running


@pytest.fixture
def campaign(retailer: Retailer) -> Campaign:
    site = SiteFactory.create()
    retailer_api(site, retailer, total_seconds=30)
    return Campaign(site)


def start_submission(email: str, key: str) -> subprocess.Popen[bytes]:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "tests.processes.lone_submission", email, key]
    return subprocess.Popen(command, env=environment, cwd=ROOT)


def kill(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def killed_at(step: str, retailer: Retailer, email: str) -> Submission:
    """Kill a submission while it waits for the look-up or the write, or while it closes."""
    held = {"look-up": retailer.open_door, "write": retailer.write_gate}.get(step)
    if held is not None:
        held.clear()
    process = start_submission(email, f"key of {email}")
    assert retailer.arrived.acquire(timeout=START_SECONDS)
    if step != "look-up":
        assert retailer.arrived.acquire(timeout=START_SECONDS)
    kill(process)
    if held is not None:
        held.set()
    return Submission.objects.get()


def applied(email: str) -> tuple[int, int]:
    """Return how many contacts and activities there are of somebody."""
    return (
        Contact.objects.filter(email=email).count(),
        Activity.objects.filter(contact__email=email).count(),
    )


@pytest.mark.parametrize("step", ["look-up", "write", "closing", "closing again"])
def test_a_killed_submission_ends_and_is_applied_once(
    step: str, campaign: Campaign, retailer: Retailer
) -> None:
    email = "jane@example.com"
    submission = killed_at(step, retailer, email)
    # The contact's change and the end of the submission are one: both, or neither.
    is_closed = submission.state == State.CONTINUED
    assert applied(email) == ((1, 1) if is_closed else (0, 0))
    if not is_closed:
        assert submission.state == State.RUNNING
        # The clock comes by before the lease is over, and after it.
        assert end_interrupted_submissions() == 0
        Submission.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
        assert end_interrupted_submissions() == 1
    answer = campaign.send(email, idempotency_key=f"key of {email}")
    assert (answer.status, answer.body["id"]) == (200, str(submission.pk))
    assert applied(email) == (1, 1)
    assert Submission.objects.get().state == State.CONTINUED
    # And the visitor is free for the next one.
    assert campaign.send(email).body["redeal"] == "ExistingFriend"
