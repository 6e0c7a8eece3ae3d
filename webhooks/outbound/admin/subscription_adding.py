"""The steps before the form of a new subscription: for which site, and in which dialect."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest

from sites.models import Role, Site
from sites.roles import sites_for
from webhooks.outbound.formats.base import Format
from webhooks.outbound.formats.registry import format_for


@dataclass(frozen=True, slots=True)
class Choices:
    """What the address says so far; None where it is still to be chosen."""

    sites: list[Site]
    site: Site | None
    dialect: Format | None


def choices_so_far(request: HttpRequest) -> Choices:
    """Read site and format from the address. Raises Http404 for one that cannot be chosen."""
    sites = list(sites_for(request.user, Role.OPERATOR))
    return Choices(
        sites=sites,
        site=_site(request.GET.get("site", ""), sites),
        dialect=chosen_format(request),
    )


def chosen_format(request: HttpRequest) -> Format | None:
    """Return the format that the address names. Raises Http404 for one that does not exist."""
    key = request.GET.get("format", "")
    if not key:
        return None
    dialect = format_for(key)
    if dialect is None:
        raise Http404("No such format.")
    return dialect


def _site(chosen: str, sites: list[Site]) -> Site | None:
    if not chosen:
        return sites[0] if len(sites) == 1 else None
    for site in sites:
        if str(site.pk) == chosen:
            return site
    raise Http404("No such site among those you configure.")
