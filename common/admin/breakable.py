"""Names such as `contact.acceptsSms.changed` in lists, where long ones break at their joints."""

from __future__ import annotations

import re
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_JOINTS: Final = re.compile(r"(?<=[._:/-])")


def breakable(text: str) -> SafeString:
    """Return the text with a permitted line break behind every dot, dash or underscore.

    It breaks elsewhere only where it must, and ends after three lines; the whole is its title.
    """
    parts = [part for part in _JOINTS.split(text) if part]
    joined = format_html_join("", "{}<wbr>", ((part,) for part in parts))
    return format_html('<span class="clamp" title="{}">{}</span>', text, joined)
