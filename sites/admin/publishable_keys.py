"""The pages of publishable keys: made, put into pages, changed and revoked here."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from sites.admin.audited import audit_url
from sites.admin.publishable_key_form import NewPublishableKeyForm, PublishableKeyForm
from sites.admin.publishable_key_list import PublishableKeyListAdmin, publishable_key_chip
from sites.admin.revocable_keys import RevocableKeyAdmin
from sites.audit import Actor
from sites.models import PublishableKey, Role
from sites.opened_state import OpenedState, columns_stamp
from sites.publishable_keys.page_code import events_url, script_tag
from sites.publishable_keys.services import (
    PUBLISHABLE_KEY_FIELDS,
    publishable_key_create,
    publishable_key_revoke,
    publishable_key_update,
)
from sites.roles import sites_for


@admin.register(PublishableKey)
class PublishableKeyAdmin(RevocableKeyAdmin, PublishableKeyListAdmin):
    template_folder = "publishable_keys"

    def revoke(self, key: PublishableKey, actor: Actor) -> None:
        publishable_key_revoke(key=key, actor=actor)

    def chip(self, key: PublishableKey) -> SafeString:
        return publishable_key_chip(key)

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
                return self.to_page(key)
        title = "Add a publishable key"
        return self.page(request, "add", title, form=form, has_sites=sites.exists())

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        key: PublishableKey = self.scoped_object(request, object_id)
        may_change = self.may(request, key, self.change_role) and key.revoked_at is None
        opened = OpenedState(request.POST, key, stamp_of=columns_stamp(*PUBLISHABLE_KEY_FIELDS))
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            form = PublishableKeyForm(request.POST)
            if form.is_valid() and _is_updated(key, form, opened, Actor.from_request(request)):
                messages.success(request, f"The publishable key “{key.name}” was saved.")
                return self.to_page(key)
            # What was typed is in the form; the rest of the page shows what is stored.
            key = self.scoped_object(request, object_id)
        else:
            form = PublishableKeyForm(key=key)
        return self.page(
            request,
            "page",
            key.name,
            key=key,
            form=form if may_change else None,
            opened=opened,
            chip=self.chip(key),
            is_open=self.may(request, key, Role.OPERATOR),
            history_url=audit_url(key),
            script_tag=script_tag(key),
            events_url=events_url(key.site, key.key),
        )


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


def _is_updated(
    key: PublishableKey, form: PublishableKeyForm, opened: OpenedState, actor: Actor
) -> bool:
    key.name = form.cleaned_data["name"]
    key.allowed_origins = form.origins()
    key.allows_apps = form.cleaned_data["allows_apps"]
    try:
        publishable_key_update(key=key, actor=actor, opened=opened)
    except ValidationError as error:
        form.show_errors(error)
        return False
    return True
