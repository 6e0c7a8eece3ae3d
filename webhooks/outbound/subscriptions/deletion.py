"""Deleting a subscription with its log, without loading millions of rows. Events stay."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from common.redaction import redact_url
from sites.audit import Actor, audit_record
from sites.jobs import job_runner, job_start
from sites.models import Job, JobState
from webhooks.outbound.models import Attempt, Delivery, KeptBody, Subscription
from webhooks.outbound.subscriptions.services import subscription_pause

KIND: Final = "subscription_delete"
# So few deliveries go at once, while the person who asked waits; and so many a slice.
SLICE: Final = 500
_REASON: Final = "It is being deleted."


@transaction.atomic
def subscription_delete(*, subscription: Subscription, actor: Actor) -> Job | None:
    """Delete a subscription with its deliveries and attempts; what happened stays as events.

    One with more than a few deliveries is paused at once and deleted by the job that is returned.
    """
    row = (
        Subscription.objects.select_for_update().defer("secrets", "headers").get(pk=subscription.pk)
    )
    if Delivery.objects.filter(subscription=row)[SLICE : SLICE + 1].exists():
        return _delete_by_job(row, actor)
    _delete_row(row, actor)
    return None


def _delete_by_job(row: Subscription, actor: Actor) -> Job:
    job = Job.objects.filter(
        kind=KIND,
        parameters__subscription_id=row.pk,
        state__in=(JobState.PENDING, JobState.RUNNING),
    ).first()
    if job is not None:
        return job
    subscription_pause(subscription=row, actor=actor, reason=_REASON)
    return job_start(
        kind=KIND,
        title=f"Delete subscription “{row.name}”",
        site=row.site,
        parameters={"subscription_id": row.pk},
        total=Delivery.objects.filter(subscription=row).count(),
        actor=actor,
    )


@job_runner(KIND)
def run_subscription_deletion(job: Job) -> bool:
    rows = Subscription.objects.select_related("site").defer("secrets", "headers")
    row = rows.filter(pk=job.parameters["subscription_id"]).first()
    if row is None:
        return True
    deleted = _delete_slice(row)
    job.done += deleted
    job.counts = {"deliveries deleted": job.done}
    if deleted:
        return False
    label = job.created_by.get_username() if job.created_by else "patchbay"
    _delete_row(row, Actor(user=job.created_by, label=label))
    return True


def _delete_slice(row: Subscription) -> int:
    """Delete up to a slice of deliveries with what was sent of them; return how many."""
    own = Delivery.objects.filter(subscription=row).order_by("pk")
    pairs = list(own.values_list("pk", "unit")[:SLICE])
    ids, units = [pk for pk, _ in pairs], {unit for _, unit in pairs}
    # By hand and by key: Django would load every row to see what hangs on it.
    Attempt.objects.filter(unit__in=units)._raw_delete("default")
    KeptBody.objects.filter(unit__in=units)._raw_delete("default")
    Delivery.objects.filter(repeats__in=ids).update(repeats=None)
    Delivery.objects.filter(pk__in=ids)._raw_delete("default")
    return len(ids)


def _delete_row(row: Subscription, actor: Actor) -> None:
    # Whoever publishes holds a share of the row: from here on nobody adds a delivery.
    Subscription.objects.select_for_update().only("pk").get(pk=row.pk)
    while _delete_slice(row):
        pass
    Attempt.objects.filter(subscription=row)._raw_delete("default")
    KeptBody.objects.filter(subscription=row)._raw_delete("default")
    audit_record(
        actor=actor,
        action="subscription.deleted",
        site=row.site,
        target=row,
        changes={
            "name": (row.name, None),
            "url": (redact_url(row.url), None),
            "format_key": (row.format_key, None),
            "public_id": (row.public_id, None),
        },
    )
    row.delete()
