"""Contacts: the list, and one person with everything that happened to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from common.admin.key_pages import KeyStream
from common.admin.keyset import KeysetAdmin, KeysetChangeList
from common.admin.relative_time import relative_time
from contacts.admin.change_words import contact_label
from contacts.admin.contact_consents import ConsentPages
from contacts.admin.contact_page import (
    contact_context,
    contact_name,
    email_status_chip,
    preference_chip,
    preferences_by_channel,
)
from contacts.admin.contact_sections import sections_shown
from contacts.admin.exports import ExportPages
from contacts.admin.loyalty.contact_pages import LoyaltyPages
from contacts.admin.subject_rights import SubjectRightsPages
from contacts.admin.timeline_page import timeline_context
from contacts.models import Contact
from contacts.search import contacts_found
from sites.models import Role
from sites.revealing import RevealingAdmin
from sites.roles import is_superuser
from sites.site_filter import SiteFilter, chosen_sites, of_site


@admin.register(Contact)
class ContactAdmin(
    ConsentPages, LoyaltyPages, SubjectRightsPages, ExportPages, KeysetAdmin, RevealingAdmin
):
    reveal_action = "contact.personal_identity_revealed"
    reveal_role = Role.ADMIN
    list_display = ("who", "name_column", "phone_column", "state", "accepts", "updated")
    list_filter = (SiteFilter,)
    list_select_related = ("site",)
    list_defer = ("attributes", "fact_times")
    search_fields = ("email",)
    search_help_text = "E-mail, phone, contact id or external id"
    actions = ()
    change_list_template = "admin/contacts/contact/change_list.html"
    empty_list_advice = (
        "Contacts appear when a source sends events about people, or when you import a file of "
        "them. Nobody types them in here."
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Contact]:
        # Decrypted for nobody but the admin who asks to see it.
        return super().get_queryset(request).defer("personal_identity_number")

    # -- list ------------------------------------------------------------------------------------

    def key_streams(self, request: HttpRequest, changes: KeysetChangeList) -> list[KeyStream]:
        rows = changes.queryset.select_related(None)
        sites = chosen_sites(request)
        if changes.query:
            return [
                KeyStream(rows=rows.filter(pk__in=contacts_found(site=site, text=changes.query)))
                for site in sites
            ]
        if is_superuser(request.user) and "site" not in changes.chosen:
            return [KeyStream(rows=rows)]
        return [KeyStream(rows=rows.filter(site_id=site.pk)) for site in sites]

    def rows_for_list(self, request: HttpRequest, keys: list[Any]) -> list[Any]:
        rows = super().rows_for_list(request, keys)
        prefetch_related_objects(rows, "preferences")
        return rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = {"title": "Contacts", **self.transfer_links(request)}
        return super().changelist_view(request, shown | (extra_context or {}))

    @admin.display(description="Contact")
    def who(self, contact: Contact) -> SafeString:
        return of_site(contact_label(contact), contact.site)

    @admin.display(description="Name")
    def name_column(self, contact: Contact) -> str | None:
        return contact_name(contact) or None

    @admin.display(description="Phone")
    def phone_column(self, contact: Contact) -> str | None:
        return contact.phone

    @admin.display(description="E-mail status")
    def state(self, contact: Contact) -> SafeString:
        return email_status_chip(contact)

    @admin.display(description="Accepts")
    def accepts(self, contact: Contact) -> SafeString:
        chips = ((preference_chip(*pair),) for pair in preferences_by_channel(contact))
        return format_html('<span class="marks">{}</span>', format_html_join("", "{}", chips))

    @admin.display(description="Updated")
    def updated(self, contact: Contact) -> SafeString:
        with timezone.override(contact.site.time_zone):
            return relative_time(contact.updated_at)

    # -- one contact -----------------------------------------------------------------------------

    def masked_page(self, request: HttpRequest, row: Contact, *, is_masked: bool) -> HttpResponse:
        with timezone.override(row.site.time_zone):
            sections = sections_shown(request, row)
        return self.shown(
            request,
            row,
            "contacts/contact/page",
            contact_label(row),
            **contact_context(row),
            **timeline_context(row, request.GET.get("before", "")),
            sections=sections,
            section_styles=_once(path for section in sections for path in section.styles),
            section_scripts=_once(path for section in sections for path in section.scripts),
            revealed="" if is_masked else row.personal_identity_number,
            may_reveal=self.may(request, row, Role.ADMIN),
        )


def _once(paths: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(paths))
