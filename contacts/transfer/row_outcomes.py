"""What becomes of each row of a file: the resource's word on it, in the order of the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import tablib
from django.core.exceptions import ValidationError
from import_export.results import RowResult

from contacts.applied_change import Changes, ChangeSource
from contacts.models import ContactImport
from contacts.transfer.columns import Column, columns_of
from contacts.transfer.reading import Row
from contacts.transfer.resource import ContactResource, Importing, RowValues

# Scopes nothing, as files bring no ids of a sender; it never changes all the same.
_SOURCE_KEY: Final = "import"
_NOT_KNOWN: Final = "E0501"
_NOT_THERE: Final = "Nobody is known by this name, and the import adds nobody."


class Became(StrEnum):
    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowOutcome:
    """`problems` are sentences for the operator: why a row failed or was skipped."""

    row: Row
    became: Became
    who: str = ""
    changes: Changes
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class ImportedRows:
    """Puts rows of an import through the door, or with `is_preview` only asks what it would do."""

    def __init__(self, order: ContactImport, *, at: datetime, is_preview: bool) -> None:
        known = {column.id: column for column in columns_of(order.site_id)}
        # A contact field that was deleted since is left out like any other unknown column.
        self._places: list[tuple[int, Column]] = [
            (place, known[column_id])
            for place, column_id in enumerate(order.columns)
            if column_id in known
        ]
        self._width = len(order.columns)
        columns = [column for _, column in self._places]
        self._labels = {column.id: column.label for column in columns}
        importing = Importing(
            source=ChangeSource(
                key=_SOURCE_KEY,
                label=str(order),
                received_at=at,
                actor_label=order.created_by.get_username() if order.created_by else "",
            ),
            named_by=order.named_by,
            adds_contacts=order.adds_contacts,
            clears_empty=order.clears_empty,
            is_preview=is_preview,
        )
        self._resource = ContactResource(order.site, columns, importing)

    def outcomes(self, rows: Sequence[Row]) -> list[RowOutcome]:
        fitting = [row for row in rows if len(row.cells) <= self._width]
        dataset = tablib.Dataset(
            *(self._cells(row) for row in fitting), headers=[each.id for _, each in self._places]
        )
        results = iter(self._resource.import_data(dataset).rows)
        return [
            self._outcome(row, next(results)) if len(row.cells) <= self._width else self._wide(row)
            for row in rows
        ]

    def _cells(self, row: Row) -> list[str]:
        # Spreadsheets leave the empty cells at the end of a row away.
        cells = row.cells + [""] * (self._width - len(row.cells))
        return [cells[place] for place, _ in self._places]

    def _wide(self, row: Row) -> RowOutcome:
        told = (
            f"The row has {len(row.cells)} cells and the header {self._width}. A cell that holds "
            "the delimiter belongs between quotation marks."
        )
        return RowOutcome(row=row, became=Became.FAILED, changes={}, problems=(told,))

    def _outcome(self, row: Row, result: RowResult) -> RowOutcome:
        error: ValidationError | None = result.validation_error
        values: RowValues | None = result.instance
        applied = values.applied if values else None
        became = Became.FAILED if error or applied is None else Became(applied.kind)
        problems = self._problems(error) if error else ()
        if error is not None and getattr(error, "code", "") == _NOT_KNOWN:
            became, problems = Became.SKIPPED, (_NOT_THERE,)
        return RowOutcome(
            row=row,
            became=became,
            who=self._who(row),
            changes=applied.changes if applied else {},
            problems=problems,
            notes=applied.notes if applied and not error else (),
        )

    def _problems(self, error: ValidationError) -> tuple[str, ...]:
        if not hasattr(error, "error_dict"):
            return tuple(error.messages)
        return tuple(
            f"{self._labels[column_id]}: {message}"
            for column_id, messages in error.message_dict.items()
            for message in messages
        )

    def _who(self, row: Row) -> str:
        given = {
            column.id: row.cells[place] for place, column in self._places if place < len(row.cells)
        }
        return next((given[name] for name in self._resource.naming if given.get(name)), "")
