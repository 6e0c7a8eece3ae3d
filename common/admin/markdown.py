"""Markdown that ships with the code, as HTML."""

from __future__ import annotations

from functools import cache

from django.utils.safestring import SafeString
from markdown_it import MarkdownIt


@cache
def _renderer() -> MarkdownIt:
    # Raw HTML is shown as text and javascript: links stay text, whoever wrote the page.
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def markdown_html(text: str) -> SafeString:
    return SafeString(_renderer().render(text))
