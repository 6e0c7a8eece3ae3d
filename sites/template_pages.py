"""Pages of a site's rows that are templates of one folder, with what the console needs around."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from sites.models import Site
from sites.scoped_admin import SiteScopedAdmin


class TemplatePages(SiteScopedAdmin):
    """Mixin of an admin; `template_folder` lies below `templates/admin/`."""

    template_folder = ""

    def page(
        self,
        request: HttpRequest,
        template: str,
        title: str,
        *,
        site: Site | None = None,
        **context: Any,
    ) -> HttpResponse:
        """Return a page of the folder; with a site its times are by the clock of that site."""
        everything = self.admin_site.each_context(request) | {
            "title": title,
            "opts": self.opts,
            "site": site,
        }
        name = f"admin/{self.template_folder}/{template}.html"
        response = TemplateResponse(request, name, everything | context)
        if site is None:
            return response
        with timezone.override(site.time_zone):
            return response.render()


def site_to_add_to(request: HttpRequest, sites: list[Site]) -> Site | None:
    """Return the site of the address, or the only one there is; None where it is to be chosen."""
    chosen = request.GET.get("site", "")
    if not chosen:
        return sites[0] if len(sites) == 1 else None
    for site in sites:
        if str(site.pk) == chosen:
            return site
    raise Http404("No such site among those you configure.")
