from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from django.core.exceptions import ValidationError

from onsite.models import Submission
from onsite.resending.obstacles import BLOCKED, WRITE_IGNORED, with_obstacle
from onsite.resending.resend import KIND, send_again
from onsite.resending.resend_filter import ResendFilter
from sites.jobs import job_runner
from sites.models import Job

# How the job's page calls what became of a submission, beside the states.
SKIPPED = "skipped"


@job_runner(KIND, in_transaction=False)
def run_resend(job: Job) -> bool:
    """Send the next submission, oldest first: of two of one visitor the newer has the last word."""
    submission = _next(job)
    if submission is None:
        return True
    try:
        came_to = send_again(submission).state
    except ValidationError:
        # Overtaken, or run by somebody else, since it was chosen.
        came_to = SKIPPED
    job.cursor = str(submission.pk)
    job.done += 1
    job.counts = {**job.counts, came_to: job.counts.get(came_to, 0) + 1}
    return False


def _next(job: Job) -> Submission | None:
    """Return the oldest after the last one that can be sent.

    Asked for by site and part, each of which an index has in order of key.
    """
    filters = ResendFilter.from_json(job.parameters["filters"])
    found: list[Submission] = []
    for site_id in filters.site_ids:
        for part in (BLOCKED, WRITE_IGNORED):
            rows = replace(filters, site_ids=(site_id,)).submissions().filter(part)
            if job.cursor:
                rows = rows.filter(pk__gt=UUID(job.cursor))
            found += with_obstacle(rows).filter(obstacle="")[:1]
    return min(found, key=lambda submission: submission.pk, default=None)
