"""Uploaded bytes to text, a piece at a time."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from typing import Final

UTF_8: Final = "utf-8"
# What Excel writes in the Nordic countries and Western Europe when asked for plain CSV.
WINDOWS_1252: Final = "cp1252"

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LONGEST_MARK: Final = 3


class FileRefused(Exception):
    """The file cannot be taken; the text is a sentence that says why and what to do."""


def decoded(chunks: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Yield the text of the chunks; raises `FileRefused`.

    A mark at the beginning (UTF-8, UTF-16) decides; without one, `encoding` does.
    """
    pieces = iter(chunks)
    start = b""
    while len(start) < _LONGEST_MARK and (piece := next(pieces, None)) is not None:
        start += piece
    found = next((name for mark, name in _MARKS if start.startswith(mark)), encoding)
    decoder = codecs.getincrementaldecoder(found)("strict")
    lines = 1
    for piece, is_last in _with_last(start, pieces):
        try:
            text = decoder.decode(piece, final=is_last)
        except UnicodeDecodeError as error:
            raise FileRefused(_not_in(found, lines + _newlines(error))) from None
        if "\0" in text:
            line = lines + text.count("\n", 0, text.index("\0"))
            raise FileRefused(
                f"Line {line} holds the character NUL, which no CSV file has. Save the sheet as "
                "“CSV UTF-8” and upload that."
            )
        lines += text.count("\n")
        yield text


def _with_last(start: bytes, pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    current = start
    for following in pieces:
        yield current, False
        current = following
    yield current, True


def _newlines(error: UnicodeDecodeError) -> int:
    return error.object[: error.start].count(b"\n")


def _not_in(encoding: str, line: int) -> str:
    if encoding == WINDOWS_1252:
        return f"Line {line} is not in Windows-1252. Choose UTF-8, or save it as “CSV UTF-8”."
    if encoding == UTF_8:
        return (
            f"Line {line} is not in UTF-8. Save the sheet as “CSV UTF-8”, or choose Windows-1252 "
            "if it is Excel's plain CSV."
        )
    return f"Line {line} is broken: it is not in the encoding that the file begins with."
