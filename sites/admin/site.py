from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from common.admin.copy_field import copy_field, copy_id
from common.admin.row_menu import row_menu
from common.admin.status_chip import Tone, status_chip
from sites.admin import members
from sites.admin.audited import AuditedAdmin, audit_url
from sites.admin.integration_sections import (
    IntegrationSection,
    integration_section,
    integration_sections,
    section_url,
)
from sites.audit import Actor
from sites.models import Role, Site
from sites.opened_state import OpenedState, check_unchanged
from sites.roles import has_role
from sites.scope import SUPERUSER
from sites.scoped_admin import SiteScopedAdmin
from sites.services import site_create, site_update

if TYPE_CHECKING:
    _SiteModelForm = forms.ModelForm[Site]
else:
    _SiteModelForm = forms.ModelForm


class SiteForm(_SiteModelForm):
    time_zone = forms.ChoiceField(
        initial="UTC",
        choices=lambda: [(name, name) for name in sorted(zoneinfo.available_timezones())],
        help_text="Times that senders give without a zone are read in this one.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.opened = OpenedState(self.data if self.is_bound else None, self.instance)

    def clean(self) -> dict[str, Any] | None:
        if self.instance.pk:
            # The view is one transaction: the row stays locked until it is saved.
            stored = Site.objects.select_for_update().get(pk=self.instance.pk)
            check_unchanged(stored, since=self.opened)
        return super().clean()


class SiteChangeList(ChangeList):
    """Adds to each listed site what its integrations say, in one query per kind."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        sites = list(self.result_list)
        briefs = [section.briefs(sites) for section in integration_sections()]
        for site in sites:
            site.integration_briefs = [brief[site.pk] for brief in briefs]
        self.result_list = sites


@admin.register(Site)
class SiteAdmin(AuditedAdmin, SiteScopedAdmin):
    site_path = "pk"
    add_role = SUPERUSER
    delete_role = None
    form = SiteForm
    list_display = ("name", "state", "integrations", "member_count", "short_id", "menu")
    search_fields = ("name", "slug")
    search_help_text = "Name or slug"
    change_list_template = "admin/filtered_list.html"
    empty_list_advice = "Add a site: a brand or a store. Everything else belongs to one."
    prepopulated_fields = {"slug": ("name",)}
    readonly_fields = ("site_id",)
    change_form_template = "admin/sites/site_page.html"
    fieldsets = (
        (
            "General settings",
            {
                "fields": (
                    "name",
                    "slug",
                    "site_id",
                    "tenant_name",
                    "time_zone",
                    "default_country",
                    "language",
                    "is_active",
                )
            },
        ),
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SiteChangeList

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None:
            return super().get_fieldsets(request, obj)
        # The id is made with the site.
        title, settings = self.fieldsets[0]
        fields = tuple(name for name in settings["fields"] if name != "site_id")
        return [(title, {"fields": fields})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Site]:
        sites: QuerySet[Site] = super().get_queryset(request)
        return sites.annotate(members_in_all=Count("memberships"))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        # A viewer's page has no inputs to fill, and a known site keeps the name files use.
        return {} if obj else dict(super().get_prepopulated_fields(request, obj))

    @admin.display(description="state", ordering="is_active")
    def state(self, site: Site) -> SafeString:
        if site.is_active:
            return status_chip("Active", Tone.GOOD)
        return status_chip("Inactive", Tone.QUIET, title="Its sources refuse every webhook.")

    @admin.display(description="integrations")
    def integrations(self, site: Site) -> str:
        return "; ".join(getattr(site, "integration_briefs", [])) or "—"

    @admin.display(description="members", ordering="members_in_all")
    def member_count(self, site: Site) -> int:
        return int(getattr(site, "members_in_all", 0))

    @admin.display(description="site id")
    def site_id(self, site: Site) -> SafeString:
        return copy_field(site.public_id if site.pk else "", what="site id")

    @admin.display(description="site id")
    def short_id(self, site: Site) -> SafeString:
        return copy_id(site.public_id)

    @admin.display(description="")
    def menu(self, site: Site) -> SafeString:
        url = reverse("admin:sites_site_change", args=[site.pk])
        return row_menu(
            str(site),
            [("Edit", url), ("Members", f"{url}#members"), ("Audit log", audit_url(site))],
        )

    def save_model(self, request: HttpRequest, obj: Site, form: Any, change: bool) -> None:
        save = site_update if change else site_create
        save(site=obj, actor=Actor.from_request(request))

    def response_change(self, request: HttpRequest, obj: Site) -> HttpResponse:
        self.message_user(request, f"The settings of {obj} were saved.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:sites_site_change", args=[obj.pk]))

    def response_add(
        self, request: HttpRequest, obj: Site, post_url_continue: str | None = None
    ) -> HttpResponse:
        text = f"{obj} is ready. Add a source next: a system that sends webhooks to it."
        self.message_user(request, text, messages.SUCCESS)
        return HttpResponseRedirect(section_url(obj, "sources"))

    # -- the site's page -------------------------------------------------------------------------

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        site = self.get_object(request, object_id)
        context: dict[str, Any] = {} if site is None else self._page_context(request, site)
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def _page_context(
        self, request: HttpRequest, site: Site, posted: Mapping[str, dict[str, Any]] | None = None
    ) -> dict[str, Any]:
        """Return what the page shows; `posted` is what a section answered to a POST, by its key."""
        sections = integration_sections()
        context: dict[str, Any] = {
            "sections": [
                _section_context(request, site, section, (posted or {}).get(section.key))
                for section in sections
            ],
            "section_scripts": _once(path for section in sections for path in section.scripts),
            "section_styles": _once(path for section in sections for path in section.styles),
            "title": str(site),
            "subtitle": "",
        }
        if has_role(request.user, site, Role.ADMIN):
            context |= members.members_context(site)
        return context

    def _post_section(self, request: HttpRequest, object_id: str, key: str) -> HttpResponse:
        """Hand a POST to its section; a section may call another system, so no transaction here."""
        site = self.scoped_object(request, object_id)
        section = integration_section(key)
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        answer = section.post(request, site)
        if isinstance(answer, HttpResponse):
            return answer
        # The form of the general settings was not sent: the page is what a GET would show.
        page_request = copy(request)
        page_request.method = "GET"
        return super().change_view(
            page_request,
            str(site.pk),
            form_url=reverse("admin:sites_site_change", args=[site.pk]),
            extra_context=self._page_context(page_request, site, {key: answer}),
        )

    def get_urls(self) -> list[URLPattern]:
        def guarded(action: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
            return self.admin_site.admin_view(self._for_site_admins(action))

        base = "<path:object_id>/members/"
        own = [
            path(f"{base}add/", guarded(self._add_member), name="sites_member_add"),
            path(
                f"{base}<int:membership_id>/role/",
                guarded(members.change_role),
                name="sites_member_role",
            ),
            path(
                f"{base}<int:membership_id>/notices/",
                guarded(members.tell_trouble),
                name="sites_member_notices",
            ),
            path(
                f"{base}<int:membership_id>/remove/",
                guarded(members.remove_member),
                name="sites_member_remove",
            ),
            path(
                "<path:object_id>/sections/<slug:key>/",
                self.admin_site.admin_view(self._post_section),
                name="sites_site_section",
            ),
        ]
        return own + super().get_urls()

    def _for_site_admins(self, action: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, object_id: str, **kwargs: Any) -> HttpResponse:
            site = self.scoped_object(request, object_id, Role.ADMIN)
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            return action(request, site, **kwargs)

        return view

    def _add_member(self, request: HttpRequest, site: Site) -> HttpResponse:
        return members.add_member(request, site, self.admin_site)


def _section_context(
    request: HttpRequest, site: Site, section: IntegrationSection, posted: dict[str, Any] | None
) -> dict[str, Any]:
    """Return one section as the page lists it: closed, unless the address or a POST asks for it."""
    context = section.context(request, site) | {"site": site} | (posted or {})
    return {
        "key": section.key,
        "title": section.title,
        "brief": section.briefs([site])[site.pk],
        "chips": section.chips(site),
        "is_open": posted is not None or request.GET.get("section") == section.key,
        "body": render_to_string(section.template, context, request),
    }


def _once(paths: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(paths))
