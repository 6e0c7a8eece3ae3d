"""Kinds of points: the list, and the form of one."""

from __future__ import annotations

from typing import Any, Final

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from common.admin.list_filters import ChoiceFilter
from common.admin.row_menu import row_menu
from common.admin.status_chip import Tone, status_chip
from common.capped_count import CappedCount, capped_count
from common.uses import users_of
from contacts.admin.loyalty.capped_counts import newest_counts
from contacts.admin.loyalty.point_definition_form import NewPointDefinitionForm, PointDefinitionForm
from contacts.loyalty.definitions import (
    USES,
    point_definition_delete,
    point_definition_save,
)
from contacts.models import PointAccount, PointDefinition
from sites.admin.audited import AuditedAdmin, audit_url
from sites.audit import Actor
from sites.delete_pages import DeletePages, DeleteWords
from sites.models import Role
from sites.opened_state import OpenedState
from sites.roles import sites_for
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import SiteFilter, of_site
from sites.template_pages import TemplatePages

_OF_DEFINITION: Final[Any] = PointAccount._meta.get_field("definition")


class AwardedFilter(ChoiceFilter):
    title = "Awarded"
    parameter_name = "is_active"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("1", "Awarded"), ("0", "Switched off")]


class PointDefinitionChangeList(ChangeList):
    """Marks each listed kind with how many contacts have some, in one query."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        definitions = list(self.result_list)
        counts = newest_counts(_OF_DEFINITION, [each.pk for each in definitions])
        for definition in definitions:
            definition.holders, _ = counts[definition.pk]
        self.result_list = definitions


@admin.register(PointDefinition)
class PointDefinitionAdmin(DeletePages, TemplatePages, AuditedAdmin, SiteScopedAdmin):
    template_folder = "loyalty"
    delete_noun = "kind of points"
    delete_base_template = "admin/loyalty/points_base.html"
    view_role = Role.VIEWER
    add_role = change_role = delete_role = Role.OPERATOR
    list_title = "Points"
    list_display = ("named", "number_column", "state", "expiry", "contacts_column", "menu")
    list_display_links = ("named",)
    list_filter = (SiteFilter, AwardedFilter)
    list_select_related = ("site",)
    list_per_page = 25
    search_fields = ("name",)
    search_help_text = "Name"
    ordering = ("site__name", "number")
    change_list_template = "admin/loyalty/points_list.html"
    empty_list_advice = (
        "Points are something a site gives its contacts, and that they spend or let expire. A site "
        "may have several kinds: bonus points, say, and stars."
    )
    actions = None

    # -- list ------------------------------------------------------------------------------------

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return PointDefinitionChangeList

    @admin.display(description="name", ordering="name")
    def named(self, definition: PointDefinition) -> SafeString:
        return of_site(definition.name, definition.site)

    @admin.display(description="id", ordering="number")
    def number_column(self, definition: PointDefinition) -> SafeString:
        return format_html("<code>{}</code>", definition.number)

    @admin.display(description="state", ordering="is_active")
    def state(self, definition: PointDefinition) -> SafeString:
        return awarded_chip(definition)

    @admin.display(description="expiry", ordering="expires_after_days")
    def expiry(self, definition: PointDefinition) -> str:
        return expiry_words(definition)

    @admin.display(description="who has them")
    def contacts_column(self, definition: Any) -> str:
        holders: CappedCount = definition.holders
        return f"{holders.words} contact{'' if holders.count == 1 else 's'}"

    @admin.display(description="")
    def menu(self, definition: PointDefinition) -> SafeString:
        own = reverse("admin:contacts_pointdefinition_change", args=[definition.pk])
        delete = reverse("admin:contacts_pointdefinition_delete", args=[definition.pk])
        entries = [("Open", own), ("Delete…", delete), ("Audit log", audit_url(definition))]
        return row_menu(definition.name, entries)

    # -- one kind --------------------------------------------------------------------------------

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        data = request.POST if request.method == "POST" else None
        sites = sites_for(request.user, Role.OPERATOR)
        form = NewPointDefinitionForm(data, sites=sites, chosen=request.GET.get("site", "")[:20])
        if data is not None and (saved := _saved(request, form, None)):
            messages.success(request, f"“{saved.name}” were added.")
            return _to(saved)
        return self.page(request, "points_form", "Add points", form=form)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        definition: PointDefinition = self.scoped_object(request, object_id)
        may_change = self.may(request, definition, self.change_role)
        form = PointDefinitionForm(definition=definition)
        opened = OpenedState(request.POST, definition)
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            form = PointDefinitionForm(request.POST, definition=definition)
            if saved := _saved(request, form, definition, opened):
                messages.success(request, f"“{saved.name}” were saved.")
                return _to(saved)
            # What was typed is in the form; the rest of the page shows what is stored.
            definition = self.scoped_object(request, object_id)
        return self.page(
            request,
            "points_form",
            definition.name,
            definition=definition,
            form=form if may_change else None,
            opened=opened,
            chip=awarded_chip(definition),
            expiry=expiry_words(definition),
            holders=_holders(definition),
            users=users_of(definition, USES),
            history_url=audit_url(definition),
        )

    def delete_words(self, row: PointDefinition) -> DeleteWords:
        holders = _holders(row)
        held = (
            f"Contacts have them ({holders.words}), so they cannot be deleted. Switch them off: no "
            "more are awarded then, and what contacts have they can still redeem."
        )
        return DeleteWords(
            goes=f"“{row.name}” of {row.site} go. No contact has any.",
            obstacle=held if holders else "",
            users=users_of(row, USES),
        )

    def delete_model(self, request: HttpRequest, obj: PointDefinition) -> None:
        point_definition_delete(definition=obj, actor=Actor.from_request(request))


def awarded_chip(definition: PointDefinition) -> SafeString:
    if definition.is_active:
        return status_chip("Awarded", Tone.GOOD)
    return status_chip("Switched off", Tone.QUIET)


def expiry_words(definition: PointDefinition) -> str:
    days = definition.expires_after_days
    if days is None:
        return "never expire"
    return f"expire after {days:,} day{'' if days == 1 else 's'}"


def _holders(definition: PointDefinition) -> CappedCount:
    return capped_count(PointAccount.objects.filter(definition=definition))


def _saved(
    request: HttpRequest,
    form: PointDefinitionForm,
    definition: PointDefinition | None,
    opened: OpenedState | None = None,
) -> PointDefinition | None:
    """Return what was saved, None after putting what is wrong into the form."""
    if not form.is_valid():
        return None
    if definition is None:
        assert isinstance(form, NewPointDefinitionForm)
        definition = form.new_definition()
    else:
        form.fill(definition)
    try:
        return point_definition_save(
            definition=definition, actor=Actor.from_request(request), opened=opened
        )
    except ValidationError as error:
        form.show_errors(error)
        return None


def _to(definition: PointDefinition) -> HttpResponse:
    return HttpResponseRedirect(
        reverse("admin:contacts_pointdefinition_change", args=[definition.pk])
    )
