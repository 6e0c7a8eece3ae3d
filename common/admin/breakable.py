"""Names such as `contact.acceptsSms.changed`, which may break at their joints and nowhere else."""

from __future__ import annotations

import re
from typing import Final

from django.utils.html import format_html_join
from django.utils.safestring import SafeString

_JOINTS: Final = re.compile(r"(?<=[._:/-])")


def breakable(text: str) -> SafeString:
    """Return the text with a permitted line break behind every dot, dash or underscore."""
    parts = [part for part in _JOINTS.split(text) if part]
    return format_html_join("", "{}<wbr>", ((part,) for part in parts))
