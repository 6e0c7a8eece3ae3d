"""Status chips: a word, a sign of its own shape, and only then a colour."""

from __future__ import annotations

from enum import StrEnum

from django.utils.html import format_html
from django.utils.safestring import SafeString


class Tone(StrEnum):
    GOOD = "good"
    BUSY = "busy"
    WAITING = "waiting"
    WARNING = "warning"
    BAD = "bad"
    QUIET = "quiet"


_SIGNS = {
    Tone.GOOD: "✓",
    Tone.BUSY: "↻",
    Tone.WAITING: "○",
    Tone.WARNING: "!",
    Tone.BAD: "✕",
    Tone.QUIET: "—",
}


def status_chip(label: str, tone: Tone, *, title: str = "") -> SafeString:
    return format_html(
        '<span class="chip chip-{}" title="{}">'
        '<span class="chip-sign" aria-hidden="true">{}</span>{}</span>',
        tone.value,
        title,
        _SIGNS[tone],
        label,
    )
