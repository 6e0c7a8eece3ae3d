"""The two jobs of an import: what a file would do, and doing it.

The cursor is the place in the text behind the last slice, recorded with what the slice did: a
process that is killed leaves no row half done and none done twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, time
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone

from contacts.models import ContactFile, ContactImport, SubjectErasure
from contacts.subject_rights.personal_data import Sought, sought_by
from contacts.transfer.columns import LINE, PROBLEM
from contacts.transfer.encodings import FileRefused
from contacts.transfer.files import ROWS_ERASED, file_create, part_append, text_from
from contacts.transfer.output import csv_text
from contacts.transfer.person_rows import People
from contacts.transfer.reading import Place, Row, read_rows
from contacts.transfer.row_outcomes import Became, ImportedRows, RowOutcome
from sites.jobs import JobFailed, job_runner
from sites.models import Job

CHECK: Final = "contact_import_check"
IMPORT: Final = "contact_import"
# Reads only, so nobody waits for it.
CHECKED_AT_ONCE: Final = 2_000
# One transaction each: on SQLite everybody who writes waits for it.
APPLIED_AT_ONCE: Final = 500
MOST_PROBLEMS: Final = 50


@job_runner(CHECK, in_transaction=False)
def run_check(job: Job) -> bool:
    order, rows, place = _slice(job, CHECKED_AT_ONCE)
    at = facts_at(order, timezone.now())
    outcomes = ImportedRows(order, at=at, is_preview=True).outcomes(rows)
    _remember_problems(order, outcomes)
    return _record(job, outcomes, place, len(rows) < CHECKED_AT_ONCE)


@job_runner(IMPORT)
def run_import(job: Job) -> bool:
    order, rows, place = _slice(job, APPLIED_AT_ONCE)
    outcomes = _applied(order, rows)
    _keep_failed(order, [each for each in outcomes if each.became is Became.FAILED])
    return _record(job, outcomes, place, len(rows) < APPLIED_AT_ONCE)


def facts_at(order: ContactImport, started_at: datetime) -> datetime:
    """Return when what the file says was true.

    Of an old file that is the beginning of its day: whoever said no on that day said it later.
    """
    if order.as_of is None:
        return started_at
    return datetime.combine(order.as_of, time.min, tzinfo=ZoneInfo(order.site.time_zone))


def _applied(order: ContactImport, rows: Sequence[Row]) -> list[RowOutcome]:
    """Apply rows, apart from those about people whose erasure has not come to this file yet.

    Who is erased while they are applied is looked for afterwards: without the contact that is gone,
    their row has made a new one.
    """
    assert order.started_at is not None
    imported = ImportedRows(order, at=facts_at(order, order.started_at), is_preview=False)
    while True:
        people = _being_erased(order.site_id)
        if people:
            erased = People(people.values()).in_file(order.header, order.site_id)
            rows = [row for row in rows if not erased.includes(row.cells)]
        with transaction.atomic():
            outcomes = imported.outcomes(rows)
            if _being_erased(order.site_id).keys() <= people.keys():
                return outcomes
            transaction.set_rollback(True)


def _being_erased(site_id: int) -> dict[UUID, Sought]:
    erasures = SubjectErasure.objects.filter(site_id=site_id)
    waiting = erasures.exclude(state=SubjectErasure.State.DONE)
    return {erasure.pk: sought_by(erasure) for erasure in waiting}


def _slice(job: Job, most: int) -> tuple[ContactImport, list[Row], Place]:
    orders = ContactImport.objects.select_related("site", "file", "created_by")
    order = orders.filter(pk=UUID(job.parameters["import"])).first()
    if order is None:
        raise JobFailed("The uploaded file is gone: its days are over. Upload it again.")
    place = (
        Place.parse(job.cursor)
        if job.cursor
        else Place(order.rows_begin_at, order.rows_begin_on_line)
    )
    try:
        rows, behind = read_rows(text_from(order.file, place.offset), place, order.delimiter, most)
    except FileRefused as error:
        raise JobFailed(str(error)) from None
    return order, rows, behind


def _record(job: Job, outcomes: Iterable[RowOutcome], place: Place, is_end: bool) -> bool:
    counts = Counter(job.counts)
    counts.update(outcome.became.value for outcome in outcomes)
    # In the order in which they are told, and without what did not happen.
    names = (*(each.value for each in Became), ROWS_ERASED)
    job.counts = {name: counts[name] for name in names if counts[name]}
    job.cursor = str(place)
    job.done = place.rows
    job.total = place.rows if is_end else max(job.total, place.rows)
    return is_end


def _remember_problems(order: ContactImport, outcomes: Sequence[RowOutcome]) -> None:
    """Keep the first of them for the page; a slice may come twice."""
    missing = MOST_PROBLEMS - len(order.first_problems)
    known = {line for line, _ in order.first_problems}
    found = [
        [each.row.line, " ".join(each.problems)]
        for each in outcomes
        if each.became is Became.FAILED and each.row.line not in known
    ][:missing]
    if found:
        order.first_problems = [*order.first_problems, *found]
        order.save(update_fields=["first_problems"])


def _keep_failed(order: ContactImport, failed: Sequence[RowOutcome]) -> None:
    """Append the rows to the file that the operator corrects and uploads again."""
    if not failed:
        return
    header: list[str] | None = None
    file = order.failed_rows
    if file is None:
        file = order.failed_rows = file_create(
            site=order.site,
            owner=order.created_by,
            kind=ContactFile.Kind.FAILED_ROWS,
            name=f"failed rows of {order.file_name}",
        )
        order.save(update_fields=["failed_rows"])
        header = [LINE, PROBLEM, *order.header]
    # In front, where they stand in line whatever number of cells a row has.
    rows = [[str(each.row.line), " ".join(each.problems), *each.row.cells] for each in failed]
    part_append(file, csv_text(rows, header=header, delimiter=order.delimiter))
