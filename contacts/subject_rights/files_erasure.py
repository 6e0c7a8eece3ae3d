"""Takes an erased person out of the files of imports and exports.

The job of a file is locked before the file is looked at: no slice of it is under way that read the
person before and would write them after.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from django.db.models import Q

from contacts.models import ContactFile, ContactImport, ContactMerge
from contacts.subject_rights.personal_data import Links, Place, Sought, Step
from contacts.transfer.files import ROWS_ERASED
from contacts.transfer.person_rows import CONTACT_IDS, People
from contacts.transfer.row_removal import Looked, output_without, upload_without
from sites.models import Job

_RENAMED: Final = "file of an erased person.csv"


def contact_ids_of(contact_id: UUID) -> Links:
    """Return the ids under which exports know the person: this one, and those that became it."""
    merges = ContactMerge.objects.filter(contact_id=contact_id)
    absorbed = merges.values_list("absorbed_id", flat=True)
    return Links({str(contact_id), *map(str, absorbed)}, ())


def erase_files(sought: Sought, cursor: str) -> Step:
    """Look at some of the next file; the cursor is its id, with how far it is until its end."""
    file_id, _, at = cursor.partition("|")
    files = ContactFile.objects.filter(site_id=sought.site_id)
    if file_id:
        files = files.filter(pk__gte=UUID(file_id)) if at else files.filter(pk__gt=UUID(file_id))
    file = files.order_by("pk").first()
    if file is None:
        return Step(0, cursor, True)
    if str(file.pk) != file_id:
        at = ""
    order = ContactImport.objects.filter(Q(file=file) | Q(failed_rows=file)).first()
    jobs = _locked_jobs(file, order)
    people = People([sought])
    looked = Looked(0, "")
    if file.kind != ContactFile.Kind.UPLOAD:
        looked = output_without(file, order, people, at)
    elif order is not None:
        # Without an order it is still being uploaded, and so came after the erasure.
        looked = upload_without(order, people, at)
    bare_name = file.name.rpartition(".")[0]
    if not looked.at and people.stand_in(f"{file.name}\n{bare_name}"):
        _rename(file, order, jobs)
    if looked.gone:
        _count(file, order, jobs, looked.gone)
    cursor = f"{file.pk}|{looked.at}" if looked.at else str(file.pk)
    return Step(looked.gone, cursor, False)


def _locked_jobs(file: ContactFile, order: ContactImport | None) -> Sequence[Job]:
    ids = {file.job_id}
    if order is not None:
        ids |= {order.check_job_id, order.import_job_id}
    jobs = Job.objects.select_for_update().filter(pk__in=[each for each in ids if each])
    return list(jobs.order_by("pk"))


def _rename(file: ContactFile, order: ContactImport | None, jobs: Iterable[Job]) -> None:
    ContactFile.objects.filter(pk=file.pk).update(name=_RENAMED)
    if order is None or order.file_id != file.pk:
        return
    for job in jobs:
        title = job.title.replace(order.file_name, _RENAMED)
        Job.objects.filter(pk=job.pk).update(title=title)
    ContactImport.objects.filter(pk=order.pk).update(file_name=_RENAMED)


def _count(file: ContactFile, order: ContactImport | None, jobs: Iterable[Job], found: int) -> None:
    """Note with the job that the page of the file shows how many rows it has lost."""
    told = order.check_job_id if order and order.file_id == file.pk else file.job_id
    for job in jobs:
        if job.pk == told:
            counts = job.counts | {ROWS_ERASED: job.counts.get(ROWS_ERASED, 0) + found}
            Job.objects.filter(pk=job.pk).update(counts=counts)


PLACES: Final = (
    Place(
        key=CONTACT_IDS,
        label="Rows in files of imports and exports",
        links=contact_ids_of,
        erase=erase_files,
    ),
)
