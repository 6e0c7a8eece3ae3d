"""Computing a segment because somebody asked for it."""

from __future__ import annotations

import time
from typing import Final
from uuid import UUID

from django.db import transaction

from automation.models import Segment
from automation.segments.computing import segment_compute
from automation.segments.telling import moves_tell
from sites.audit import Actor
from sites.jobs import JobFailed, job_runner, job_start
from sites.models import Job, JobState

KIND: Final = "segment_compute"
_TELL_SECONDS: Final = 5.0


@transaction.atomic
def segment_recompute_start(segment: Segment, actor: Actor) -> Job:
    """Start computing a segment; returns the job that does so already, if there is one."""
    # Two who ask at the same moment get the same job.
    Segment.objects.select_for_update(of=("self",), no_key=True).get(pk=segment.pk)
    waiting = Job.objects.filter(
        kind=KIND,
        parameters__segment=str(segment.pk),
        state__in=(JobState.PENDING, JobState.RUNNING),
    )
    return waiting.first() or job_start(
        kind=KIND,
        title=f"Compute the segment “{segment.name}”",
        site=segment.site,
        parameters={"segment": str(segment.pk)},
        total=1,
        actor=actor,
    )


@job_runner(KIND, in_transaction=False)
def run_recompute(job: Job) -> bool:
    """Compute, then let what is left of the moves to the schedule."""
    segments = Segment.objects.select_related("site")
    segment = segments.filter(pk=UUID(job.parameters["segment"])).first()
    if segment is None:
        raise JobFailed("The segment was deleted.")
    computation = segment_compute(segment)
    segment.refresh_from_db()
    if segment.trouble:
        raise JobFailed(segment.trouble)
    job.done = 1
    job.counts = {"members": segment.member_count}
    if computation is not None:
        job.counts |= {"entered": computation.entered, "left": computation.left}
        moves_tell(segment, time.monotonic() + _TELL_SECONDS)
    return True
