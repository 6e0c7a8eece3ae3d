"""Send events inside the section of custom integrations."""

from __future__ import annotations

import re
from typing import Any, Final

from django.core.exceptions import ValidationError

from config.configuration.entry import Entry
from config.configuration.kept_ids import KeptId
from config.configuration.section import Applying
from integrations.models import CustomIntegration
from sites.models import Site
from webhooks.outbound.models import SendEvent
from webhooks.outbound.send_events.services import send_event_save

SEND_EVENT_KEYS: Final = ("name", "event_id", "fields")
_FIELD_KEYS: Final = ("id", "name", "type", "required", "default_country_code", "options")
_EVENT_ID: Final = KeptId(
    column="event_id",
    noun="event",
    pattern=re.compile(r"[0-9a-f]{24}"),
    looks="24 hex digits",
    use="subscriptions and programs name it",
)


def exported_send_event(event: SendEvent) -> dict[str, Any]:
    return {
        "name": event.name,
        "event_id": event.event_id,
        # What is empty or false is what a field starts with.
        "fields": [{key: row[key] for key in _FIELD_KEYS if row[key]} for row in event.fields],
    }


class SendEventsInFile:
    """The send events of a site, found by name while a file is applied; those left are not in it.

    An event that the file lists under another integration moves there.
    """

    def __init__(self, run: Applying, site: Site) -> None:
        self._run = run
        self._site = site
        rows = SendEvent.objects.filter(site=site).order_by("name")
        self.unlisted = {event.name: event for event in rows}
        self._seen: set[str] = set()

    def apply(self, entry: Entry, integration: CustomIntegration) -> None:
        name = entry.required_text("name")
        if name in self._seen:
            entry.problem("name", f"“{name}” is listed twice.")
            return
        self._seen.add(name)
        event = self.unlisted.pop(name, None) or SendEvent(site=self._site, name=name)
        before = len(self._run.problems.lines)
        event.integration = integration
        _EVENT_ID.take(entry, event)
        fields = self._fields(entry, event)
        if len(self._run.problems.lines) > before:
            return
        try:
            send_event_save(event=event, fields=fields, actor=self._run.actor)
        except ValidationError as error:
            self._run.problems.add_validation(entry.path, error, _key_of)

    def _fields(self, entry: Entry, event: SendEvent) -> list[dict[str, Any]]:
        listed = entry.items("fields")
        if listed is None:
            return list(event.fields)
        problems = self._run.problems
        return [
            _field(Entry(f"{entry.path}.fields[{index}]", row, known=_FIELD_KEYS,
                         problems=problems))
            for index, row in enumerate(listed)
        ]  # fmt: skip


def _field(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.text("id") or "",
        "name": entry.required_text("name"),
        "type": entry.required_text("type"),
        "required": bool(entry.flag("required")),
        "default_country_code": entry.text("default_country_code") or "",
        "options": entry.items("options") or [],
    }


def _key_of(name: str) -> str:
    """Return where in the file a service's field name stands."""
    parts = name.split(".")
    return f"fields[{parts[1]}].{parts[2]}" if len(parts) == 3 else name
