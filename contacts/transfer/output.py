"""Rows as CSV text, such that no spreadsheet computes any of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import tablib
from import_export.formats.base_formats import CSV

from contacts.transfer.cells import escaped
from contacts.transfer.files import BYTE_ORDER_MARK


def csv_text(
    rows: Iterable[Sequence[str]], *, header: Sequence[str] | None, delimiter: str = ","
) -> str:
    """Return the rows, their cells escaped. With a header it is the beginning of a file."""
    text = "".join(_lines([list(map(escaped, row))], delimiter) for row in rows)
    return (
        text
        if header is None
        else BYTE_ORDER_MARK + _lines([list(map(escaped, header))], delimiter) + text
    )


def dataset_text(dataset: tablib.Dataset, *, is_first: bool) -> str:
    """Return what a resource exported, its header only in front of the first rows of a file."""
    if not is_first:
        dataset.headers = None
    text = str(CSV().export_data(dataset))
    return BYTE_ORDER_MARK + text if is_first else text


def _lines(rows: list[list[str]], delimiter: str) -> str:
    return str(CSV().export_data(tablib.Dataset(*rows), delimiter=delimiter))
