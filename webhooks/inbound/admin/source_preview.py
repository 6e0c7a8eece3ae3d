"""Try a sample: what a request would say and change, event by event and field by field."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest

from common.admin.status_chip import Tone, status_chip
from integrations.inbound_event import Disposition
from webhooks.inbound.models import Source
from webhooks.inbound.sources.preview import PreviewedEvent, source_preview

_LONGEST_SHOWN: Final = 20_000
_KINDS: Final = {
    "created": ("Would create a contact", Tone.GOOD),
    "changed": ("Would change a contact", Tone.GOOD),
    "unchanged": ("Would change nothing", Tone.QUIET),
    "deleted": ("Would erase a contact", Tone.WARNING),
    "tombstoned": ("The contact was deleted before", Tone.QUIET),
    "rejected": ("Would be set aside", Tone.BAD),
}
_DISPOSITIONS: Final = {
    Disposition.ACCEPTED: ("Accepted; concerns no contact", Tone.QUIET),
    Disposition.IGNORED: ("Would be ignored", Tone.QUIET),
    Disposition.QUARANTINED: ("Would be set aside", Tone.BAD),
}


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """One inbound event as the page shows it; `changes` are field, before, after."""

    type: str
    event_id: str
    occurred_at: Any
    chip: str
    reason: str
    notes: list[str]
    changes: list[tuple[str, str, str]]


def preview_context(request: HttpRequest, source: Source) -> dict[str, Any]:
    """Run the posted body, or else the posted sample's name, through the source."""
    body = request.POST.get("body", "").strip()
    samples = {sample.name: sample for sample in source.preset.samples()}
    name = request.POST.get("sample", "")
    if body:
        kind = {"content-type": "application/xml" if body.startswith("<") else "application/json"}
        preview = source_preview(source=source, body=body.encode(), headers=kind)
    elif name in samples:
        preview = source_preview(source=source, sample_name=name)
    else:
        return {"problem": "Choose a sample or paste a body.", "samples": list(samples.values())}
    return {
        "samples": list(samples.values()),
        "sample": samples.get(name),
        "pasted": body,
        "preview": preview,
        "events": [_shown(event) for event in preview.events],
        "body_text": _body_text(preview.body),
    }


def _shown(previewed: PreviewedEvent) -> ShownEvent:
    event, change = previewed.event, previewed.change
    label, tone = _DISPOSITIONS[event.disposition]
    reason, notes = event.reason, list(event.notes)
    changes: list[tuple[str, str, str]] = []
    if change is not None:
        label, tone = _KINDS[change.kind]
        reason = change.reason or reason
        notes += change.notes
        changes = [
            (field, _text(before), _text(after))
            for field, (before, after) in sorted(change.changes.items())
        ]
    return ShownEvent(
        type=event.type,
        event_id=event.event_id,
        occurred_at=event.occurred_at,
        chip=status_chip(label, tone),
        reason=reason,
        notes=notes,
        changes=changes,
    )


def _text(value: Any) -> str:
    if value in (None, "", [], {}):
        return "—"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def _body_text(body: bytes) -> str:
    text = body.decode("utf-8", "replace")
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "\n…"
