"""Values that people carry to another system: monospace, with a button that copies them."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString


def copy_field(value: object, *, shown: str = "", what: str = "value") -> SafeString:
    """Return the value inline; `shown` replaces the text, never what is copied."""
    if value in (None, ""):
        return format_html('<span class="quiet">{}</span>', "—")
    return format_html(
        '<span class="copy"><code title="{}">{}</code>'
        '<button type="button" class="copy-button" data-copy="{}" aria-label="Copy {}">'
        "Copy</button></span>",
        value,
        shown or value,
        value,
        what,
    )


def copy_id(value: object) -> SafeString:
    """Return a long id by its last eight characters: the first ones of a UUIDv7 are only time."""
    text = str(value)
    return copy_field(text, shown=f"…{text[-8:]}" if len(text) > 14 else text, what="id")


def copy_block(text: str, *, element_id: str) -> SafeString:
    """Return a long text in a box of its own; `element_id` is unique on the page."""
    return format_html(
        '<div class="copy-block"><pre id="{}">{}</pre>'
        '<button type="button" class="copy-button" data-copy-from="{}">Copy</button></div>',
        element_id,
        text,
        element_id,
    )
