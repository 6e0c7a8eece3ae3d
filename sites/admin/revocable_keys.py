"""What the pages of both kinds of keys have in common: their frame, and how a key is revoked."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from sites.audit import Actor
from sites.models import Role
from sites.template_pages import TemplatePages


class RevocableKeyAdmin(TemplatePages):
    """Implement `revoke` and `chip`; the templates of the pages are in `template_folder`.

    A key is a row with `name`, `site` and `revoked_at`, which is set once and for good.
    """

    def revoke(self, key: Any, actor: Actor) -> None:
        raise NotImplementedError(f"{type(self).__name__} revokes nothing")

    def chip(self, key: Any) -> SafeString:
        raise NotImplementedError(f"{type(self).__name__} has no chip")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self._revoke_view)
        name = f"sites_{self.opts.model_name}_revoke"
        return [path("<path:object_id>/revoke/", view, name=name), *super().get_urls()]

    def _revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self.scoped_object(request, object_id, Role.ADMIN)
        if key.revoked_at is not None:
            messages.info(request, "This key was revoked already.")
            return self.to_page(key)
        if request.method == "POST":
            self.revoke(key, Actor.from_request(request))
            messages.success(request, f"The {self.opts.verbose_name} “{key.name}” was revoked.")
            return self.to_page(key)
        return self.page(request, "revoke", f"Revoke {key.name}?", key=key, chip=self.chip(key))

    def to_page(self, key: Any) -> HttpResponse:
        name = f"admin:sites_{self.opts.model_name}_change"
        return HttpResponseRedirect(reverse(name, args=[key.pk]))
