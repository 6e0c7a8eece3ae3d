"""Sets a subscription going again, after what was held has been dealt with."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from sites.audit import Actor, audit_record
from sites.jobs import job_runner, job_start
from sites.models import Job, JobState, bump_configuration_version
from webhooks.outbound.holding.plan import Choice
from webhooks.outbound.holding.slices import SLICE, deal_with_slice
from webhooks.outbound.models import Subscription, SubscriptionState
from webhooks.outbound.subscriptions.backlog import held_deliveries
from webhooks.waking import EVENTS, wake_workers

KIND: Final = "subscription_resume"
_VERBS: Final = {SubscriptionState.PAUSED: "resumed", SubscriptionState.DISABLED: "enabled"}


@transaction.atomic
def subscription_resume(
    *,
    subscription: Subscription,
    actor: Actor,
    choice: Choice = Choice.RELEASE,
    upper_id: UUID | None = None,
) -> Job | None:
    """Deal with what is held up to `upper_id` as chosen, then let the subscription go on.

    Later ones are released. With more than a slice of them a job does it, which is returned; the
    subscription stays as it is until the job ends. Nothing happens to one that is active.
    """
    row = _locked(subscription.pk)
    if row is None or row.state == SubscriptionState.ACTIVE:
        return None
    job = resuming_job(row)
    if job is not None:
        return job
    held = held_deliveries(row)
    if upper_id is None:
        upper_id = held.order_by("-pk").values_list("pk", flat=True).first()
    if held[SLICE : SLICE + 1].exists():
        return job_start(
            kind=KIND,
            title=f"{choice.label} and resume “{row.name}”",
            site=row.site,
            parameters={
                "subscription_id": row.pk,
                "choice": choice.value,
                "upper_id": str(upper_id),
                "by": actor.label,
            },
            total=held.count(),
            actor=actor,
        )
    after, released, cancelled = None, 0, 0
    while (
        dealt := deal_with_slice(row, choice, after=after, upper_id=upper_id, by=actor.label)
    ).last:
        after = dealt.last
        released += dealt.released
        cancelled += dealt.cancelled
    _activate(row, actor, released, cancelled)
    subscription.refresh_from_db(fields=["state", "state_reason", "state_changed_at"])
    return None


def resuming_job(subscription: Subscription) -> Job | None:
    """Return the job that is setting the subscription going, if there is one."""
    return _open_jobs().filter(parameters__subscription_id=subscription.pk).first()


def resuming_ids() -> list[int]:
    """Return the keys of the subscriptions that jobs are setting going."""
    return [job.parameters["subscription_id"] for job in _open_jobs().only("parameters")]


@job_runner(KIND)
def run_subscription_resume(job: Job) -> bool:
    parameters = job.parameters
    row = _locked(parameters["subscription_id"])
    if row is None:
        return True
    dealt = deal_with_slice(
        row,
        Choice(parameters["choice"]),
        after=UUID(job.cursor) if job.cursor else None,
        upper_id=UUID(parameters["upper_id"]),
        by=parameters["by"],
    )
    if dealt.last is not None:
        job.cursor = str(dealt.last)
        job.done += dealt.released + dealt.cancelled
        job.counts = {
            "released": job.counts.get("released", 0) + dealt.released,
            "cancelled": job.counts.get("cancelled", 0) + dealt.cancelled,
        }
        return False
    if row.state != SubscriptionState.ACTIVE:
        actor = Actor(user=job.created_by, label=parameters["by"])
        counts = job.counts
        _activate(row, actor, counts.get("released", 0), counts.get("cancelled", 0))
    return True


def _activate(row: Subscription, actor: Actor, released: int, cancelled: int) -> None:
    Subscription.objects.filter(pk=row.pk).update(
        state=SubscriptionState.ACTIVE,
        state_reason="",
        state_changed_at=timezone.now(),
        # It starts anew: the old trouble must not disable it again at the first failure.
        failing_since=None,
        failures_in_row=0,
        slowed_until=None,
    )
    bump_configuration_version()
    counts = {"held_released": (None, released), "held_cancelled": (None, cancelled)}
    audit_record(
        actor=actor,
        action=f"subscription.{_VERBS[SubscriptionState(row.state)]}",
        site=row.site,
        target=row,
        changes={"state": (row.state, SubscriptionState.ACTIVE.value)}
        | {name: change for name, change in counts.items() if change[1]},
    )
    wake_workers(EVENTS)


def _open_jobs() -> QuerySet[Job]:
    states = (JobState.PENDING, JobState.RUNNING)
    return Job.objects.filter(kind=KIND, state__in=states, is_cancel_requested=False)


def _locked(subscription_id: int) -> Subscription | None:
    rows = Subscription.objects.select_for_update(of=("self",), no_key=True)
    return (
        rows.select_related("site").defer("secrets", "headers").filter(pk=subscription_id).first()
    )
