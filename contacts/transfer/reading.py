"""Text to rows, from any place of a file on. Every cap of a file but its size is held here."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Self

from contacts.transfer.cells import unescaped
from contacts.transfer.columns import Column, MatchedHeader, match_header
from contacts.transfer.encodings import FileRefused
from contacts.transfer.files import PART_LENGTH

LONGEST_CELL: Final = 10_000
MOST_COLUMNS: Final = 400
MOST_ROWS: Final = 200_000
_LONGEST_LINE: Final = 1024 * 1024
_DELIMITERS: Final = (",", ";", "\t")
# Excel's own way to say it, on a line in front of the header.
_SEPARATOR_LINE: Final = re.compile(r'"?sep=([,;\t])"?\r?\n', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """Before which character a row begins, and how many lines and rows are before it."""

    offset: int
    lines: int
    rows: int = 0

    def __str__(self) -> str:
        return f"{self.offset}:{self.lines}:{self.rows}"

    @classmethod
    def parse(cls, text: str) -> Self:
        return cls(*map(int, text.split(":")))


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of a row as they are meant, and the line on which it begins."""

    line: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class Head:
    """What the beginning of a file says; `rows_at` is where its first row begins."""

    delimiter: str
    header: list[str]
    matched: MatchedHeader
    rows_at: Place


def read_head(text: str, columns: tuple[Column, ...]) -> Head:
    """Find the delimiter and the header in the beginning of a file; raises `FileRefused`.

    The delimiter under which the header names most columns is the right one.
    """
    separator = _SEPARATOR_LINE.match(text)
    start = Place(separator.end(), 1) if separator else Place(0, 0)
    if not text[start.offset :].strip():
        raise FileRefused("The file is empty. Its first line has to name the columns.")
    if len(text) >= PART_LENGTH and "\n" not in text:
        raise FileRefused(f"The first line is too long to name columns. {_OLD_LINE_ENDS}")
    heads = []
    refused: FileRefused | None = None
    for delimiter in (separator[1],) if separator else _DELIMITERS:
        try:
            rows, place = read_rows([text[start.offset :]], start, delimiter, 1)
        except FileRefused as error:
            refused = refused or error
            continue
        cells = rows[0].cells if rows else []
        at = Place(place.offset, place.lines)
        heads.append(Head(delimiter, cells, match_header(cells, columns), at))
    best = max(heads, key=lambda head: (head.matched.known, len(head.header)), default=None)
    if best is None or (refused and not best.matched.known):
        raise refused or FileRefused("The first line does not name columns.")
    return best


def read_rows(
    pieces: Iterable[str], place: Place, delimiter: str, most: int
) -> tuple[list[Row], Place]:
    """Return at most so many rows and the place behind them; fewer rows mean the end.

    `pieces` are the text from `place` on. Empty rows are left out. Raises `FileRefused` for what
    makes the rest of the file unreadable.
    """
    lines = _Lines(pieces, place)
    rows: list[Row] = []
    for row in _rows(lines, delimiter):
        _check(row)
        rows.append(row)
        if len(rows) == most:
            break
    if place.rows + len(rows) > MOST_ROWS:
        raise FileRefused(f"The file has more than {MOST_ROWS:,} rows. Split it.")
    return rows, Place(lines.offset, lines.number, place.rows + len(rows))


def each_row(pieces: Iterable[str], place: Place, delimiter: str) -> Iterator[tuple[Row, Place]]:
    """Yield the rows that are not empty, each with the place behind it, however long they are.

    `pieces` are the text from `place` on. Raises `FileRefused` where rows cannot be told apart.
    """
    lines = _Lines(pieces, place)
    for count, row in enumerate(_rows(lines, delimiter), start=place.rows + 1):
        yield row, Place(lines.offset, lines.number, count)


def _rows(lines: _Lines, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = lines.number + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise FileRefused(_told(str(error), line)) from None
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield Row(line, [unescaped(cell) for cell in cells])


class _Lines(Iterator[str]):
    """Lines with their ends, of text that comes in pieces, and how far they go."""

    def __init__(self, pieces: Iterable[str], place: Place) -> None:
        self.offset = place.offset
        self.number = place.lines
        self._pieces = iter(pieces)
        self._text = ""
        self._at = 0

    def __next__(self) -> str:
        while (end := self._text.find("\n", self._at)) < 0:
            if len(self._text) - self._at > _LONGEST_LINE:
                raise FileRefused(
                    f"Line {self.number + 1} is longer than {_LONGEST_LINE:,} characters. "
                    + _OLD_LINE_ENDS
                )
            piece = next(self._pieces, None)
            if piece is None:
                end = len(self._text) - 1
                break
            self._text, self._at = self._text[self._at :] + piece, 0
        line = self._text[self._at : end + 1]
        if not line:
            raise StopIteration
        self._at = end + 1
        self.offset += len(line)
        self.number += 1
        return line


_OLD_LINE_ENDS: Final = (
    "Lines have to end as on Windows, Linux or newer Macs: save the sheet as “CSV UTF-8”."
)


def _check(row: Row) -> None:
    if len(row.cells) > MOST_COLUMNS:
        raise FileRefused(f"Line {row.line} has more than {MOST_COLUMNS} columns.")
    if max(map(len, row.cells)) > LONGEST_CELL:
        raise FileRefused(_too_long(row.line))


def _too_long(line: int) -> str:
    return (
        f"In the row that begins on line {line}, a cell is longer than {LONGEST_CELL:,} "
        "characters. Often a quotation mark without its partner is the cause: look there."
    )


def _told(error: str, line: int) -> str:
    if "field larger" in error:
        return _too_long(line)
    if "unexpected end" in error:
        return (
            f"The quotation mark that opens a cell in the row on line {line} is never closed. "
            "Close or remove it."
        )
    if "expected after" in error:
        return (
            f"In the row that begins on line {line}, something follows a closing quotation mark. "
            "A quotation mark within a cell is written twice."
        )
    if "new-line" in error:
        return f"Line {line} holds a lone carriage return. {_OLD_LINE_ENDS}"
    return f"The row that begins on line {line} cannot be read as CSV: {error}."
