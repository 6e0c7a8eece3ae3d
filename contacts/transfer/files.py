"""The text of a file, in parts in the database.

Parts of an upload have a fixed length, so that a place in the text is found by a division. Parts of
a file that a job writes are as long as its slices make them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from contacts.models import ContactFile, ContactFilePart
from sites.models import Job, Site, User

PART_LENGTH: Final = 128 * 1024
# Excel takes a file without it for one in the encoding of its country.
BYTE_ORDER_MARK: Final = "\ufeff"
# In the counts of a job: rows of its file that went with the person they were about.
ROWS_ERASED: Final = "erased"
_LONGEST_NAME: Final[int] = ContactFile._meta.get_field("name").max_length or 0


def file_create(
    *, site: Site, owner: User | None, kind: ContactFile.Kind, name: str, job: Job | None = None
) -> ContactFile:
    return ContactFile.objects.create(
        site=site, owner=owner, kind=kind, name=name[-_LONGEST_NAME:], job=job
    )


def part_append(file: ContactFile, content: str) -> None:
    number = ContactFilePart.objects.filter(file=file).count()
    ContactFilePart.objects.create(file=file, number=number, content=content)


def in_equal_parts(pieces: Iterable[str]) -> Iterator[str]:
    """Yield the same text in parts of `PART_LENGTH`, the last one shorter."""
    waiting = ""
    for piece in pieces:
        waiting += piece
        while len(waiting) >= PART_LENGTH:
            yield waiting[:PART_LENGTH]
            waiting = waiting[PART_LENGTH:]
    if waiting:
        yield waiting


def text_from(file: ContactFile, offset: int) -> Iterator[str]:
    """Yield the text of an upload from this character on, part by part."""
    number, start = divmod(offset, PART_LENGTH)
    while True:
        part = ContactFilePart.objects.filter(file=file, number=number).first()
        if part is None:
            return
        yield part.content[start:]
        number, start = number + 1, 0


def whole_text(file: ContactFile) -> Iterator[str]:
    parts = ContactFilePart.objects.filter(file=file).order_by("number")
    for part in parts.iterator(chunk_size=8):
        yield part.content
