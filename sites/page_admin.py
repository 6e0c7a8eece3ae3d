"""Rows that have a page and no form: services and events change them, people read and act."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed

from sites.scope import Requirement
from sites.scoped_admin import SiteScopedAdmin


class PageAdmin(SiteScopedAdmin):
    """Implement `row_page`; what acts on a row has an address and a POST of its own."""

    add_role: Requirement = None
    change_role: Requirement = None
    delete_role: Requirement = None

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
