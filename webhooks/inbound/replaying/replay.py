"""Replaying received events: a plan first, then a job that sends them to the worker again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from common.bulk import update_rows
from common.sql_constant import index_condition
from sites.audit import Actor
from sites.jobs import job_runner
from sites.models import Job, Site
from sites.planned_jobs import job_site_ids, planned_job_start
from sites.skipped import Skipped, skipped_of
from webhooks.inbound.history import Happening, history_with
from webhooks.inbound.models import ReceivedEvent, Status
from webhooks.inbound.models.received_event import TROUBLED
from webhooks.inbound.replaying.replay_filter import ReplayFilter
from webhooks.inbound.replaying.troubled import is_troubled
from webhooks.waking import RECEIVED, wake_workers

KIND: Final = "replay"
# On SQLite a slice holds the one write lock, and webhooks wait for it meanwhile.
SLICE: Final = 200

SKIPPED: Final = {
    Status.PROCESSED: "already had their effect",
    Status.PROCESSING: "are being processed right now",
    Status.RECEIVED: "wait to be processed already",
}
BODY_REMOVED: Final = "have no body any more: retention removed it"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPlan:
    """What a replay would do; pass `filters` on to `replay_start`, they are fixed to this moment.

    `first_at` and `last_at` are the times of reception of the oldest and the newest event.
    """

    filters: ReplayFilter
    total: int
    by_status: dict[Status, int]
    first_at: datetime | None
    last_at: datetime | None
    skipped: tuple[Skipped, ...]


def replay_plan(*, filters: ReplayFilter) -> ReplayPlan:
    """Return how many events would be replayed, from when to when, and what is left out and why."""
    newest = filters.events().order_by("-pk").values_list("pk", flat=True).first()
    fixed = replace(filters, upper_id=filters.upper_id or newest)
    events = _replayable(fixed)
    rows = events.order_by("status").values_list("status").annotate(count=Count("pk"))
    by_status = {Status(status): count for status, count in rows}
    return ReplayPlan(
        filters=fixed,
        total=sum(by_status.values()),
        by_status=by_status,
        first_at=events.values_list("received_at", flat=True).first(),
        last_at=events.order_by("-pk").values_list("received_at", flat=True).first(),
        skipped=tuple(_skipped(fixed)) if newest else (),
    )


@transaction.atomic
def replay_start(*, filters: ReplayFilter, site: Site | None, actor: Actor) -> Job:
    """Start the job for a plan's filters. A job of several sites is for superusers.

    Raises ValidationError when there is nothing to replay or the sites do not fit.
    """
    site_ids = job_site_ids(filters.site_ids, site=site, actor=actor)
    plan = replay_plan(filters=replace(filters, site_ids=site_ids))
    if not plan.total:
        raise ValidationError("None of these events can be replayed.")
    noun = "event" if plan.total == 1 else "events"
    return planned_job_start(
        kind=KIND,
        title=f"Replay {plan.total} {noun}",
        site=site,
        filters=plan.filters.as_json(),
        total=plan.total,
        actor=actor,
        action="replay.started",
    )


@job_runner(KIND)
def run_replay(job: Job) -> bool:
    filters = ReplayFilter.from_json(job.parameters["filters"])
    keys = _next_keys(filters, after=UUID(job.cursor) if job.cursor else None)
    if not keys:
        return True
    # Locked, so that what was chosen here is still so at the UPDATE; a worker skips locked rows.
    # SQLite needs no row locks: its transactions begin with the write lock.
    chosen = _replayable(filters).filter(pk__in=keys).only("pk", "history")
    rows = list(chosen.select_for_update(of=("self",)))
    _receive_again(rows, by=job.parameters["by"])
    job.cursor = str(keys[-1])
    job.done += len(rows)
    job.counts = {"replayed": job.done}
    wake_workers(RECEIVED)
    return len(keys) < SLICE


def _next_keys(filters: ReplayFilter, *, after: UUID | None) -> list[UUID]:
    """Return the keys of the next slice, in order.

    Asked for by site and state, each of which an index has in order of key: asked for together,
    every slice would sort all that remain.
    """
    keys: list[UUID] = []
    for site_id in filters.site_ids:
        for status in _states(filters):
            one = replace(filters, site_ids=(site_id,), statuses=())
            # The one state goes first: SQLite would look all of them up and sort.
            rows = one.events().filter(status=status)
            rows = rows.filter(index_condition(is_troubled())) if status in TROUBLED else rows
            rows = rows.filter(body__isnull=False)
            if after is not None:
                rows = rows.filter(pk__gt=after)
            keys += rows.values_list("pk", flat=True)[:SLICE]
    return sorted(keys)[:SLICE]


def _receive_again(rows: Sequence[ReceivedEvent], *, by: str) -> None:
    now = timezone.now()
    update_rows(
        connection,
        ReceivedEvent,
        [
            {
                "id": row.pk,
                "history": history_with(row.history, Happening.REPLAYED, "", at=now, by=by),
                "status": Status.RECEIVED.value,
                "due_at": now,
                "attempts": 0,
                "cause": "",
                "reason": "",
                "lease_owner": "",
            }
            for row in rows
        ],
        columns=("history", "status", "due_at", "attempts", "cause", "reason", "lease_owner"),
    )


def _states(filters: ReplayFilter) -> tuple[str, ...]:
    states = (*TROUBLED, Status.PROCESSED.value) if filters.include_processed else TROUBLED
    return tuple(each for each in states if not filters.statuses or each in filters.statuses)


def _replayable(filters: ReplayFilter) -> QuerySet[ReceivedEvent]:
    states = Q(status__in=_states(filters))
    replayable = states if filters.include_processed else is_troubled()
    return filters.events().filter(replayable, body__isnull=False)


def _skipped(filters: ReplayFilter) -> list[Skipped]:
    found = []
    for status, reason in SKIPPED.items():
        if status is Status.PROCESSED and filters.include_processed:
            continue
        found.append(skipped_of(filters.events().filter(status=status), reason))
    without_body = filters.events().filter(is_troubled(), body__isnull=True)
    found.append(skipped_of(without_body, BODY_REMOVED))
    return [skipped for skipped in found if skipped.count]
