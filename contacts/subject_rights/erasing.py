"""Erasing a person: the contact at once, and then what was stored as it came in, place by place.

The contact itself goes through the one door, `contact_apply`, whoever asks; with it a
`SubjectErasure` is made, which a job or the schedule works off.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from common.retention import PAUSE_SECONDS, RUN_SECONDS
from contacts.console_source import console_source
from contacts.models import Contact, SubjectErasure
from contacts.services import ChangeKind, contact_apply
from contacts.subject_rights.personal_data import Step, places, sought_by
from contacts.subject_rights.search_texts import names_of_nobody, search_texts, whole_names
from integrations.contact_change import ContactChange, Deletion, Identity
from sites.audit import Actor, audit_record
from sites.jobs import job_runner, job_start
from sites.models import Job, JobState

ERASURE: Final = "subject_erasure"
_GONE: Final = "This contact is gone: it was erased meanwhile, or joined with another."
_CREATED_SINCE: Final = (
    "A sender whose clock runs ahead says that this contact was created after now. Nothing was "
    "erased; erase the contact again in five minutes."
)


@transaction.atomic
def subject_erase(*, contact: Contact, reason: str, actor: Actor) -> SubjectErasure:
    """Erase a person as the console does it, with a job for what logs keep.

    Raises ValidationError when somebody else erased them meanwhile, or a sender says that the
    contact was created later than now.
    """
    applied = contact_apply(
        site=contact.site,
        change=ContactChange(identity=Identity(), deletion=Deletion(reason=reason)),
        source=console_source(actor),
        contact_id=contact.pk,
    )
    if applied.kind is not ChangeKind.DELETED:
        is_there = Contact.objects.filter(pk=contact.pk, deleted_at=None).exists()
        raise ValidationError(_CREATED_SINCE if is_there else _GONE)
    erasure = SubjectErasure.objects.filter(contact=contact).latest("pk")
    erasure.asked_label, erasure.reason = actor.label, reason
    erasure.job = job_start(
        kind=ERASURE,
        title="Erase a person from what was stored",
        site=contact.site,
        parameters={"erasure": str(erasure.pk)},
        total=len(places()),
        actor=actor,
    )
    erasure.save(update_fields=["asked_label", "reason", "job"])
    audit_record(
        actor=actor,
        action="contact.erased",
        site=contact.site,
        target=erasure,
        changes={"contact": (None, str(contact.pk)), "reason": (None, reason)},
    )
    return erasure


def erasure_begin(
    *, site_id: int, contact_id: UUID, identity: Identity, earlier_names: Collection[str], **_: Any
) -> None:
    """Note who was just erased, before their links to what is stored are taken apart."""
    earlier = names_of_nobody(site_id, earlier_names)
    links = {place.key: place.links(contact_id) for place in places() if place.links is not None}
    contact = Contact.objects.only("deletion_reason").get(pk=contact_id)
    texts = [text for each in links.values() for text in each.texts]
    sought: dict[str, Any] = {
        "texts": search_texts(identity, *texts, *earlier),
        "names": whole_names(identity, *earlier),
        "linked": {key: sorted(each.rows) for key, each in links.items()},
    }
    erasure = SubjectErasure(
        site_id=site_id,
        contact_id=contact_id,
        reason=contact.deletion_reason,
        asked_at=timezone.now(),
    )
    erasure.sought = sought
    erasure.found = {
        place.key: place.held(contact_id) for place in places() if place.held is not None
    }
    erasure.save(force_insert=True)


@job_runner(ERASURE, in_transaction=False)
def run_erasure(job: Job) -> bool:
    erasure = SubjectErasure.objects.filter(pk=job.parameters["erasure"]).first()
    if erasure is None or erasure_step(erasure):
        job.done = job.total
        return True
    job.done = sum(1 for cursor in erasure.cursors.values() if cursor is None)
    job.counts = dict(erasure.found)
    return False


def erase_pending() -> int:
    """Work off erasures that no job is at; return how many ended.

    A source or the API asked for those, or somebody stopped the job: what was begun is finished.
    Runs by the clock, for less than the minute that a schedule has: the next run goes on.
    """
    deadline = time.monotonic() + RUN_SECONDS
    waiting = SubjectErasure.objects.exclude(state=SubjectErasure.State.DONE).exclude(
        job__state__in=(JobState.PENDING, JobState.RUNNING)
    )
    ended = 0
    for erasure in waiting.order_by("pk"):
        while not erasure_step(erasure):
            if time.monotonic() > deadline:
                return ended
            # SQLite has one write lock: reception gets it between two steps.
            time.sleep(PAUSE_SECONDS)
        ended += 1
    return ended


def erasure_step(erasure: SubjectErasure) -> bool:
    """Look at the next rows of the next place; return whether all places are done."""
    place = next((each for each in places() if erasure.cursors.get(each.key, "") is not None), None)
    with transaction.atomic():
        if place is None:
            erasure.state, erasure.finished_at = SubjectErasure.State.DONE, timezone.now()
            erasure.sought.clear()
        else:
            step = place.erase(sought_by(erasure), erasure.cursors.get(place.key, ""))
            _note(erasure, place.key, step)
        erasure.save(update_fields=["state", "finished_at", "sought", "cursors", "found"])
    return place is None


def _note(erasure: SubjectErasure, key: str, step: Step) -> None:
    erasure.state = SubjectErasure.State.RUNNING
    erasure.cursors[key] = None if step.is_end else step.cursor
    erasure.found[key] = erasure.found.get(key, 0) + step.found
