"""The pages of API keys: made here, shown once, changed and revoked here."""

from __future__ import annotations

import shlex
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.safestring import SafeString
from django.views.decorators.debug import sensitive_variables

from sites.admin.api_key_form import ApiKeyForm, NewApiKeyForm
from sites.admin.api_key_list import ApiKeyListAdmin, key_chip
from sites.admin.api_key_usage import usage_context
from sites.admin.audited import audit_url
from sites.admin.revocable_keys import RevocableKeyAdmin
from sites.api_keys.scope_table import scope_words
from sites.api_keys.services import (
    API_KEY_FIELDS,
    CreatedKey,
    api_key_create,
    api_key_revoke,
    api_key_update,
)
from sites.audit import Actor
from sites.models import ApiKey, Role, Scope, Site
from sites.opened_state import OpenedState, columns_stamp
from sites.roles import sites_for


class _Try(NamedTuple):
    """A request that proves a key and stores nothing; its view is named, being in an app above."""

    scope: Scope
    url_name: str
    has_site: bool
    body: str
    means: str


_TRIES: Final = (
    _Try(
        scope=Scope.CONTACTS_READ,
        url_name="contact-fields",
        has_site=False,
        body="",
        means="It asks for the contact fields of the site. An answer of 200 means that the key "
        "works; 401 means that it does not.",
    ),
    _Try(
        scope=Scope.ONSITE_WRITE,
        url_name="onsite-submissions",
        has_site=True,
        body="{}",
        means="It sends an empty request, so nothing is stored. An answer of 422, which lists what "
        "is missing, means that the key works; 401 means that it does not.",
    ),
)


@admin.register(ApiKey)
class ApiKeyAdmin(RevocableKeyAdmin, ApiKeyListAdmin):
    template_folder = "api_keys"

    def revoke(self, key: ApiKey, actor: Actor) -> None:
        api_key_revoke(key=key, actor=actor)

    def chip(self, key: ApiKey) -> SafeString:
        return key_chip(key)

    # -- adding ----------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        sites = sites_for(request.user, Role.ADMIN)
        form = NewApiKeyForm(
            request.POST if request.method == "POST" else None,
            sites=sites,
            chosen=request.GET.get("site", ""),
            like=self._predecessor(request),
        )
        if request.method == "POST" and form.is_valid():
            created = _created(form, Actor.from_request(request))
            if created is not None:
                return self._shown_once(request, created)
        return self.page(request, "add", "Add an API key", form=form, has_sites=sites.exists())

    def _predecessor(self, request: HttpRequest) -> ApiKey | None:
        """Return the key whose successor the address asks for, when the user may make one."""
        given = request.GET.get("like", "")
        return self.scoped_object(request, given, Role.ADMIN) if given else None

    @sensitive_variables("created", "authorization")
    def _shown_once(self, request: HttpRequest, created: CreatedKey) -> HttpResponse:
        """Answer with the secret; there is no address under which it could be asked for again."""
        authorization = f"ApiKey {created.key.key_id}:{created.secret}"
        return self.page(
            request,
            "shown_once",
            "API key made",
            key=created.key,
            secret=created.secret,
            header_line=f"Authorization: {authorization}",
            tries=[
                (str(each.scope.label), _curl(each, created.key.site, authorization), each.means)
                for each in _TRIES
                if each.scope in created.key.scopes
            ],
            sends_events=Scope.CUSTOM_EVENTS_WRITE in created.key.scopes,
        )

    # -- the page of a key -----------------------------------------------------------------------

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        key: ApiKey = self.scoped_object(request, object_id)
        may_change = self.may(request, key, self.change_role) and key.revoked_at is None
        opened = OpenedState(request.POST, key, stamp_of=columns_stamp(*API_KEY_FIELDS))
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            form = ApiKeyForm(request.POST, key=key)
            if form.is_valid() and _is_updated(key, form, opened, Actor.from_request(request)):
                messages.success(request, f"The API key “{key.name}” was saved.")
                return self.to_page(key)
            # What was typed is in the form; the rest of the page shows what is stored.
            key = self.scoped_object(request, object_id)
        else:
            form = ApiKeyForm(key=key)
        return self._key_page(request, key, form if may_change else None, opened)

    def _key_page(
        self, request: HttpRequest, key: ApiKey, form: ApiKeyForm | None, opened: OpenedState
    ) -> HttpResponse:
        return self.page(
            request,
            "page",
            key.name,
            key=key,
            form=form,
            opened=opened,
            chip=self.chip(key),
            scope_words=scope_words(key.scopes),
            is_open=self.may(request, key, Role.OPERATOR),
            history_url=audit_url(key),
            **usage_context(key),
        )


def _created(form: NewApiKeyForm, actor: Actor) -> CreatedKey | None:
    """Return the key that the form asks for, or None with the form saying what is wrong."""
    given = form.cleaned_data
    try:
        return api_key_create(
            site=given["site"],
            name=given["name"],
            scopes=given["scopes"],
            allowed_networks=form.networks(),
            expires_at=form.expires_at(given["site"]),
            actor=actor,
        )
    except ValidationError as error:
        form.show_errors(error)
        return None


def _is_updated(key: ApiKey, form: ApiKeyForm, opened: OpenedState, actor: Actor) -> bool:
    key.name = form.cleaned_data["name"]
    key.scopes = form.cleaned_data["scopes"]
    key.allowed_networks = form.networks()
    key.expires_at = form.expires_at(key.site, key.expires_at)
    try:
        api_key_update(key=key, actor=actor, opened=opened)
    except ValidationError as error:
        form.show_errors(error)
        return False
    return True


@sensitive_variables("authorization", "headers", "words")
def _curl(attempt: _Try, site: Site, authorization: str) -> str:
    args = [site.public_id] if attempt.has_site else []
    url = settings.PUBLIC_URL + reverse(attempt.url_name, args=args)
    words = ["curl", "-i", "-H", f"Authorization: {authorization}"]
    if attempt.body:
        words += ["-H", "Content-Type: application/json", "--data-raw", attempt.body]
    return " ".join(shlex.quote(word) for word in (*words, url))
