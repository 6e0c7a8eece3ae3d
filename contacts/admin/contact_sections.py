"""The sections of a contact's page, one per kind of thing that is known of a person.

Apps above register theirs when their admin is loaded; the page knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from contacts.models import Contact


@dataclass(frozen=True, slots=True)
class ContactSection:
    """One section: `template` renders it with what `context` returns, and with `contact`.

    `context` is asked with the viewer's request and a contact that they may see; None hides the
    section. It costs the page its queries, so a section shows the latest few and links to the
    rest. Sections stand between the profile and the timeline, in order of `position`; the page
    draws the card and the title. `styles` and `scripts` are static files that it needs.
    """

    key: str
    title: str
    template: str
    context: Callable[[HttpRequest, Contact], dict[str, Any] | None]
    position: int
    styles: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShownSection:
    key: str
    title: str
    body: SafeString
    styles: tuple[str, ...]
    scripts: tuple[str, ...]


_sections: dict[str, ContactSection] = {}


def contact_section_add(section: ContactSection) -> None:
    """Add a section to every contact's page."""
    if section.key in _sections:
        raise ValueError(f"Two sections of contacts with the key {section.key}.")
    _sections[section.key] = section


def sections_shown(request: HttpRequest, contact: Contact) -> list[ShownSection]:
    """Return the sections that have something to say about this contact, rendered, in order."""
    shown = []
    for section in sorted(_sections.values(), key=lambda each: (each.position, each.key)):
        context = section.context(request, contact)
        if context is None:
            continue
        body = render_to_string(section.template, context | {"contact": contact}, request)
        shown.append(
            ShownSection(section.key, section.title, body, section.styles, section.scripts)
        )
    return shown
