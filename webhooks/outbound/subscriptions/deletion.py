"""Deleting a subscription with its log. Events stay."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from common.redaction import redact_url
from sites.audit import Actor, audit_record
from sites.deleting import Deletion
from sites.jobs import job_runner
from sites.models import Job
from webhooks.outbound.models import Attempt, Delivery, KeptBody, Subscription
from webhooks.outbound.subscriptions.services import subscription_pause

KIND: Final = "subscription_delete"
_REASON: Final = "It is being deleted."


class _SubscriptionDeletion(Deletion[Subscription]):
    kind = KIND
    noun = "subscription"
    parameter = "subscription_id"
    counted = "deliveries deleted"

    def find(self, key: int) -> Subscription | None:
        rows = Subscription.objects.select_related("site").defer("secrets", "headers")
        return rows.filter(pk=key).first()

    def hanging_on(self, row: Subscription) -> QuerySet[Any]:
        return Delivery.objects.filter(subscription=row)

    def stop(self, row: Subscription, actor: Actor) -> None:
        subscription_pause(subscription=row, actor=actor, reason=_REASON)

    def delete_slice(self, row: Subscription) -> int:
        """Delete up to a slice of deliveries with what was sent of them; return how many."""
        own = self.hanging_on(row).order_by("pk")
        pairs = list(own.values_list("pk", "unit")[: self.slice_size])
        ids, units = [pk for pk, _ in pairs], {unit for _, unit in pairs}
        # By hand and by key: Django would load every row to see what hangs on it.
        Attempt.objects.filter(unit__in=units)._raw_delete("default")
        KeptBody.objects.filter(unit__in=units)._raw_delete("default")
        Delivery.objects.filter(repeats__in=ids).update(repeats=None)
        Delivery.objects.filter(pk__in=ids)._raw_delete("default")
        return len(ids)

    def delete_row(self, row: Subscription, actor: Actor) -> None:
        # Whoever publishes holds a share of the row: from here on nobody adds a delivery.
        Subscription.objects.select_for_update().only("pk").get(pk=row.pk)
        while self.delete_slice(row):
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


_DELETION = _SubscriptionDeletion()


@transaction.atomic
def subscription_delete(*, subscription: Subscription, actor: Actor) -> Job | None:
    """Delete a subscription with its deliveries and attempts; what happened stays as events.

    One with more than a few deliveries is paused at once and deleted by the job that is returned.
    """
    rows = Subscription.objects.select_for_update().defer("secrets", "headers")
    row = rows.get(pk=subscription.pk)
    return _DELETION.begin(row, site=row.site, actor=actor)


@job_runner(KIND)
def run_subscription_deletion(job: Job) -> bool:
    return _DELETION.run(job)
