"""The site filter of lists, and the sites and the clock that a list is read by."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin.list_filters import ChoiceFilter
from sites.models import Site
from sites.roles import sites_for


def visible_sites(request: HttpRequest) -> list[Site]:
    """Return the sites whose rows the user may see, read once per request."""
    cached: list[Site] | None = getattr(request, "_visible_sites", None)
    if cached is None:
        cached = list(sites_for(request.user))
        request._visible_sites = cached  # type: ignore[attr-defined]
    return cached


def chosen_sites(request: HttpRequest) -> list[Site]:
    """Return the site that the address names, else all that are visible."""
    chosen = request.GET.get(SiteFilter.parameter_name, "")
    sites = visible_sites(request)
    return [site for site in sites if str(site.pk) == chosen] if chosen else sites


def list_zone(request: HttpRequest) -> zoneinfo.ZoneInfo:
    """Return the time zone of a list: its site's when it shows one site, else UTC."""
    sites = chosen_sites(request)
    return zoneinfo.ZoneInfo(sites[0].time_zone if len(sites) == 1 else "UTC")


def of_site(name: str, site: Site) -> SafeString:
    """Return the cell of a list that names a thing and, below it, its site."""
    return format_html(
        '<span class="clamp" title="{0}">{0}</span>'
        '<span class="clamp quiet" title="{1}">{1}</span>',
        name,
        site.name,
    )


class SiteFilter(ChoiceFilter):
    title = "Site"
    parameter_name = "site"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(site.pk), site.name) for site in visible_sites(request)]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(site_id=int(self.chosen))
