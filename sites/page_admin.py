"""Rows that have a page and no form: services and events change them, people read and act."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils import timezone

from sites.models import Role, Site
from sites.scope import Requirement
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import list_zone, visible_sites


class PageAdmin(SiteScopedAdmin):
    """Implement `row_page`; what acts on a row has an address and a POST of its own."""

    add_role: Requirement = None
    change_role: Requirement = None
    delete_role: Requirement = None

    def list_zone(self, request: HttpRequest) -> zoneinfo.ZoneInfo:
        return list_zone(request)

    def row_page(self, request: HttpRequest, row: Any) -> HttpResponse:
        """Return the page of a row that the user may see."""
        raise NotImplementedError(f"{type(self).__name__} has no page")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET"])
        return self.row_page(request, self.scoped_object(request, object_id))

    def shown(
        self, request: HttpRequest, row: Any, template: str, title: str, **context: Any
    ) -> HttpResponse:
        """Return a page about a row, its times by the clock of the row's site.

        `is_listed` says that the user sees several sites, so that the page names the row's.
        """
        everything = self.admin_site.each_context(request) | {
            "title": title,
            "opts": self.opts,
            "may_support": self.may(request, row, Role.SUPPORT),
            "is_listed": len(visible_sites(request)) > 1,
        }
        response = TemplateResponse(request, f"admin/{template}.html", everything | context)
        with timezone.override(self._site_of(row).time_zone):
            return response.render()

    def _site_of(self, row: Any) -> Site:
        for step in self.site_path.split("__"):
            row = getattr(row, step)
        assert isinstance(row, Site)
        return row
