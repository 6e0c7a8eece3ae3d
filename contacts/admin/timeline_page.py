"""A contact's timeline in the words of its page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Model
from django.utils.safestring import SafeString

from contacts.admin.change_words import FieldChange, field_changes, value_words
from contacts.admin.field_words import field_names
from contacts.models import Activity, Contact, ContactRevision
from contacts.timeline import OtherRows, TimelineEntry, add_timeline_rows, contact_timeline

_BEGINNINGS_AND_ENDS: Final = {"known": "Became known", "deleted": "Erased"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLink:
    """A page that an entry leads to, with the state of what is there."""

    label: str
    url: str
    chip: SafeString


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEntry:
    at: datetime
    title: str
    source_label: str
    url: str = ""
    actor_label: str = ""
    received_event_id: UUID | None = None
    changes: list[FieldChange] = field(default_factory=list)
    properties: list[tuple[str, str]] = field(default_factory=list)
    links: list[ShownLink] = field(default_factory=list)


# From rows of an app above to what the page shows of them, by key.
ShowRows = Callable[[Sequence[Any]], Mapping[Any, ShownEntry]]

_shown_by: Final[dict[type[Model], ShowRows]] = {}


def show_on_timeline(model: type[Model], rows: OtherRows, show: ShowRows) -> None:
    """Let an app above tell of a person on the page; called once, when its pages are loaded."""
    add_timeline_rows(rows)
    _shown_by[model] = show


def timeline_context(contact: Contact, before: str) -> dict[str, Any]:
    """Return one page of what happened, newest first, and from where the older page goes on."""
    page = contact_timeline(contact=contact, before=before)
    names = field_names(contact.site_id)
    others = _others_shown(page.entries)
    shown = [
        others[entry.row.pk] if entry.row.pk in others else _shown(entry.at, entry.row, names)
        for entry in page.entries
    ]
    return {"timeline": shown, "older": page.older}


def _others_shown(entries: Sequence[TimelineEntry]) -> dict[Any, ShownEntry]:
    """Return what apps above show of their rows on this page, each asked once."""
    shown: dict[Any, ShownEntry] = {}
    for model, show in _shown_by.items():
        rows = [entry.row for entry in entries if isinstance(entry.row, model)]
        if rows:
            shown.update(show(rows))
    return shown


def _shown(at: datetime, row: Any, names: Mapping[str, str]) -> ShownEntry:
    actor_label = ""
    changes: list[FieldChange] = []
    properties: list[tuple[str, str]] = []
    if isinstance(row, ContactRevision):
        _, state = row.changes.get("state", (None, None))
        title = _BEGINNINGS_AND_ENDS.get(state, "Changed")
        actor_label = row.actor_label
        changes = field_changes(row.changes, names)
    elif isinstance(row, Activity):
        title = row.type
        properties = [(name, value_words(value)) for name, value in sorted(row.properties.items())]
    else:
        title = f"Turned out to be one person with …{str(row.absorbed_id)[-8:]}"
        properties = [
            ("Joined by", row.joined_by),
            ("Taken over", value_words(", ".join(row.taken))),
        ]
    return ShownEntry(
        at=at,
        title=title,
        source_label=row.source_label,
        actor_label=actor_label,
        received_event_id=row.received_event_id,
        changes=changes,
        properties=properties,
    )
