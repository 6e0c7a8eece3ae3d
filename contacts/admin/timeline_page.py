"""A contact's timeline in the words of its page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from contacts.admin.change_words import FieldChange, field_changes, value_words
from contacts.admin.field_words import field_names
from contacts.models import Activity, Contact, ContactRevision
from contacts.timeline import TimelineRow, contact_timeline

_BEGINNINGS_AND_ENDS: Final = {"known": "Became known", "deleted": "Erased"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownEntry:
    at: datetime
    title: str
    source_label: str
    actor_label: str = ""
    received_event_id: UUID | None = None
    changes: list[FieldChange] = field(default_factory=list)
    properties: list[tuple[str, str]] = field(default_factory=list)


def timeline_context(contact: Contact, before: str) -> dict[str, Any]:
    """Return one page of what happened, newest first, and from where the older page goes on."""
    page = contact_timeline(contact=contact, before=before)
    names = field_names(contact.site_id)
    shown = [_shown(entry.at, entry.row, names) for entry in page.entries]
    return {"timeline": shown, "older": page.older}


def _shown(at: datetime, row: TimelineRow, names: Mapping[str, str]) -> ShownEntry:
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
