"""Taking in a file of contacts: uploaded and looked at, then started by hand."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from contacts.models import ContactFile, ContactFilePart, ContactImport
from contacts.transfer.columns import MatchedHeader, columns_of
from contacts.transfer.encodings import FileRefused, decoded
from contacts.transfer.files import file_create, in_equal_parts, text_from
from contacts.transfer.import_jobs import CHECK, IMPORT, facts_at
from contacts.transfer.reading import Head, Place, read_head, read_rows
from contacts.transfer.row_outcomes import ImportedRows, RowOutcome
from sites.audit import Actor, audit_record
from sites.jobs import job_start
from sites.models import Job, JobState, Site

LARGEST_FILE: Final = 20 * 1024 * 1024
MOST_WAITING: Final = 10
PREVIEWED_ROWS: Final = 200
_OPEN: Final = (JobState.PENDING, JobState.RUNNING)
_NOT_CHECKED: Final = "The file is not checked to its end. Wait for that, or upload it again."
_NO_IDENTITY: Final = (
    "No column names the contacts. One has to be “email” or “external_id”, by its id or as E-mail "
    "or External id."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as a form brings it, and what it asks for.

    `named_by` is empty to let the file say. `as_of` is the day that the file is from, when it is an
    old one: newer facts, such as an opt-out since then, stay.
    """

    name: str
    size: int
    chunks: Iterable[bytes]
    encoding: str
    named_by: str = ""
    adds_contacts: bool = True
    clears_empty: bool = False
    as_of: date | None = None


def import_upload(*, site: Site, upload: Upload, actor: Actor) -> ContactImport:
    """Store a file and start checking it; nothing of it is applied. Raises ValidationError."""
    if upload.size > LARGEST_FILE:
        raise ValidationError(too_large())
    today = timezone.localdate(timezone=ZoneInfo(site.time_zone))
    if upload.as_of is not None and upload.as_of > today:
        raise ValidationError("The day that the file is from is still to come.")
    if _waiting(site) >= MOST_WAITING:
        raise ValidationError(
            f"{MOST_WAITING} imports of this site are being worked on. Wait for one to end."
        )
    file = None
    try:
        parts = in_equal_parts(decoded(_capped(upload.chunks), upload.encoding))
        first = next(parts, "")
        head = read_head(first, columns_of(site.pk))
        named_by = _named_by(head.matched, upload.named_by)
        file = file_create(
            site=site, owner=actor.user, kind=ContactFile.Kind.UPLOAD, name=upload.name
        )
        lines = _store(file, first, parts)
        with transaction.atomic():
            return _begin(file, upload, head, named_by=named_by, lines=lines, actor=actor)
    except FileRefused as error:
        if file is not None:
            file.delete()
        raise ValidationError(str(error)) from None


def import_start(*, order: ContactImport, actor: Actor) -> Job:
    """Start applying a file that was checked. Raises ValidationError when it cannot be.

    After a stop it may be started again: rows that were applied are then unchanged.
    """
    with transaction.atomic():
        locked = ContactImport.objects.select_for_update(of=("self",))
        order = locked.select_related("site", "check_job", "import_job").get(pk=order.pk)
        check = order.check_job
        if check is None or check.state != JobState.DONE:
            raise ValidationError(_NOT_CHECKED)
        if order.import_job and order.import_job.state in (*_OPEN, JobState.DONE):
            raise ValidationError("This import was started already.")
        if order.failed_rows_id:
            ContactFile.objects.filter(pk=order.failed_rows_id).delete()
        order.started_at, order.failed_rows = timezone.now(), None
        order.import_job = job_start(
            kind=IMPORT,
            title=f"Import of {order.file_name}",
            site=order.site,
            parameters={"import": str(order.pk)},
            total=check.done,
            actor=actor,
        )
        order.save(update_fields=["started_at", "import_job", "failed_rows"])
        audit_record(
            actor=actor,
            action="contact_import.started",
            site=order.site,
            target=order,
            changes={"rows": (None, check.done), "named_by": (None, order.named_by)},
        )
        return order.import_job


def import_preview(order: ContactImport) -> list[RowOutcome]:
    """Return what the first rows would do now. Raises `FileRefused`."""
    place = Place(order.rows_begin_at, order.rows_begin_on_line)
    text = text_from(order.file, place.offset)
    rows, _ = read_rows(text, place, order.delimiter, PREVIEWED_ROWS)
    return ImportedRows(order, at=facts_at(order, timezone.now()), is_preview=True).outcomes(rows)


def _capped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Count what comes instead of believing the size that was said."""
    total = 0
    for chunk in chunks:
        total += len(chunk)
        if total > LARGEST_FILE:
            raise FileRefused(too_large())
        yield chunk


def too_large() -> str:
    return f"The file is larger than {LARGEST_FILE // 1024 // 1024} MB. Split it."


def _waiting(site: Site) -> int:
    return Job.objects.filter(site=site, kind__in=(CHECK, IMPORT), state__in=_OPEN).count()


def _named_by(matched: MatchedHeader, wanted: str) -> str:
    if matched.faults:
        raise FileRefused(" ".join(matched.faults))
    given = {column.id for column in matched.columns if column}
    usable = [name for name in ContactImport.NamedBy.values if name in given]
    if not usable:
        raise FileRefused(_NO_IDENTITY)
    if wanted and wanted not in usable:
        label = ContactImport.NamedBy(wanted).label
        raise FileRefused(f"Rows are to name their contacts by {label}, but no column is that.")
    return wanted or usable[0]


def _store(file: ContactFile, first: str, others: Iterator[str]) -> int:
    """Store the parts, each by itself: a long transaction would hold up everybody else on SQLite.

    Return how many lines there are.
    """
    lines, number, part = 0, 0, first
    while part:
        ContactFilePart.objects.create(file=file, number=number, content=part)
        lines += part.count("\n")
        number, part = number + 1, next(others, "")
    return lines


def _begin(  # noqa: PLR0913
    file: ContactFile, upload: Upload, head: Head, *, named_by: str, lines: int, actor: Actor
) -> ContactImport:
    order = ContactImport(
        site=file.site,
        created_by=actor.user,
        file=file,
        file_name=file.name,
        size=upload.size,
        delimiter=head.delimiter,
        rows_begin_at=head.rows_at.offset,
        rows_begin_on_line=head.rows_at.lines,
        header=head.header,
        columns=[column.id if column else "" for column in head.matched.columns],
        named_by=named_by,
        adds_contacts=upload.adds_contacts,
        clears_empty=upload.clears_empty,
        as_of=upload.as_of,
    )
    order.check_job = job_start(
        kind=CHECK,
        title=f"Check of {file.name}",
        site=file.site,
        parameters={"import": str(order.pk)},
        total=max(lines - head.rows_at.lines, 1),
        actor=actor,
    )
    order.save(force_insert=True)
    audit_record(
        actor=actor,
        action="contact_import.uploaded",
        site=file.site,
        target=order,
        changes={
            "size": (None, upload.size),
            "columns": (None, [column for column in order.columns if column]),
        },
    )
    return order
