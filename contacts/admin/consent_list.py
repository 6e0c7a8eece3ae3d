"""The list of consents, and the ids that contacts answered though nobody defined them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from common.admin.list_filters import ChoiceFilter
from common.admin.row_menu import row_menu
from common.admin.status_chip import Tone, status_chip
from contacts.consents.counting import LatelyCounts, lately_answered, undefined_ids
from contacts.consents.definitions import newest_texts
from contacts.models import ConsentDefinition
from sites.admin.audited import AuditedAdmin, audit_url
from sites.models import Role, Site
from sites.roles import has_role
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import SiteFilter, chosen_sites, of_site


class ConsentChangeList(ChangeList):
    """Marks each listed consent with its newest text and its answers."""

    model_admin: SiteScopedAdmin

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        definitions = list(self.result_list)
        texts, counts = newest_texts(definitions), lately_answered(definitions)
        for definition in definitions:
            definition.newest = texts.get(definition.pk)
            definition.lately = counts.get(definition.pk)
            definition.is_theirs = self.model_admin.may(request, definition, Role.OPERATOR)
        self.result_list = definitions


class AskedFilter(ChoiceFilter):
    title = "Asked for"
    parameter_name = "is_active"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Asked for"), ("0", "Switched off")]


class ConsentListAdmin(AuditedAdmin, SiteScopedAdmin):
    view_role = Role.VIEWER
    add_role = change_role = delete_role = Role.OPERATOR
    list_title = "Consents"
    list_display = ("named", "wire_id", "asked", "text", "answers", "menu")
    list_display_links = ("named",)
    list_filter = (SiteFilter, AskedFilter)
    list_select_related = ("site",)
    list_per_page = 25
    search_fields = ("name", "consent_id")
    search_help_text = "Name or id"
    ordering = ("site__name", "name", "pk")
    change_list_template = "admin/consents/list.html"
    empty_list_advice = (
        "A consent is something a site asks its contacts to agree to, in words that are kept: the "
        "terms of a membership, say. Each answer is kept with the words that were shown."
    )
    actions = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ConsentChangeList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = {
            "undefined": [
                {
                    "site": site,
                    "consent_id": consent_id,
                    "url": _add_url(site, consent_id)
                    if has_role(request.user, site, Role.OPERATOR)
                    else "",
                }
                for site, consent_id in undefined_ids(sites=chosen_sites(request))
            ]
        }
        return super().changelist_view(request, shown | (extra_context or {}))

    @admin.display(description="name", ordering="name")
    def named(self, definition: ConsentDefinition) -> SafeString:
        return of_site(definition.name, definition.site)

    @admin.display(description="id", ordering="consent_id")
    def wire_id(self, definition: ConsentDefinition) -> SafeString:
        return format_html("<code>{}</code>", definition.consent_id)

    @admin.display(description="state", ordering="is_active")
    def asked(self, definition: ConsentDefinition) -> SafeString:
        return asked_chip(definition)

    @admin.display(description="text")
    def text(self, definition: ConsentDefinition) -> SafeString:
        newest = getattr(definition, "newest", None)
        if newest is None:
            return format_html('<span class="quiet">{}</span>', "none yet")
        return format_html(
            'version {}<br><span class="quiet">{}</span>', newest.version, ", ".join(newest.texts)
        )

    @admin.display(description="answers")
    def answers(self, definition: ConsentDefinition) -> str:
        lately: LatelyCounts | None = getattr(definition, "lately", None)
        return lately.words if lately else ""

    @admin.display(description="")
    def menu(self, definition: ConsentDefinition) -> SafeString:
        is_theirs = getattr(definition, "is_theirs", False)
        own = reverse("admin:contacts_consentdefinition_change", args=[definition.pk])
        entries = [("Edit" if is_theirs else "Open", own)]
        if is_theirs:
            delete = reverse("admin:contacts_consentdefinition_delete", args=[definition.pk])
            entries += [("Delete…", delete), ("Audit log", audit_url(definition))]
        return row_menu(definition.name, entries)


def asked_chip(definition: ConsentDefinition) -> SafeString:
    if definition.is_active:
        return status_chip("Asked for", Tone.GOOD)
    return status_chip("Switched off", Tone.QUIET)


def _add_url(site: Site, consent_id: str) -> str:
    given = {"site": str(site.pk), "consent_id": consent_id, "name": consent_id}
    return f"{reverse('admin:contacts_consentdefinition_add')}?{urlencode(given)}"
