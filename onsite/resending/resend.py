"""Sending submissions again: one at once, or many as a job."""

from __future__ import annotations

from dataclasses import replace

from django.core.exceptions import ValidationError
from django.db import transaction

from integrations.models import Purpose
from onsite.flow.capacity import waiting_slot
from onsite.flow.leases import claim_again, later_got_through, lease_until
from onsite.flow.refusals import TooManyAtOnce
from onsite.flow.registers import site_api
from onsite.flow.steps import carry_through
from onsite.models import Submission
from onsite.resending.obstacles import SENTENCES, Obstacle, resendable
from onsite.resending.plan import resend_plan
from onsite.resending.resend_filter import ResendFilter
from sites.audit import Actor, audit_record, field_changes
from sites.models import Job, Site
from sites.planned_jobs import job_site_ids, planned_job_start

KIND = "onsite_resend"
BUSY = (
    "Another submission of this visitor runs at this moment, or this one changed meanwhile. Look "
    "at it again."
)


def submission_resend(*, submission: Submission, actor: Actor) -> Submission:
    """Send one submission again and return it as it ended. Not inside a transaction.

    Raises ValidationError with the obstacle in words.
    """
    try:
        with waiting_slot():
            ended = send_again(submission)
    except TooManyAtOnce:
        raise ValidationError(
            "Too many visitors wait for the retailer's API at this moment. Try again in a minute."
        ) from None
    audit_record(
        actor=actor,
        action="submission.resent",
        site=ended.site,
        target=ended,
        changes=field_changes(_outcome(submission), _outcome(ended)),
    )
    return ended


def send_again(submission: Submission) -> Submission:
    """Run a submission once more; a tag that was decided stays. Raises ValidationError."""
    ours = Submission.objects.select_related("site").filter(pk=submission.pk).first()
    obstacle = resendable(submission)
    if ours is None or obstacle:
        raise ValidationError(obstacle)
    _claim(ours)
    carry_through(ours, purpose=Purpose.RESEND)
    return ours


@transaction.atomic
def _claim(submission: Submission) -> None:
    """Begin the run, or undo that. Once begun, no other of the visitor begins: look then."""
    if not claim_again(submission, until=lease_until(site_api(submission.site))):
        raise ValidationError(BUSY)
    if later_got_through(submission):
        raise ValidationError(SENTENCES[Obstacle.SUPERSEDED])


def _outcome(submission: Submission) -> dict[str, str]:
    return {
        "state": submission.state,
        "write_outcome": submission.write_outcome,
        "code": submission.code,
    }


@transaction.atomic
def resend_start(*, filters: ResendFilter, site: Site | None, actor: Actor) -> Job:
    """Start the job for a plan's filters. A job of several sites is for superusers.

    Raises ValidationError when there is nothing to send or the sites do not fit.
    """
    site_ids = job_site_ids(filters.site_ids, site=site, actor=actor)
    plan = resend_plan(filters=replace(filters, site_ids=site_ids))
    if not plan.total:
        raise ValidationError("None of these submissions can be sent again.")
    noun = "submission" if plan.total == 1 else "submissions"
    return planned_job_start(
        kind=KIND,
        title=f"Send {plan.total} {noun} again",
        site=site,
        filters=plan.filters.as_json(),
        total=plan.total,
        actor=actor,
        action="resend.started",
    )
