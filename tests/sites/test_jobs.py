from __future__ import annotations

import re
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from django.conf import settings
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.models import OrmQ

from sites import jobs
from sites.audit import Actor
from sites.jobs import (
    JobFailed,
    job_cancel,
    job_start,
    resume_abandoned_jobs,
    run_job_slice,
)
from sites.models import AuditEntry, Job, JobState, Site

SYSTEM = Actor.system("test")


class Counting:
    """A runner that needs as many slices as the job's total, and records each."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.during: Any = None

    def __call__(self, job: Job) -> bool:
        if self.during is not None:
            self.during(job)
        if self.error is not None:
            raise self.error
        job.done += 1
        job.cursor = str(job.done)
        job.counts = {"counted": job.done}
        return job.done >= job.total


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting()
    monkeypatch.setitem(jobs._runners, "counting", counting)
    return counting


def start(site: Site | None = None, total: int = 3) -> Job:
    return job_start(
        kind="counting", title="Count", site=site, parameters={}, total=total, actor=SYSTEM
    )


@pytest.mark.django_db(transaction=True)
def test_job_is_queued_by_id_and_runs_to_its_end(runner: Counting) -> None:
    job = start()
    assert OrmQ.objects.count() == 1
    assert OrmQ.objects.get().task["args"] == (job.pk,)
    run_job_slice(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done, job.counts) == (JobState.DONE, 3, {"counted": 3})
    assert job.lease_expires_at is None
    assert AuditEntry.objects.filter(action="job.finished", object_id=str(job.pk)).exists()


@pytest.mark.django_db(transaction=True)
def test_long_job_gives_its_place_back_between_slices(
    runner: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "TURN_SECONDS", 0.0)
    job = start()
    for done in (1, 2, 3):
        run_job_slice(job.pk)
        job.refresh_from_db()
        assert job.done == done
    assert job.state == JobState.DONE
    assert OrmQ.objects.count() == 3


@pytest.mark.django_db
def test_cancel_stops_between_slices_and_keeps_what_was_done(runner: Counting) -> None:
    job = start()
    runner.during = lambda current: current.done == 1 and job_cancel(job=job, actor=SYSTEM)
    run_job_slice(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.CANCELLED, 2)
    assert not job_cancel(job=job, actor=SYSTEM)


@pytest.mark.django_db
def test_failure_is_a_sentence_and_the_slice_leaves_nothing(runner: Counting, site: Site) -> None:
    job = start()

    def spoil(current: Job) -> None:
        Site.objects.filter(pk=site.pk).update(name="half done")

    runner.during, runner.error = spoil, KeyError("secret-detail")
    run_job_slice(job.pk)
    job.refresh_from_db()
    site.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "secret-detail" not in job.error
    assert str(job.pk) in job.error
    assert site.name != "half done"


@pytest.mark.django_db
def test_runner_may_say_why_it_stopped(runner: Counting) -> None:
    job = start()
    runner.error = JobFailed("The file is gone. Upload it again.")
    run_job_slice(job.pk)
    job.refresh_from_db()
    assert job.error == "The file is gone. Upload it again."


@pytest.mark.django_db
def test_job_of_a_dead_process_goes_on_from_its_last_slice(
    runner: Counting, django_capture_on_commit_callbacks: Any
) -> None:
    job = start()
    runner.during = lambda current: setattr(
        runner, "error", OperationalError("gone") if current.done == 1 else None
    )
    with pytest.raises(OperationalError):
        run_job_slice(job.pk)
    runner.during = runner.error = None
    run_job_slice(job.pk)  # the lease still holds: nobody else works on it
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.RUNNING, 1)

    assert resume_abandoned_jobs() == 0
    with time_machine.travel(timezone.now() + jobs.LEASE + timedelta(minutes=2), tick=False):
        with django_capture_on_commit_callbacks() as callbacks:
            assert resume_abandoned_jobs() == 1
        assert len(callbacks) == 1
        run_job_slice(job.pk)
    job.refresh_from_db()
    assert (job.state, job.done) == (JobState.DONE, 3)


class Killed(BaseException):
    """What a SIGKILL leaves: nothing after it runs, and the lease stays as it was."""


def killed_slices(job: Job, runner: Counting) -> int:
    """Claim the job again and again after its lease, and return how often the runner was begun."""
    begun: list[int] = []

    def die(current: Job) -> None:
        if current.done == 1:
            begun.append(current.pk)
            raise Killed

    runner.during = die
    now = timezone.now()
    for turn in range(6):
        with (
            time_machine.travel(now + turn * (jobs.LEASE + timedelta(seconds=1)), tick=False),
            suppress(Killed),
        ):
            run_job_slice(job.pk)
    return len(begun)


@pytest.mark.django_db
@pytest.mark.parametrize("turn_seconds", [0.0, 5.0])
def test_slice_that_kills_its_process_each_time_is_given_up_after_three(
    runner: Counting, monkeypatch: pytest.MonkeyPatch, turn_seconds: float
) -> None:
    monkeypatch.setattr(jobs, "TURN_SECONDS", turn_seconds)
    job = start()
    assert killed_slices(job, runner) == jobs.MOST_ATTEMPTS
    job.refresh_from_db()
    assert (job.state, job.done, job.error) == (JobState.FAILED, 1, jobs.GIVEN_UP)
    assert job.lease_expires_at is None


@pytest.mark.django_db
def test_long_job_that_gets_on_is_not_given_up(
    runner: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "TURN_SECONDS", 0.0)
    job = start(total=jobs.MOST_ATTEMPTS * 3)
    for _ in range(job.total):
        run_job_slice(job.pk)
    job.refresh_from_db()
    assert job.state == JobState.DONE


@pytest.mark.django_db
def test_lost_lease_changes_nothing(runner: Counting) -> None:
    job = start()
    taken = timezone.now() + timedelta(hours=1)
    runner.during = lambda current: Job.objects.filter(pk=job.pk).update(lease_expires_at=taken)
    run_job_slice(job.pk)
    job.refresh_from_db()
    assert job.lease_expires_at == taken
    assert job.state == JobState.RUNNING


@pytest.mark.django_db
def test_job_of_an_unknown_kind_is_refused_and_ends_with_a_sentence() -> None:
    with pytest.raises(ValueError, match="No runner"):
        job_start(kind="none", title="x", site=None, parameters={}, total=0, actor=SYSTEM)
    job = Job.objects.create(kind="removed", title="x")
    run_job_slice(job.pk)
    job.refresh_from_db()
    assert "removed" in job.error


def test_only_the_job_seam_queues_tasks_and_only_with_ids() -> None:
    folders = ("common", "sites", "integrations", "contacts", "webhooks", "config")
    calls = [
        (path.name, match[1])
        for folder in folders
        for path in (Path(settings.BASE_DIR) / folder).rglob("*.py")
        for match in re.finditer(r"\basync_task\(([^)]*)\)", path.read_text(encoding="utf-8"))
    ]
    assert calls == [("jobs.py", '"sites.jobs.run_job_slice", job_id')]


@pytest.mark.django_db
def test_queued_arguments_are_ids(runner: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    queued: list[tuple[Any, ...]] = []
    monkeypatch.setattr(jobs, "async_task", lambda _, *arguments: queued.append(arguments))
    monkeypatch.setattr("django.db.transaction.on_commit", lambda call: call())
    job = start()
    job_cancel(job=job, actor=SYSTEM)
    assert queued == [(job.pk,), (job.pk,)]
    assert all(isinstance(value, int | UUID) for arguments in queued for value in arguments)


@pytest.mark.django_db(transaction=True)
class TestOutsideTransactions:
    """A runner that waits for other systems holds no transaction open meanwhile."""

    @pytest.fixture(autouse=True)
    def _outside(self, runner: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(jobs, "_outside_transactions", {"counting"})

    def test_runs_to_its_end_without_one(self, runner: Counting) -> None:
        held: list[bool] = []
        runner.during = lambda _: held.append(connection.in_atomic_block)
        job = start()
        run_job_slice(job.pk)
        job.refresh_from_db()
        assert (job.state, job.done, job.counts) == (JobState.DONE, 3, {"counted": 3})
        assert held == [False] * 3

    def test_records_nothing_once_another_holds_the_lease(self, runner: Counting) -> None:
        job = start()
        taken = timezone.now() + timedelta(minutes=5)
        runner.during = lambda _: Job.objects.update(lease_expires_at=taken)
        run_job_slice(job.pk)
        job.refresh_from_db()
        assert (job.state, job.done, job.lease_expires_at) == (JobState.RUNNING, 0, taken)

    def test_stops_between_slices_when_asked_to(self, runner: Counting) -> None:
        job = start()
        runner.during = lambda _: job_cancel(job=job, actor=SYSTEM)
        run_job_slice(job.pk)
        job.refresh_from_db()
        assert (job.state, job.done) == (JobState.CANCELLED, 1)
