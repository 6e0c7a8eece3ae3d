"""What the page of an import says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.safestring import SafeString

from common.admin.status_chip import Tone, status_chip
from contacts.admin.change_words import FieldChange, field_changes
from contacts.admin.field_words import field_names
from contacts.models import ContactImport
from contacts.transfer.columns import columns_of, match_header
from contacts.transfer.encodings import FileRefused
from contacts.transfer.files import ROWS_ERASED
from contacts.transfer.importing import PREVIEWED_ROWS, import_preview
from contacts.transfer.row_outcomes import Became, RowOutcome
from sites.models import Job, JobState

OPEN: Final = (JobState.PENDING, JobState.RUNNING)
_DELETED: Final = "left out, as the contact field was deleted since"
_DELIMITERS: Final = {",": "comma", ";": "semicolon", "\t": "tab"}
_WORDS: Final = {
    Became.CREATED: ("New", Tone.GOOD),
    Became.CHANGED: ("Changed", Tone.BUSY),
    Became.UNCHANGED: ("Unchanged", Tone.QUIET),
    Became.SKIPPED: ("Skipped", Tone.WAITING),
    Became.FAILED: ("Refused", Tone.BAD),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownRow:
    line: int
    who: str
    chip: SafeString
    changes: list[FieldChange]
    remarks: list[str]


def import_chip(order: ContactImport) -> SafeString:
    check, job = order.check_job, order.import_job
    if job is not None:
        if job.state in OPEN:
            return status_chip("Importing", Tone.BUSY)
        if job.state == JobState.DONE:
            has_failed = bool(job.counts.get(Became.FAILED))
            tone = Tone.WARNING if has_failed else Tone.GOOD
            return status_chip("Imported, some rows refused" if has_failed else "Imported", tone)
        return status_chip("Stopped", Tone.BAD)
    if check is not None and check.state in OPEN:
        return status_chip("Being checked", Tone.BUSY)
    if check is not None and check.state == JobState.DONE:
        return status_chip("Waits to be started", Tone.WAITING)
    return status_chip("Cannot be read", Tone.BAD)


def import_context(order: ContactImport) -> dict[str, Any]:
    """Return what is known of the file, how far its jobs are, and until the start a preview."""
    check, job = order.check_job, order.import_job
    is_checked = check is not None and check.state == JobState.DONE
    writes = _writes(check)
    rows, unreadable = ([], "") if job else _preview(order)
    latest = job or check
    return {
        "order": order,
        "chip": import_chip(order),
        "delimiter": _DELIMITERS.get(order.delimiter, order.delimiter),
        "columns": _columns(order),
        "left_out": match_header(order.header, columns_of(order.site_id)).left_out,
        "job": latest,
        "is_open": latest is not None and latest.state in OPEN,
        "counts": _counts(latest),
        "erased": check.counts.get(ROWS_ERASED, 0) if check else 0,
        "may_start": is_checked and writes and (job is None or _may_start_again(job)),
        "is_again": job is not None,
        "nothing_to_write": is_checked and not writes and job is None,
        "rows": rows,
        "unreadable": unreadable,
        "most_rows": PREVIEWED_ROWS,
        "total": check.done if check else 0,
        "writes": writes,
    }


def _writes(check: Job | None) -> int:
    counts: Mapping[str, int] = check.counts if check else {}
    return counts.get(Became.CREATED, 0) + counts.get(Became.CHANGED, 0)


def _may_start_again(job: Job) -> bool:
    return job.state in (JobState.CANCELLED, JobState.FAILED)


def _counts(job: Job | None) -> list[tuple[str, int]]:
    counts: Mapping[str, int] = job.counts if job else {}
    return [(_WORDS[each][0], counts[each]) for each in Became if counts.get(each)]


def _columns(order: ContactImport) -> list[tuple[str, str]]:
    """Return each column as the file calls it, with what it is where that says more."""
    labels = {column.id: column.label for column in columns_of(order.site_id)}
    return [
        (name, "" if label.casefold() == name.casefold() else label)
        for name, column_id in zip(order.header, order.columns, strict=True)
        if column_id and (label := labels.get(column_id, _DELETED))
    ]


def _preview(order: ContactImport) -> tuple[list[ShownRow], str]:
    names = field_names(order.site_id)
    try:
        return [_shown(each, names) for each in import_preview(order)], ""
    except FileRefused as error:
        return [], str(error)


def _shown(outcome: RowOutcome, names: Mapping[str, str]) -> ShownRow:
    label, tone = _WORDS[outcome.became]
    return ShownRow(
        line=outcome.row.line,
        who=outcome.who,
        chip=status_chip(label, tone),
        changes=field_changes(outcome.changes, names),
        remarks=[*outcome.problems, *(note.partition(": ")[2] or note for note in outcome.notes)],
    )
