"""All that is kept of a person, as JSON for programs and as a page to read; both are streamed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any, Final

from django.template.loader import render_to_string
from django.utils import timezone

from common.json_text import json_text
from contacts.models import Contact
from contacts.subject_rights.personal_data import personal_data

_ROWS_AT_ONCE: Final = 200
_TEMPLATES: Final = "contacts/subject_rights"


def export_json(contact: Contact) -> Iterator[str]:
    """Yield `{"exportedAt", "site", "contactId", "parts": [{"title", "rows": [{…}]}]}`."""
    head = {
        "exportedAt": timezone.now(),
        "site": contact.site.name,
        "contactId": contact.pk,
    }
    yield json_text(head)[:-1] + ',"parts":['
    for number, part in enumerate(personal_data()):
        yield ("," if number else "") + '{"title":' + json_text(part.title) + ',"rows":['
        for position, row in enumerate(part.read(contact)):
            yield ("," if position else "") + json_text(dict(row))
        yield "]}"
    yield "]}\n"


def export_html(contact: Contact) -> Iterator[str]:
    """Yield one page that needs nothing else: what is empty is said to be."""
    with timezone.override(contact.site.time_zone):
        context = {"site": contact.site.name, "exported_at": timezone.now()}
        yield render_to_string(f"{_TEMPLATES}/head.html", context)
    for part in personal_data():
        yield from _part(contact, part.title, part.read(contact))
    yield render_to_string(f"{_TEMPLATES}/foot.html")


def _part(contact: Contact, title: str, rows: Iterator[Any]) -> Iterator[str]:
    count, shown = 0, []
    yield render_to_string(f"{_TEMPLATES}/part_head.html", {"title": title})
    for row in rows:
        count += 1
        shown.append([(_words(name), _shown(value)) for name, value in row.items()])
        if len(shown) == _ROWS_AT_ONCE:
            yield _rows(contact, shown)
            shown = []
    yield _rows(contact, shown)
    yield render_to_string(f"{_TEMPLATES}/part_foot.html", {"count": count})


def _rows(contact: Contact, rows: list[list[tuple[str, Any]]]) -> str:
    with timezone.override(contact.site.time_zone):
        return render_to_string(f"{_TEMPLATES}/rows.html", {"rows": rows})


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _shown(value: Any) -> Any:
    """Return what a reader understands: words for yes and no, JSON for what is nested."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime | date | int | str):
        return value
    return json_text(value)
