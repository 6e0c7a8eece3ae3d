"""Takes rows out of a file, some of the file at a time.

A row of an upload becomes blank, character for character: places in the text, such as where a
running import is, stay what they are, and an import leaves blank rows out. Of what a job wrote the
row goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from contacts.models import ContactFile, ContactFilePart, ContactImport
from contacts.transfer.columns import columns_of
from contacts.transfer.encodings import FileRefused
from contacts.transfer.files import BYTE_ORDER_MARK, PART_LENGTH, text_from
from contacts.transfer.person_rows import People, RowsAbout
from contacts.transfer.reading import Place, each_row, read_head, read_rows

# In a transaction: on SQLite everybody who writes waits for it.
_CHARACTERS_AT_ONCE: Final = 2 * PART_LENGTH
_PARTS_AT_ONCE: Final = 4
# What a name may take up of a part, when it lies across two of them.
_OVERLAP: Final = 400


@dataclass(frozen=True, slots=True)
class Looked:
    """How many rows went, and at what place to go on; "" is the end of the file."""

    gone: int
    at: str


@dataclass(frozen=True, slots=True)
class _Layout:
    delimiter: str
    header: Sequence[str]
    rows_at: Place


def upload_without(order: ContactImport, people: People, at: str) -> Looked:
    """Blank the rows about some people in the next part of an upload."""
    file = order.file
    if not at and not _is_true_of(people.may_stand_in, text_from(file, 0)):
        return Looked(0, "")
    rows = people.in_file(order.header, file.site_id)
    gone = 0 if at else _blank_header(order, rows)
    place = Place.parse(at) if at else Place(order.rows_begin_at, order.rows_begin_on_line)
    end = place.offset + _CHARACTERS_AT_ONCE
    spans, rest = [], ""
    try:
        for row, behind in each_row(text_from(file, place.offset), place, order.delimiter):
            if rows.includes(row.cells):
                spans.append((place.offset, behind.offset))
            place = behind
            if place.offset >= end:
                rest = str(place)
                break
    except FileRefused:
        # Where rows end is not known from here on: if one of them is in it, all of it goes.
        if _is_true_of(people.stand_in, text_from(file, place.offset)):
            spans.append((place.offset, _length(file)))
    _blank(file, spans, order.delimiter)
    return Looked(gone + len(spans), rest)


def output_without(
    file: ContactFile, order: ContactImport | None, people: People, at: str
) -> Looked:
    """Take rows out of the next parts of what a job wrote; each part holds whole rows.

    `order` is the import whose refused rows the file holds, if it does.
    """
    start = ContactFilePart.objects.filter(file=file, number=0).first()
    if start is None:
        return Looked(0, "")
    layout = _layout(start.content.removeprefix(BYTE_ORDER_MARK), file.site_id, order)
    rows = people.in_file(layout.header, file.site_id)
    first, gone = int(at or 0), 0
    parts = ContactFilePart.objects.filter(file=file, number__gte=first).order_by("number")
    looked_at = list(parts[:_PARTS_AT_ONCE])
    for part in looked_at:
        if not people.may_stand_in(part.content):
            continue
        kept, less = _without(part, layout, rows)
        if less:
            part.content = kept
            part.save(update_fields=["content"])
            gone += less
    is_end = len(looked_at) < _PARTS_AT_ONCE
    return Looked(gone, "" if is_end else str(first + _PARTS_AT_ONCE))


def _layout(text: str, site_id: int, order: ContactImport | None) -> _Layout:
    """Return how a file that a job wrote is laid out, which begins with this text."""
    try:
        delimiter = order.delimiter if order else read_head(text, columns_of(site_id)).delimiter
        rows, behind = read_rows([text], Place(0, 0), delimiter, 1)
    except FileRefused:
        return _Layout(",", (), Place(0, 0))
    return _Layout(delimiter, rows[0].cells if rows else (), behind)


def _without(part: ContactFilePart, layout: _Layout, rows: RowsAbout) -> tuple[str, int]:
    """Return the text of a part without the rows about the person, and how many those are."""
    text = part.content.removeprefix(BYTE_ORDER_MARK)
    mark = part.content[: len(part.content) - len(text)]
    place = layout.rows_at if part.number == 0 else Place(0, 0)
    kept, gone = [mark, text[: place.offset]], 0
    try:
        for row, behind in each_row([text[place.offset :]], place, layout.delimiter):
            if rows.includes(row.cells):
                gone += 1
            else:
                kept.append(text[place.offset : behind.offset])
            place = behind
    except FileRefused:
        if rows.people.stand_in(text[place.offset :]):
            gone += 1
        else:
            kept.append(text[place.offset :])
    return "".join(kept), gone


def _blank_header(order: ContactImport, rows: RowsAbout) -> int:
    """Blank what stands in front of the rows if somebody stands in it, as where a header lacks."""
    if not any(rows.people.stand_in(cell) for cell in order.header):
        return 0
    order.header = ["" if rows.people.stand_in(cell) else cell for cell in order.header]
    order.save(update_fields=["header"])
    _blank(order.file, [(0, order.rows_begin_at)], order.delimiter)
    return 1


def _blank(file: ContactFile, spans: Iterable[tuple[int, int]], delimiter: str) -> None:
    """Put spaces over these characters. Ends of lines stay, and delimiters, lest a cell grow."""
    spans = list(spans)
    numbers = {
        number
        for start, end in spans
        for number in range(start // PART_LENGTH, (end - 1) // PART_LENGTH + 1)
    }
    written = re.compile(f"[^\n{re.escape(delimiter)}]")
    for number in sorted(numbers):
        part = ContactFilePart.objects.get(file=file, number=number)
        text, begins = part.content, number * PART_LENGTH
        for start, end in spans:
            first, last = max(start - begins, 0), max(end - begins, 0)
            text = text[:first] + written.sub(" ", text[first:last]) + text[last:]
        part.content = text
        part.save(update_fields=["content"])


def _is_true_of(says: Callable[[str], bool], pieces: Iterable[str]) -> bool:
    before = ""
    for piece in pieces:
        if says(before + piece):
            return True
        before = piece[-_OVERLAP:]
    return False


def _length(file: ContactFile) -> int:
    last = ContactFilePart.objects.filter(file=file).order_by("-number").first()
    return last.number * PART_LENGTH + len(last.content) if last else 0
