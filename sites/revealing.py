"""Pages whose personal values are masked until somebody asks for them, which is noted."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from sites.audit import Actor, audit_record
from sites.models import Role
from sites.page_admin import PageAdmin


class RevealingAdmin(PageAdmin):
    """Implement `masked_page`; `reveal_action` is how the audit calls an unmasked look."""

    reveal_action: str
    reveal_role = Role.SUPPORT

    def masked_page(self, request: HttpRequest, row: Any, *, is_masked: bool) -> HttpResponse:
        """Return the page of a row that the user may see."""
        raise NotImplementedError(f"{type(self).__name__} has no page")

    def row_page(self, request: HttpRequest, row: Any) -> HttpResponse:
        return self.masked_page(request, row, is_masked=True)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reveal_view)
        name = f"{self.opts.app_label}_{self.opts.model_name}_reveal"
        return [path("<uuid:pk>/reveal/", view, name=name), *super().get_urls()]

    @method_decorator(require_POST)
    def reveal_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Show the page once as it is, and note who looked."""
        row = self.scoped_object(request, str(pk), self.reveal_role)
        actor = Actor.from_request(request)
        audit_record(actor=actor, action=self.reveal_action, site=row.site, target=row)
        return self.masked_page(request, row, is_masked=False)
