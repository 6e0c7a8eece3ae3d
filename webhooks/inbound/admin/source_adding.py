"""The steps before the form of a new source: on which site, and what will send to it."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest

from integrations.preset import Preset
from integrations.registry import offered_presets
from sites.models import Role, Site
from sites.roles import sites_for


@dataclass(frozen=True, slots=True)
class Choices:
    """What the address says so far; None where it is still to be chosen."""

    sites: list[Site]
    site: Site | None
    preset: Preset | None

    @property
    def is_complete(self) -> bool:
        return self.site is not None and self.preset is not None


def choices_so_far(request: HttpRequest) -> Choices:
    """Read site and preset from the address. Raises Http404 for one that cannot be chosen."""
    sites = list(sites_for(request.user, Role.OPERATOR))
    return Choices(
        sites=sites,
        site=_site(request.GET.get("site", ""), sites),
        preset=_preset(request.GET.get("preset", "")),
    )


def _site(chosen: str, sites: list[Site]) -> Site | None:
    if not chosen:
        return sites[0] if len(sites) == 1 else None
    for site in sites:
        if str(site.pk) == chosen:
            return site
    raise Http404("No such site among those you configure.")


def _preset(chosen: str) -> Preset | None:
    if not chosen:
        return None
    for preset in offered_presets():
        if preset.key == chosen:
            return preset
    raise Http404("No such preset.")
