"""The expandable sections of a site's page, one per kind of integration.

Apps above register theirs when their admin is loaded; this page knows none of them.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.http import HttpRequest

from sites.models import Site


class IntegrationSection(abc.ABC):
    """One kind of integration. `template` renders the open section with what `context` returns."""

    key: ClassVar[str]
    title: ClassVar[str]
    template: ClassVar[str]

    @abc.abstractmethod
    def briefs(self, sites: Sequence[Site]) -> Mapping[int, str]:
        """Return a few words per site id, for the closed section and the list of sites."""

    @abc.abstractmethod
    def context(self, request: HttpRequest, site: Site) -> dict[str, Any]:
        """Return what the template needs; the viewer may see the site."""


_sections: dict[str, IntegrationSection] = {}


def register_section(section: IntegrationSection) -> None:
    if section.key in _sections:
        raise ValueError(f"Two integration sections with the key {section.key}.")
    _sections[section.key] = section


def integration_sections() -> tuple[IntegrationSection, ...]:
    """Return the registered sections by title."""
    return tuple(sorted(_sections.values(), key=lambda section: section.title))
