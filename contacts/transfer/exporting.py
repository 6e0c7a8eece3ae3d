"""Contacts as a file: written by a job, downloaded by who asked for it, gone after some days."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from contacts.models import Contact, ContactFile
from contacts.search import contacts_found
from contacts.transfer.columns import Holder, columns_of
from contacts.transfer.files import file_create, part_append
from contacts.transfer.output import dataset_text
from contacts.transfer.resource import ContactResource
from sites.audit import Actor, audit_record
from sites.jobs import JobFailed, job_runner, job_start
from sites.models import Job, JobState, Site, User

EXPORT: Final = "contact_export"
SLICE: Final = 1_000
MOST_WAITING: Final = 5
# Beyond them a plan says “more than”: counting on would take longer than anybody waits for a page.
COUNTED: Final = 100_000
_OPEN: Final = (JobState.PENDING, JobState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPlan:
    """What an export would hold; with `is_more` it is more than `total`."""

    total: int
    is_more: bool
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Narrowing:
    """Which contacts an export holds, by a kind that a layer above added and a key of it.

    `words` say so in the audit log.
    """

    kind: str
    key: str
    words: str


_narrowings: Final[dict[str, Callable[[str], Q]]] = {}


def export_narrowing_add(kind: str, contacts: Callable[[str], Q]) -> None:
    """Let exports be narrowed by a key of this kind; called once, when the app is ready."""
    _narrowings[kind] = contacts


def export_plan(*, site: Site, search: str = "") -> ExportPlan:
    contacts = _exported(site.pk, contacts_found(site=site, text=search) if search else None)
    count = contacts.order_by()[: COUNTED + 1].count()
    return ExportPlan(
        total=min(count, COUNTED),
        is_more=count > COUNTED,
        columns=tuple(column.id for column in columns_of(site.pk)),
    )


@transaction.atomic
def export_start(
    *, site: Site, search: str = "", narrowing: Narrowing | None = None, actor: Actor
) -> ContactFile:
    """Start writing the contacts that a search finds, or all of the site; raises ValidationError.

    What comes after this moment is left out.
    """
    waiting = Job.objects.filter(site=site, kind=EXPORT, state__in=_OPEN).count()
    if waiting >= MOST_WAITING:
        raise ValidationError(f"{waiting} exports of this site are being written. Wait for one.")
    # The ids and not the text: what people search by is personal, and jobs are not encrypted.
    ids = contacts_found(site=site, text=search) if search else None
    narrowed = [narrowing.kind, narrowing.key] if narrowing else None
    contacts = _exported(site.pk, ids, narrowed)
    newest = contacts.order_by("-pk").values_list("pk", flat=True).first()
    if newest is None:
        raise ValidationError("There is nobody to export.")
    total = contacts.order_by()[: COUNTED + 1].count()
    file = file_create(
        site=site,
        owner=actor.user,
        kind=ContactFile.Kind.EXPORT,
        name=f"{site.slug}-contacts-{timezone.now():%Y-%m-%d-%H%M}.csv",
    )
    file.job = job_start(
        kind=EXPORT,
        title=f"Export of contacts of {site.name}",
        site=site,
        parameters={
            "file": str(file.pk),
            "upper": str(newest),
            "ids": None if ids is None else [str(each) for each in ids],
            "narrowed": narrowed,
        },
        total=total,
        actor=actor,
    )
    file.save(update_fields=["job"])
    audit_record(
        actor=actor,
        action="contact_export.started",
        site=site,
        target=file,
        changes={"which": (None, _which(search, narrowing)), "contacts": (None, total)},
    )
    return file


@job_runner(EXPORT)
def run_export(job: Job) -> bool:
    file = ContactFile.objects.select_related("site").filter(pk=job.parameters["file"]).first()
    if file is None:
        raise JobFailed("The file of this export is gone: its days are over. Start it again.")
    ids = job.parameters["ids"]
    # A job that an older version queued has no narrowing.
    narrowed = job.parameters.get("narrowed")
    contacts = _exported(
        file.site_id, None if ids is None else [UUID(each) for each in ids], narrowed
    )
    contacts = contacts.filter(pk__lte=UUID(job.parameters["upper"]))
    if job.cursor:
        contacts = contacts.filter(pk__gt=UUID(job.cursor))
    chosen = contacts.defer("personal_identity_number", "fact_times")
    columns = columns_of(file.site_id)
    answers = ["preferences"]
    if any(column.holder is Holder.CONSENT for column in columns):
        answers.append("consents")
    rows = list(chosen.prefetch_related(*answers).order_by("pk")[:SLICE])
    dataset = ContactResource(file.site, columns).export(rows)
    part_append(file, dataset_text(dataset, is_first=not job.cursor))
    is_end = len(rows) < SLICE
    job.done += len(rows)
    job.cursor = str(rows[-1].pk) if rows else job.cursor
    job.total = job.done if is_end else max(job.total, job.done)
    job.counts = job.counts | {"exported": job.done}
    return is_end


def exports_of(*, site_ids: Collection[int], owner: User) -> QuerySet[ContactFile]:
    """Return the owner's exports, newest first."""
    files = ContactFile.objects.filter(owner=owner, kind=ContactFile.Kind.EXPORT)
    return files.filter(site_id__in=site_ids).select_related("site", "job").order_by("-pk")


def _which(search: str, narrowing: Narrowing | None) -> str:
    return narrowing.words if narrowing else "a search" if search else "all"


def _exported(
    site_id: int, ids: Collection[UUID] | None, narrowed: Collection[str] | None = None
) -> QuerySet[Contact]:
    """Return who is not erased and has a name to be found by when the file comes back."""
    contacts = Contact.objects.filter(site_id=site_id, deleted_at=None)
    contacts = contacts.exclude(email=None, external_id=None, phone=None)
    if narrowed:
        kind, key = narrowed
        contacts = contacts.filter(_narrowings[kind](key))
    return contacts if ids is None else contacts.filter(pk__in=ids)
