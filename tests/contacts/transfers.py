"""Files in and out, as operators bring and fetch them, without the console."""

from __future__ import annotations

import csv
import io
from typing import Any

from contacts.models import ContactImport
from contacts.transfer.exporting import export_start
from contacts.transfer.files import BYTE_ORDER_MARK, whole_text
from contacts.transfer.importing import Upload, import_preview, import_start, import_upload
from contacts.transfer.row_outcomes import RowOutcome
from sites.audit import Actor
from sites.jobs import run_job_slice
from sites.models import Job, Site

STAFF = Actor.system("staff")


def upload(site: Site, content: str | bytes, actor: Actor = STAFF, **options: Any) -> ContactImport:
    """Upload a file; it is not checked yet."""
    body = content.encode() if isinstance(content, str) else content
    options = {"name": "people.csv", "encoding": "utf-8", "size": len(body), **options}
    # In pieces that fit nothing, as they come from the wire.
    chunks = [body[start : start + 7] for start in range(0, min(len(body), 70), 7)] + [body[70:]]
    given = Upload(chunks=options.pop("chunks", chunks), **options)
    return import_upload(site=site, upload=given, actor=actor)


def worked(job: Job | None) -> Job:
    """Let the job come to its end, turn by turn."""
    assert job is not None
    for _ in range(100):
        run_job_slice(job.pk)
        job.refresh_from_db()
        if job.finished_at:
            return job
    raise AssertionError(f"{job} does not end: {job.state}")


def checked(site: Site, content: str | bytes, **options: Any) -> ContactImport:
    order = upload(site, content, **options)
    worked(order.check_job)
    return order


def imported(site: Site, content: str | bytes, **options: Any) -> Job:
    """Upload, check and apply a file; return the job that applied it."""
    return worked(import_start(order=checked(site, content, **options), actor=STAFF))


def preview(site: Site, content: str | bytes, **options: Any) -> list[RowOutcome]:
    return import_preview(upload(site, content, **options))


def exported(site: Site, search: str = "") -> str:
    """Return the text of an export, with its mark."""
    file = export_start(site=site, search=search, actor=STAFF)
    job = worked(file.job)
    assert job.state == "done", job.error
    return "".join(whole_text(file))


def failed_rows(order: ContactImport) -> list[dict[str, str]]:
    file = ContactImport.objects.get(pk=order.pk).failed_rows
    assert file is not None
    return rows_of("".join(whole_text(file)), order.delimiter)


def rows_of(text: str, delimiter: str = ",") -> list[dict[str, str]]:
    assert text.startswith(BYTE_ORDER_MARK)
    reader = csv.DictReader(io.StringIO(text[1:], newline=""), delimiter=delimiter)
    return list(reader)
