"""The pages of publishable keys: made, put into pages, changed and revoked here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from sites.admin.audited import audit_url
from sites.admin.publishable_key_form import NewPublishableKeyForm, PublishableKeyForm
from sites.admin.publishable_key_list import PublishableKeyListAdmin, publishable_key_chip
from sites.audit import Actor
from sites.models import PublishableKey, Role
from sites.publishable_keys.page_code import events_url, script_tag
from sites.publishable_keys.services import (
    publishable_key_create,
    publishable_key_revoke,
    publishable_key_update,
)
from sites.roles import sites_for


@admin.register(PublishableKey)
class PublishableKeyAdmin(PublishableKeyListAdmin):
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        sites = sites_for(request.user, Role.ADMIN)
        form = NewPublishableKeyForm(
            request.POST if request.method == "POST" else None,
            sites=sites,
            chosen=request.GET.get("site", ""),
        )
        if request.method == "POST" and form.is_valid():
            key = _created(form, Actor.from_request(request))
            if key is not None:
                messages.success(
                    request, f"The publishable key “{key.name}” is ready to be put to use."
                )
                return _to_page(key)
        title = "Add a publishable key"
        return self._page(request, "add", title, form=form, has_sites=sites.exists())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        key: PublishableKey = self.scoped_object(request, object_id)
        may_change = self.may(request, key, self.change_role) and key.revoked_at is None
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            form = PublishableKeyForm(request.POST)
            if form.is_valid() and _is_updated(key, form, Actor.from_request(request)):
                messages.success(request, f"The publishable key “{key.name}” was saved.")
                return _to_page(key)
            # What was typed is in the form; the rest of the page shows what is stored.
            key = self.scoped_object(request, object_id)
        else:
            form = PublishableKeyForm(key=key)
        return self._page(
            request,
            "page",
            key.name,
            key=key,
            form=form if may_change else None,
            chip=publishable_key_chip(key),
            is_open=self.may(request, key, Role.OPERATOR),
            history_url=audit_url(key),
            script_tag=script_tag(key),
            events_url=events_url(key.site, key.key),
        )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self._revoke_view)
        return [
            path("<path:object_id>/revoke/", view, name="sites_publishablekey_revoke"),
            *super().get_urls(),
        ]

    def _revoke_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key: PublishableKey = self.scoped_object(request, object_id, Role.ADMIN)
        if key.revoked_at is not None:
            messages.info(request, "This key was revoked already.")
            return _to_page(key)
        if request.method == "POST":
            publishable_key_revoke(key=key, actor=Actor.from_request(request))
            messages.success(request, f"The publishable key “{key.name}” was revoked.")
            return _to_page(key)
        title = f"Revoke {key.name}?"
        return self._page(request, "revoke", title, key=key, chip=publishable_key_chip(key))

    def _page(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> TemplateResponse:
        everything = self.admin_site.each_context(request) | {"title": title, "opts": self.opts}
        name = f"admin/publishable_keys/{template}.html"
        return TemplateResponse(request, name, everything | context)


def _created(form: NewPublishableKeyForm, actor: Actor) -> PublishableKey | None:
    """Return the key that the form asks for, or None with the form saying what is wrong."""
    given = form.cleaned_data
    try:
        return publishable_key_create(
            site=given["site"],
            name=given["name"],
            allowed_origins=form.origins(),
            allows_apps=given["allows_apps"],
            actor=actor,
        )
    except ValidationError as error:
        form.show_errors(error)
        return None


def _is_updated(key: PublishableKey, form: PublishableKeyForm, actor: Actor) -> bool:
    key.name = form.cleaned_data["name"]
    key.allowed_origins = form.origins()
    key.allows_apps = form.cleaned_data["allows_apps"]
    try:
        publishable_key_update(key=key, actor=actor)
    except ValidationError as error:
        form.show_errors(error)
        return False
    return True


def _to_page(key: PublishableKey) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:sites_publishablekey_change", args=[key.pk]))
