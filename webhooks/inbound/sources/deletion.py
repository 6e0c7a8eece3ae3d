"""Deleting a source with everything it received, without loading millions of rows."""

from __future__ import annotations

from typing import Final

from django.db import transaction

from sites.audit import Actor, audit_record
from sites.jobs import job_runner, job_start
from sites.models import Job, JobState
from webhooks.inbound.models import EventOutcome, ReceivedEvent, RejectedRequest, Source
from webhooks.inbound.sources.services import source_set_active

KIND: Final = "source_delete"
# So few received events go at once, while the person who asked waits; and so many a slice.
SLICE: Final = 500


@transaction.atomic
def source_delete(*, source: Source, actor: Actor) -> Job | None:
    """Delete a source with all it received; contacts and what they became stay.

    A source with more than a few events is switched off at once and deleted by the job that is
    returned.
    """
    received = ReceivedEvent.objects.filter(source=source)
    if received[SLICE : SLICE + 1].exists():
        return _delete_by_job(source, actor)
    _delete_slice(source)
    _delete_row(source, actor)
    return None


def _delete_by_job(source: Source, actor: Actor) -> Job:
    job = Job.objects.filter(
        kind=KIND,
        parameters__source_id=source.pk,
        state__in=(JobState.PENDING, JobState.RUNNING),
    ).first()
    if job is not None:
        return job
    source_set_active(source=source, active=False, actor=actor)
    return job_start(
        kind=KIND,
        title=f"Delete source “{source.name}”",
        site=source.site,
        parameters={"source_id": source.pk},
        total=ReceivedEvent.objects.filter(source=source).count(),
        actor=actor,
    )


@job_runner(KIND)
def run_source_deletion(job: Job) -> bool:
    source = Source.objects.select_related("site").filter(pk=job.parameters["source_id"]).first()
    if source is None:
        return True
    deleted = _delete_slice(source)
    job.done += deleted
    job.counts = {"received events deleted": job.done}
    if deleted:
        return False
    label = job.created_by.get_username() if job.created_by else "patchbay"
    _delete_row(source, Actor(user=job.created_by, label=label))
    return True


def _delete_slice(source: Source) -> int:
    """Delete up to a slice of received events, and of refused requests, with their outcomes."""
    events = list(ReceivedEvent.objects.filter(source=source).values_list("pk", flat=True)[:SLICE])
    refused = RejectedRequest.objects.filter(source=source).values_list("pk", flat=True)[:SLICE]
    RejectedRequest.objects.filter(pk__in=list(refused)).delete()
    # By hand and by key: Django would load every row to see what hangs on it.
    EventOutcome.objects.filter(received_event__in=events)._raw_delete("default")
    RejectedRequest.objects.filter(reprocessed_as__in=events).update(reprocessed_as=None)
    ReceivedEvent.objects.filter(pk__in=events)._raw_delete("default")
    return len(events)


def _delete_row(source: Source, actor: Actor) -> None:
    audit_record(
        actor=actor,
        action="source.deleted",
        site=source.site,
        target=source,
        changes={
            "name": (source.name, None),
            "preset": (source.preset_key, None),
            "public_id": (source.public_id, None),
        },
    )
    source.delete()
