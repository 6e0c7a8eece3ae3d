"""The expandable sections of a site's page, one per kind of integration.

Apps above register theirs when their admin is loaded; this page knows none of them.
"""

from __future__ import annotations

import abc
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString

from sites.models import Site


class IntegrationSection(abc.ABC):
    """One kind of integration. `template` renders the open section with what `context` returns.

    `scripts` and `styles` are static files that the site's page loads for it.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    template: ClassVar[str]
    scripts: ClassVar[tuple[str, ...]] = ()
    styles: ClassVar[tuple[str, ...]] = ()

    @abc.abstractmethod
    def briefs(self, sites: Sequence[Site]) -> Mapping[int, str]:
        """Return a few words per site id, for the closed section and the list of sites."""

    @abc.abstractmethod
    def context(self, request: HttpRequest, site: Site) -> dict[str, Any]:
        """Return what the template needs; the viewer may see the site."""

    def chips(self, site: Site) -> Sequence[SafeString]:
        """Return what the closed section shows beside its title."""
        return ()

    def post(self, request: HttpRequest, site: Site) -> HttpResponse | dict[str, Any]:
        """Take what was posted to `section_post_url`, outside of any transaction.

        The user may see the site and no more: each section asks for the role that its actions
        need, and raises PermissionDenied. A dict is added to `context`, and the site's page is
        shown again with this section open.
        """
        raise Http404("This section takes nothing.")


_sections: dict[str, IntegrationSection] = {}


def register_section(section: IntegrationSection) -> None:
    if section.key in _sections:
        raise ValueError(f"Two integration sections with the key {section.key}.")
    _sections[section.key] = section


def integration_sections() -> tuple[IntegrationSection, ...]:
    """Return the registered sections by title."""
    return tuple(sorted(_sections.values(), key=lambda section: section.title))


def integration_section(key: str) -> IntegrationSection:
    """Return the section with this key. Raises Http404."""
    if key not in _sections:
        raise Http404("No such section.")
    return _sections[key]


def section_url(site: Site, key: str) -> str:
    """Return the address of the site's page with this section open and in view."""
    page = reverse("admin:sites_site_change", args=[site.pk])
    return f"{page}?section={key}#section-{key}"


def section_post_url(site: Site, key: str) -> str:
    """Return the address that takes what the section's forms send."""
    return reverse("admin:sites_site_section", args=[site.pk, key])
