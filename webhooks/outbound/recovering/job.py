"""The job of a recovery: deliveries are added slice by slice, and the worker sends them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction

from sites.audit import Actor
from sites.jobs import job_runner
from sites.models import Job, Site
from sites.planned_jobs import job_site_ids, planned_job_start
from webhooks.outbound.recovering.again import SLICE, next_keys, send_again
from webhooks.outbound.recovering.missing import fill, gaps
from webhooks.outbound.recovering.plan import recover_plan
from webhooks.outbound.recovering.recover_filter import Mode, RecoverFilter

KIND: Final = "recover"
_NOTHING: Final = "Nothing here can be sent again."
_NOTHING_MISSING: Final = "No event is missing."


@transaction.atomic
def recover_start(*, filters: RecoverFilter, site: Site | None, actor: Actor) -> Job:
    """Start the job for a plan's filters. A job of several sites is for superusers.

    Raises ValidationError when there is nothing to send or the sites do not fit.
    """
    site_ids = job_site_ids(filters.site_ids, site=site, actor=actor)
    plan = recover_plan(filters=replace(filters, site_ids=site_ids))
    if not plan.total:
        raise ValidationError(_NOTHING_MISSING if filters.mode is Mode.MISSING else _NOTHING)
    return planned_job_start(
        kind=KIND,
        title=_title(filters.mode, plan.total),
        site=site,
        filters=plan.filters.as_json(),
        total=plan.total,
        actor=actor,
        action="recovery.started",
    )


@job_runner(KIND)
def run_recovery(job: Job) -> bool:
    filters = RecoverFilter.from_json(job.parameters["filters"])
    run = _fill_next if filters.mode is Mode.MISSING else _send_next
    return run(job, filters)


def _send_next(job: Job, filters: RecoverFilter) -> bool:
    keys = next_keys(filters, after=UUID(job.cursor) if job.cursor else None)
    if not keys:
        return True
    added = send_again(keys, filters, actor_label=job.parameters["by"])
    job.cursor = str(keys[-1])
    job.done += len(added)
    job.counts = {"sent again": job.done}
    return len(keys) < SLICE


def _fill_next(job: Job, filters: RecoverFilter) -> bool:
    """Go on in the subscription that the cursor names, or begin the next one."""
    subscription_id, _, event_id = job.cursor.partition(":")
    reached = int(subscription_id or 0)
    for gap in sorted(gaps(filters), key=lambda each: each.subscription.id):
        key = gap.subscription.id
        if key < reached:
            continue
        after = UUID(event_id) if event_id and key == reached else None
        last, seen, added = fill(gap, after=after, actor_label=job.parameters["by"])
        if last is None:
            continue
        job.cursor = f"{key}:{last}"
        job.done += seen
        counts = {"delivered": 0, "not wanted": 0} | job.counts
        counts["delivered"] += len(added)
        counts["not wanted"] += seen - len(added)
        job.counts = counts
        return False
    return True


def _title(mode: Mode, total: int) -> str:
    if mode is Mode.MISSING:
        return f"Deliver {total:,} missing event{'' if total == 1 else 's'}"
    return f"Send {total:,} {'delivery' if total == 1 else 'deliveries'} again"
