"""Files as the world makes them, and files made to do harm: what is taken, and what is told."""

from __future__ import annotations

import csv
import io
import tracemalloc
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from contacts.models import Contact, ContactFile, ContactImport
from contacts.transfer import importing, reading
from contacts.transfer.columns import columns_of, match_header
from contacts.transfer.encodings import FileRefused, decoded
from contacts.transfer.files import PART_LENGTH, in_equal_parts
from contacts.transfer.importing import LARGEST_FILE
from contacts.transfer.reading import LONGEST_CELL, MOST_COLUMNS, Place, read_rows
from contacts.transfer.row_outcomes import Became
from sites.models import Job, Site
from tests.contacts.transfers import checked, imported, preview, upload
from tests.factories import ContactFieldFactory

pytestmark = pytest.mark.django_db

CHARACTERS = st.characters(exclude_characters="\0\r", exclude_categories=["Cs"])
ROWS = 'email{0}first_name{0}city\njane@example.com{0}Åsa{0}"Lund{0} Malmö"\n'


def refusal(site: Site, content: str | bytes, **options: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        upload(site, content, **options)
    assert not ContactImport.objects.exists()
    assert not ContactFile.objects.exists()
    assert not Job.objects.exists()
    return " ".join(caught.value.messages)


def check_error(site: Site, content: str) -> str:
    job = checked(site, content).check_job
    assert job is not None
    assert job.state == "failed"
    return job.error


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize(
    ("codec", "mark", "encoding"),
    [
        ("utf-8", b"", "utf-8"),
        ("utf-8-sig", b"", "utf-8"),
        ("utf-8-sig", b"", "cp1252"),
        ("utf-16", b"", "utf-8"),
        ("utf-16-be", b"\xfe\xff", "utf-8"),
        ("cp1252", b"", "cp1252"),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_files_of_every_program_are_read(
    site: Site, delimiter: str, codec: str, mark: bytes, encoding: str, end: str
) -> None:
    content = mark + ROWS.format(delimiter).replace("\n", end).encode(codec)
    assert upload(site, content, encoding=encoding).delimiter == delimiter
    imported(site, content, encoding=encoding)
    jane = Contact.objects.get()
    assert (jane.email, jane.first_name) == ("jane@example.com", "Åsa")
    assert jane.city == f"Lund{delimiter} Malmö".replace("\t", " ")


def test_excels_own_line_about_the_separator_is_understood(site: Site) -> None:
    order = upload(site, "sep=;\r\nemail;first_name\r\nbad;X\r\n")
    assert (order.delimiter, order.columns) == (";", ["email", "first_name"])
    assert preview(site, "sep=;\nemail;first_name\nbad;X\n")[0].row.line == 3


def test_lines_are_told_as_an_editor_counts_them(site: Site) -> None:
    text = '\n\nemail,first_name\n\n"bad\n\n1",X\n,,\nbad2,Y\nbad3\n'
    rows = preview(site, text)
    assert [row.row.line for row in rows] == [5, 9, 10]
    assert all(row.became is Became.FAILED for row in rows)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "empty"),
        (b" \n\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"first_name,city\nA,B\n", "No column names the contacts"),
        (b"email,E-Mail\na@x.se,b@x.se\n", "Columns 1 and 2 are both E-mail"),
        (b"email\nab\0c@example.com\n", "Line 2 holds the character NUL"),
        ("email\na\n".encode("utf-16-le"), "NUL"),
        (b"email,city\na@example.com,ok\nb@example.com,Malm\xf6\n", "Line 3 is not in UTF-8"),
        (b"email,city\na@example.com,\xc3", "Line 2 is not in UTF-8"),
        (b"\xff\xfee\0m\0a", "broken"),
        (b'"email', "never closed"),
        (b'email,"city" x\n', "No column|closing quotation mark"),
        (b"email\rfirst_name\ra@example.com\r", "carriage return"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(1, 256)), "not in UTF-8"),
        (b"PK\x03\x04" + b"\0" * 50, "NUL"),
        (b"email," + b"x" * 20_000 + b"\n", "longer than 10,000 characters"),
        (b"email" + b"," * MOST_COLUMNS + b"\n", f"more than {MOST_COLUMNS} columns"),
        (b"x" * (PART_LENGTH + 5), "too long to name columns|longer than"),
    ],
    ids=lambda value: repr(value[:20]),
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_at_once_and_nothing_stays(
    site: Site, content: bytes, told: str
) -> None:
    sentence = refusal(site, content)
    assert any(part in sentence for part in told.split("|")), sentence


def test_windows_1252_is_a_choice(site: Site) -> None:
    assert "not in Windows-1252" in refusal(site, b"email\n\x81\n", encoding="cp1252")


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ('a@example.com,"never\n' + "b,c\n" * 10, "line 2 is never closed"),
        ('a@example.com,"x\n' + "b,c\n" * 50_000 + '"\n', "line 2, a cell is longer"),
        ('ok@example.com,\na@example.com,"x" y\n', "line 3, something follows"),
        ("a@example.com,x\rb@example.com,y\n", "Line 2 holds a lone carriage return"),
        (f"a@example.com,{'x' * (LONGEST_CELL + 1)}\n", "line 2, a cell is longer"),
        ("a@example.com," + "x" * 1_200_000 + "\n", "longer than"),
        ("a@example.com" + "," * MOST_COLUMNS + "x\n", "more than 400 columns"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_what_is_broken_further_down_ends_the_check_with_its_line(
    site: Site, rows: str, told: str
) -> None:
    assert told in check_error(site, "email,city\n" + rows)
    assert not Contact.objects.exists()


def test_a_file_has_so_many_rows(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    assert "more than 3 rows" in check_error(site, "email\n" + "a@example.com\n" * 4)


def test_a_cell_without_end_is_refused_before_it_is_in_memory(site: Site) -> None:
    """A gigabyte in one cell, without a size that would have told."""

    def endless() -> Any:
        yield b'email,city\na@example.com,"'
        for _ in range(1024):
            yield b"x" * 1024 * 1024

    assert "larger than" in refusal(site, b"", chunks=endless(), size=LARGEST_FILE + 1)
    tracemalloc.start()
    pieces = decoded(endless(), "utf-8")
    with pytest.raises(FileRefused, match="longer than"):
        read_rows(pieces, Place(0, 0), ",", 10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 32 * 1024 * 1024


def test_a_body_that_is_longer_than_it_said_is_cut_off(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "LARGEST_FILE", 1000)
    chunks = [b"email\n" + b"a@example.com\n" * 40] * 100
    assert "larger than" in refusal(site, b"", chunks=iter(chunks), size=10)


def test_columns_that_nobody_knows_are_told(site: Site) -> None:
    ContactFieldFactory.create(site=site, field_id="a", name="Twin")
    ContactFieldFactory.create(site=site, field_id="b", name="Twin")
    ContactFieldFactory.create(site=site, field_id="city", name="Home town")
    order = upload(site, "email,Twin,Shoe size,,created_at,city,HOME TOWN,import_line\nx\n")
    assert order.columns == ["email", "", "", "", "", "city", "field:city", ""]
    remarks = match_header(order.header, columns_of(site.pk)).left_out
    assert [remark.split(" ")[0] for remark in remarks] == [
        "“Twin”", "“Shoe", "Column", "“created_at”",
    ]  # fmt: skip
    assert "by its id: a, b." in remarks[0]


@given(st.text(max_size=50), st.integers(1, 9))
def test_text_is_the_same_whatever_pieces_it_comes_in(text: str, length: int) -> None:
    text = text.replace("\0", "").encode("utf-8", "ignore").decode()
    body = text.encode("utf-8-sig")
    pieces = [body[start : start + length] for start in range(0, len(body), length)]
    assert "".join(decoded(pieces, "utf-8")) == text
    assert "".join(in_equal_parts(list(text))) == text


@given(
    st.lists(
        st.lists(st.text(CHARACTERS), min_size=2, max_size=4),
        max_size=12,
    ),
    st.integers(1, 5),
)
def test_slices_read_what_one_go_reads(rows: list[list[str]], most: int) -> None:
    stream = io.StringIO(newline="")
    csv.writer(stream).writerows(rows)
    text = stream.getvalue()
    whole, end = read_rows([text], Place(0, 0), ",", 1000)
    found, place = [], Place(0, 0)
    while True:
        some, place = read_rows([text[place.offset :]], Place.parse(str(place)), ",", most)
        found += some
        if len(some) < most:
            break
    assert (found, place) == (whole, end)
    assert place.offset == len(text)
