"""What two people or two processes do at the same moment, on real connections."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from sites import jobs
from sites.audit import Actor
from sites.jobs import job_start, run_job_slice
from sites.models import Job, JobState, Membership, Role, Site
from sites.services import member_remove
from tests.factories import MembershipFactory, SiteFactory

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*calls: Callable[[], None]) -> None:
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], None]) -> None:
        try:
            barrier.wait()
            call()
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=240)


def test_two_admins_who_remove_each_other_leave_one() -> None:
    site: Site = SiteFactory.create()
    first, second = (MembershipFactory.create(site=site, role=Role.ADMIN) for _ in range(2))
    refused: list[str] = []

    def remove(by: Membership, whom: Membership) -> Callable[[], None]:
        def call() -> None:
            try:
                member_remove(membership=whom, actor=Actor(user=by.user, label=by.user.username))
            except ValidationError as error:
                refused.append(error.messages[0])

        return call

    at_once(remove(first, second), remove(second, first))
    assert Membership.objects.filter(site=site, role=Role.ADMIN).count() == 1
    assert len(refused) == 1


def test_job_that_is_queued_twice_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    slices: list[int] = []

    def runner(job: Job) -> bool:
        slices.append(job.done)
        job.done += 1
        return job.done >= 20

    monkeypatch.setitem(jobs._runners, "counting", runner)
    job = job_start(
        kind="counting", title="x", site=None, parameters={}, total=20, actor=Actor.system("t")
    )
    at_once(*[lambda: run_job_slice(job.pk)] * 4)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.DONE, 20)
    assert slices == list(range(20))
