"""Deleting a source with everything it received."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet

from common.uses import in_use, users_of
from sites.audit import Actor, audit_record
from sites.deleting import Deletion
from sites.jobs import JobFailed, job_runner
from sites.models import Job
from webhooks.inbound.models import EventOutcome, ReceivedEvent, RejectedRequest, Source
from webhooks.inbound.sources.services import source_set_active

KIND: Final = "source_delete"


class _SourceDeletion(Deletion[Source]):
    kind = KIND
    noun = "source"
    parameter = "source_id"
    counted = "received events deleted"

    def find(self, key: int) -> Source | None:
        return Source.objects.select_related("site").filter(pk=key).first()

    def hanging_on(self, row: Source) -> QuerySet[Any]:
        return ReceivedEvent.objects.filter(source=row)

    def stop(self, row: Source, actor: Actor) -> None:
        source_set_active(source=row, active=False, actor=actor)

    def delete_slice(self, row: Source) -> int:
        """Delete up to a slice of received events, and of refused requests, with their outcomes."""
        if users := users_of(row, "source_uses"):
            raise JobFailed(in_use(row.name, users))
        events = list(self.hanging_on(row).values_list("pk", flat=True)[: self.slice_size])
        refused = RejectedRequest.objects.filter(source=row).values_list("pk", flat=True)[
            : self.slice_size
        ]
        RejectedRequest.objects.filter(pk__in=list(refused)).delete()
        # By hand and by key: Django would load every row to see what hangs on it.
        EventOutcome.objects.filter(received_event__in=events)._raw_delete("default")
        RejectedRequest.objects.filter(reprocessed_as__in=events).update(reprocessed_as=None)
        ReceivedEvent.objects.filter(pk__in=events)._raw_delete("default")
        return len(events)

    def delete_row(self, row: Source, actor: Actor) -> None:
        audit_record(
            actor=actor,
            action="source.deleted",
            site=row.site,
            target=row,
            changes={
                "name": (row.name, None),
                "preset": (row.preset_key, None),
                "public_id": (row.public_id, None),
            },
        )
        row.delete()


_DELETION = _SourceDeletion()


@transaction.atomic
def source_delete(*, source: Source, actor: Actor) -> Job | None:
    """Delete a source with all it received; contacts and what they became stay.

    A source with more than a few events is switched off at once and deleted by the job that is
    returned. Raises ValidationError with a sentence that names what uses it.
    """
    # Held, so that nothing begins to use it until it is gone or switched off.
    Source.objects.select_for_update(of=("self",)).filter(pk=source.pk).first()
    if users := users_of(source, "source_uses"):
        raise ValidationError(in_use(source.name, users))
    return _DELETION.begin(source, site=source.site, actor=actor)


@job_runner(KIND)
def run_source_deletion(job: Job) -> bool:
    return _DELETION.run(job)
