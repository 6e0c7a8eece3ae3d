"""The menu behind three dots at the end of a row; a `<details>`, so it opens without scripts."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


def row_menu(name: str, entries: Sequence[tuple[str, str]]) -> SafeString:
    """Return the menu of the row called `name`; `entries` are labels and addresses."""
    return format_html(
        '<details class="row-menu"><summary aria-label="Menu of {}">⋯</summary>'
        "<ul>{}</ul></details>",
        name,
        format_html_join("", '<li><a href="{1}">{0}</a></li>', entries),
    )
