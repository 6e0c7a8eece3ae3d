"""The console: Django's admin under Patchbay's name, order and theme."""

from __future__ import annotations

from collections.abc import Callable
from functools import update_wrapper
from http import HTTPStatus
from typing import Any, TypeVar, cast

from django.contrib.admin import AdminSite
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path

from sites.audit import Actor, audit_record
from sites.password_hashing import log_in_place
from sites.roles import may_log_in

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


class ConsoleLoginForm(AuthenticationForm):
    """Lets in whom the console is open to: members of a site, and superusers."""

    def clean(self) -> dict[str, Any]:
        with log_in_place():
            return super().clean()

    def confirm_login_allowed(self, user: AbstractBaseUser | AnonymousUser) -> None:
        super().confirm_login_allowed(user)  # type: ignore[arg-type]
        if not may_log_in(user):
            raise ValidationError(
                "You are not a member of any site. Ask a site's admin to add you.",
                code="no_site",
            )


class PatchbayAdminSite(AdminSite):
    site_header = "Patchbay"
    site_title = "Patchbay"
    index_title = "Overview"
    site_url = None
    login_form = ConsoleLoginForm
    empty_value_display = "—"

    def has_permission(self, request: HttpRequest) -> bool:
        return may_log_in(request.user)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Open nothing but the change of password to whoever was handed theirs by somebody else."""
        opened = super().admin_view(view, cacheable)
        if view in (self.password_change, self.logout):
            return opened

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if getattr(request.user, "must_change_password", False):
                return redirect("admin:password_change")
            return opened(request, *args, **kwargs)

        return cast(View, update_wrapper(guarded, opened))

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        context = extra_context or {}
        if getattr(request.user, "must_change_password", False):
            context = {"title": "Choose a password of your own to go on"} | context
        with transaction.atomic():
            response = super().password_change(request, context)
            actor = Actor.from_request(request)
            if response.status_code == HTTPStatus.FOUND:
                audit_record(
                    actor=actor,
                    action="user.password_changed",
                    site=None,
                    target=actor.user,
                    changes={"password": ("", "changed")},
                )
        return response

    def get_app_list(
        self, request: HttpRequest, app_label: str | None = None
    ) -> list[dict[str, Any]]:
        """Return the navigation, which knows no apps."""
        # Loaded late: this class is made while the apps whose pages it lists are still loading.
        from config.console.navigation import navigation

        return navigation(self, request)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        from config.console.banners import current_banners  # as above

        context = super().each_context(request)
        context["banners"] = current_banners(request) if context["has_permission"] else []
        return context

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        from config.console.overview import overview_context  # as above

        return super().index(request, overview_context(request) | (extra_context or {}))

    def app_index(  # type: ignore[override]
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Lead to the first page: the pages of an app are no group that staff know."""
        return redirect("admin:index")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        own: list[URLPattern | URLResolver] = [
            path("health/", self.admin_view(self.health), name="health"),
        ]
        return own + super().get_urls()

    def health(self, request: HttpRequest) -> HttpResponse:
        from config.console.system_health import health_context  # as above

        context = self.each_context(request) | health_context(request) | {"title": "Health"}
        return TemplateResponse(request, "admin/health.html", context)
