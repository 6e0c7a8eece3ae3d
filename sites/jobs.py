"""Operator jobs: worked off in small slices by the qcluster, cancellable, resumed after a crash.

A runner does one slice of a job and returns whether nothing is left. It runs inside a transaction
together with the job's own progress (`cursor`, `done`, `counts`), so that a process killed at any
instant has done a slice and recorded it, or neither. A slice is short: on SQLite it holds the one
write lock. A runner that waits for other systems runs outside a transaction, and its progress is
recorded after each slice: a slice may come twice. Queued arguments are ids only.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from django.db import OperationalError, transaction
from django.db.models import F, Q
from django.utils import timezone
from django_q.tasks import async_task

from sites.audit import Actor, audit_record
from sites.models import Job, JobState, Site

Runner = Callable[[Job], bool]

_log = logging.getLogger(__name__)
_runners: dict[str, Runner] = {}
_outside_transactions: set[str] = set()

# Longer than the qcluster's task timeout: a lease that expired belongs to nobody alive.
LEASE: Final = timedelta(seconds=120)
# A task gives its place back after this long, so that two long jobs advance side by side.
TURN_SECONDS: Final = 5.0
# What waits this long without a lease was lost with its queue entry.
ABANDONED_AFTER: Final = timedelta(seconds=60)
# So many times the same slice may take its process with it.
MOST_ATTEMPTS: Final = 3
GIVEN_UP: Final = (
    f"This job was begun {MOST_ATTEMPTS} times at the same step, and each time its process died or "
    "took too long. What it had finished stays done. Look into logs/qcluster.log in the data "
    "folder and at the machine's memory, then start the job again."
)
_OPEN: Final = (JobState.PENDING, JobState.RUNNING)


class JobFailed(Exception):
    """The job cannot go on; the text is a sentence for the operator who started it."""


def job_runner(kind: str, *, in_transaction: bool = True) -> Callable[[Runner], Runner]:
    """Register the decorated function as what works off jobs of this kind.

    Without `in_transaction` a slice may take up to a minute, and must bear being done again.
    """

    def register(runner: Runner) -> Runner:
        if kind in _runners:
            raise ValueError(f"Two runners for jobs of kind {kind}.")
        _runners[kind] = runner
        if not in_transaction:
            _outside_transactions.add(kind)
        return runner

    return register


@transaction.atomic
def job_start(  # noqa: PLR0913
    *,
    kind: str,
    title: str,
    site: Site | None,
    parameters: Mapping[str, Any],
    total: int,
    actor: Actor,
) -> Job:
    """Create a job and queue it when the transaction commits; `parameters` are JSON."""
    if kind not in _runners:
        raise ValueError(f"No runner for jobs of kind {kind}.")
    job = Job.objects.create(
        kind=kind,
        title=title[:200],
        site=site,
        parameters=dict(parameters),
        total=total,
        created_by=actor.user,
    )
    audit_record(
        actor=actor, action="job.started", site=site, target=job, changes={"total": (None, total)}
    )
    _enqueue(job.pk)
    return job


def job_actor(job: Job) -> Actor:
    """Return who started the job, as the audit names them."""
    label = job.created_by.get_username() if job.created_by else "patchbay"
    return Actor(user=job.created_by, label=label)


@transaction.atomic
def job_cancel(*, job: Job, actor: Actor) -> bool:
    """Ask for a stop after the current slice; return False when the job has already ended."""
    open_jobs = Job.objects.filter(pk=job.pk, state__in=_OPEN, is_cancel_requested=False)
    if not open_jobs.update(is_cancel_requested=True):
        return False
    audit_record(actor=actor, action="job.cancel_requested", site=job.site, target=job)
    # One that waits needs no slice to notice: the task that is queued for it ends at once.
    _enqueue(job.pk)
    return True


def run_job_slice(job_id: int) -> None:
    """Work on a job for one turn; the qcluster calls this by its dotted name."""
    now = timezone.now()
    lease = now + LEASE
    free = Q(lease_expires_at__isnull=True) | Q(lease_expires_at__lt=now)
    claimed = Job.objects.filter(free, pk=job_id, state__in=_OPEN).update(
        state=JobState.RUNNING, lease_expires_at=lease, attempts=F("attempts") + 1
    )
    if not claimed:
        return
    Job.objects.filter(pk=job_id, started_at__isnull=True).update(started_at=now)
    ends_at = time.monotonic() + TURN_SECONDS
    try:
        while _run_one_slice(job_id, lease):
            if time.monotonic() >= ends_at:
                _yield_turn(job_id, lease)
                return
    except OperationalError:
        # The database went away: the lease expires, and the job goes on from its last slice.
        raise
    except JobFailed as error:
        _end(job_id, lease, JobState.FAILED, str(error))
    except Exception:
        _log.exception("job failed", extra={"job_id": job_id})
        sentence = (
            "Something unexpected stopped this job; what it had finished stays done. Start it "
            f"again, and if it stops again look for “job failed” with job {job_id} in the log."
        )
        _end(job_id, lease, JobState.FAILED, sentence)


def resume_abandoned_jobs() -> int:
    """Queue again what no process works on and no queue entry stands for; return how many."""
    before = timezone.now() - ABANDONED_AFTER
    waiting = Q(lease_expires_at__isnull=True, created_at__lt=before)
    dropped = Q(lease_expires_at__lt=before)
    abandoned = list(
        Job.objects.filter(waiting | dropped, state__in=_OPEN).values_list("pk", flat=True)
    )
    for job_id in abandoned:
        _enqueue(job_id)
    return len(abandoned)


def _run_one_slice(job_id: int, lease: Any) -> bool:
    """Do one slice and record it; return whether to go on. Nothing happens on a lost lease."""
    with transaction.atomic():
        job = _held(job_id, lease)
        if job is None:
            return False
        if job.is_cancel_requested:
            _end(job_id, lease, JobState.CANCELLED)
            return False
        if job.attempts > MOST_ATTEMPTS:
            raise JobFailed(GIVEN_UP)
        runner = _runners.get(job.kind)
        if runner is None:
            raise JobFailed(f"This version of Patchbay does not know jobs of kind “{job.kind}”.")
        if job.kind not in _outside_transactions:
            return _record(job, lease, finished=runner(job))
    finished = runner(job)
    with transaction.atomic():
        return _held(job_id, lease) is not None and _record(job, lease, finished=finished)


def _held(job_id: int, lease: Any) -> Job | None:
    return (
        Job.objects.select_for_update(of=("self",))
        .select_related("site", "created_by")
        .filter(pk=job_id, lease_expires_at=lease)
        .first()
    )


def _record(job: Job, lease: Any, *, finished: bool) -> bool:
    job.attempts = 1
    job.save(update_fields=["cursor", "done", "counts", "total", "attempts"])
    if finished:
        _end(job.pk, lease, JobState.DONE)
    return not finished


@transaction.atomic
def _yield_turn(job_id: int, lease: Any) -> None:
    # The queue entry that follows is written in the same transaction as the end of the lease.
    if Job.objects.filter(pk=job_id, lease_expires_at=lease).update(
        lease_expires_at=timezone.now(), attempts=0
    ):
        _enqueue(job_id)


@transaction.atomic
def _end(job_id: int, lease: Any, state: JobState, error: str = "") -> None:
    ended = Job.objects.filter(pk=job_id, lease_expires_at=lease).update(
        state=state, error=error, finished_at=timezone.now(), lease_expires_at=None
    )
    if not ended:
        return
    job = Job.objects.select_related("site", "created_by").get(pk=job_id)
    changes: dict[str, tuple[Any, Any]] = {"done": (None, job.done), "counts": (None, job.counts)}
    if error:
        changes["error"] = ("", error)
    audit_record(
        actor=job_actor(job),
        action=f"job.{'finished' if state is JobState.DONE else state.value}",
        site=job.site,
        target=job,
        changes=changes,
    )


def _enqueue(job_id: int) -> None:
    transaction.on_commit(lambda: _queue(job_id))


def _queue(job_id: int) -> None:
    async_task("sites.jobs.run_job_slice", job_id)
