"""The proof of one consent as a file: a row for every answer of everybody, written by a job."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from contacts.consents.counting import answer_counts
from contacts.consents.proof import COLUMNS, answer_row, versions_of
from contacts.models import ConsentChange, ConsentDefinition, Contact, ContactFile
from contacts.transfer.files import file_create, part_append
from contacts.transfer.output import csv_text
from sites.audit import Actor, audit_record
from sites.jobs import JobFailed, job_runner, job_start
from sites.models import Job, JobState, User

CONSENT_PROOF: Final = "consent_proof"
# Contacts of the site that one slice looks at; most of them may never have been asked.
SLICE: Final = 2_000
MOST_WAITING: Final = 5
_OPEN: Final = (JobState.PENDING, JobState.RUNNING)


@transaction.atomic
def consent_proof_start(*, definition: ConsentDefinition, actor: Actor) -> ContactFile:
    """Start writing every answer to a consent; raises ValidationError.

    The terms are left out, or each row would repeat them: they go by the version, whose texts the
    definition's own document holds.
    """
    site = definition.site
    waiting = Job.objects.filter(site=site, kind=CONSENT_PROOF, state__in=_OPEN).count()
    if waiting >= MOST_WAITING:
        raise ValidationError(f"{waiting} such files of this site are being written. Wait for one.")
    counts = answer_counts(definition)
    total = counts.yes.count + counts.no.count
    if not total:
        raise ValidationError("Nobody answered this consent yet.")
    file = file_create(
        site=site,
        owner=actor.user,
        kind=ContactFile.Kind.EXPORT,
        name=f"{site.slug}-consent-{definition.pk}-{timezone.now():%Y-%m-%d-%H%M}.csv",
    )
    file.job = job_start(
        kind=CONSENT_PROOF,
        title=f"Proof of the consent {definition.name}"[:200],
        site=site,
        parameters={"file": str(file.pk), "definition": definition.pk},
        total=total,
        actor=actor,
    )
    file.save(update_fields=["job"])
    audit_record(
        actor=actor, action="consent_proof.started", site=site, target=definition, changes={}
    )
    return file


@job_runner(CONSENT_PROOF)
def run_consent_proof(job: Job) -> bool:
    file = ContactFile.objects.filter(pk=job.parameters["file"]).first()
    definitions = ConsentDefinition.objects.filter(pk=job.parameters["definition"])
    definition = definitions.prefetch_related("versions").first()
    if file is None or definition is None:
        raise JobFailed("The file or the consent is gone. Start it again from the consent's page.")
    contacts = Contact.objects.filter(site_id=definition.site_id)
    if job.cursor:
        contacts = contacts.filter(pk__gt=UUID(job.cursor))
    ids = list(contacts.order_by("pk").values_list("pk", flat=True)[:SLICE])
    changes = _changes(ids, definition)
    versions = versions_of(definition)
    rows = [
        answer_row(change.contact, change, definition.name, versions, terms=False)
        for change in changes
    ]
    part_append(file, csv_text(rows, header=None if job.cursor else COLUMNS))
    is_end = len(ids) < SLICE
    job.done += len(rows)
    job.cursor = str(ids[-1]) if ids else job.cursor
    job.total = job.done if is_end else max(job.total, job.done)
    job.counts = job.counts | {"exported": job.done}
    return is_end


def proofs_of(*, definition: ConsentDefinition, owner: User) -> QuerySet[ContactFile]:
    """Return the owner's files of this consent, newest first."""
    files = ContactFile.objects.filter(owner=owner, kind=ContactFile.Kind.EXPORT)
    files = files.filter(job__kind=CONSENT_PROOF, job__parameters__definition=definition.pk)
    return files.select_related("site", "job").order_by("-pk")


def _changes(contacts: Collection[UUID], definition: ConsentDefinition) -> list[ConsentChange]:
    changes = ConsentChange.objects.filter(
        contact__in=contacts, consent__consent_id=definition.consent_id
    )
    deferred = ("contact__personal_identity_number", "contact__attributes", "contact__fact_times")
    changes = changes.select_related("contact", "consent").defer(*deferred)
    return list(changes.order_by("contact_id", "changed_at", "pk"))
