"""The list of contact fields, with what uses each of them, and the system fields below it."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin.list_filters import ChoiceFilter
from common.admin.row_menu import row_menu
from contacts.admin.field_words import TYPE_WORDS, system_fields_shown, type_words
from contacts.contact_fields.users import users_of
from contacts.models import ContactField
from integrations.field_types import FieldType
from sites.admin.audited import AuditedAdmin, audit_url
from sites.models import Role
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import SiteFilter, of_site

_MOST_TOLD: Final = 8


class ContactFieldChangeList(ChangeList):
    """Marks each listed field with what uses it, in one query, and with what the viewer may do."""

    model_admin: SiteScopedAdmin

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        fields = list(self.result_list)
        users = users_of([field.pk for field in fields])
        for field in fields:
            field.users = users[field.pk]
            field.is_theirs = self.model_admin.may(request, field, Role.OPERATOR)
        self.result_list = fields


class TypeFilter(ChoiceFilter):
    title = "Type"
    parameter_name = "type"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.value, TYPE_WORDS[kind]) for kind in FieldType]


class ContactFieldListAdmin(AuditedAdmin, SiteScopedAdmin):
    view_role = Role.VIEWER
    add_role = change_role = delete_role = Role.OPERATOR
    list_title = "Contact fields"
    list_display = ("named", "wire_id", "kind", "used_by", "menu")
    list_display_links = ("named",)
    list_filter = (SiteFilter, TypeFilter)
    list_select_related = ("site",)
    search_fields = ("name", "field_id")
    search_help_text = "Name or id"
    ordering = ("site__name", "name")
    change_list_template = "admin/contact_fields/list.html"
    empty_list_advice = (
        "A contact field holds what a site knows of its contacts beyond the system fields below, "
        "such as a favourite shop or a level. Values are checked by its type wherever they come in."
    )
    actions = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ContactFieldChangeList

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = {
            "system_fields": (
                ("Senders and the contact API write these", system_fields_shown(writable=True)),
                ("Patchbay sets these itself", system_fields_shown(writable=False)),
            )
        }
        return super().changelist_view(request, shown | (extra_context or {}))

    @admin.display(description="name", ordering="name")
    def named(self, field: ContactField) -> SafeString:
        return of_site(field.name, field.site)

    @admin.display(description="id", ordering="field_id")
    def wire_id(self, field: ContactField) -> SafeString:
        return format_html("<code>{}</code>", field.field_id)

    @admin.display(description="type", ordering="type")
    def kind(self, field: ContactField) -> SafeString | str:
        if not FieldType(field.type).has_options:
            return type_words(field)
        labels = [option["label"] for option in field.options]
        return format_html(
            '{}<span class="clamp quiet" title="{}">{}</span>',
            type_words(field),
            "\n".join(labels),
            ", ".join(labels),
        )

    @admin.display(description="used by")
    def used_by(self, field: ContactField) -> SafeString | str:
        users: list[str] = getattr(field, "users", [])
        if not users:
            return format_html('<span class="quiet">{}</span>', "not in use")
        more = f" and {len(users) - 1} more" if len(users) > 1 else ""
        told = "\n".join(users[:_MOST_TOLD])
        return format_html(
            '<span class="clamp" title="{}">{}{}</span>', told, _capitalised(users[0]), more
        )

    @admin.display(description="")
    def menu(self, field: ContactField) -> SafeString:
        is_theirs = getattr(field, "is_theirs", False)
        own = reverse("admin:contacts_contactfield_change", args=[field.pk])
        entries = [("Edit" if is_theirs else "Open", own)]
        if is_theirs:
            delete = reverse("admin:contacts_contactfield_delete", args=[field.pk])
            entries += [("Delete…", delete), ("Audit log", audit_url(field))]
        return row_menu(field.name, entries)


def _capitalised(words: str) -> str:
    return words[:1].upper() + words[1:]
