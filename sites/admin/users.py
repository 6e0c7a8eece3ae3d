from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from common.admin.list_filters import ActiveFilter, ChoiceFilter
from common.admin.relative_time import relative_time
from sites.admin.audited import AuditedAdmin
from sites.audit import Actor, audit_record, field_changes
from sites.models import User
from sites.scoped_admin import SuperuserAdmin

if TYPE_CHECKING:
    _UserAdmin = UserAdmin[User]
else:
    _UserAdmin = UserAdmin

_AUDITED = ("username", "email", "first_name", "last_name", "is_active", "is_superuser")


class KindFilter(ChoiceFilter):
    title = "Kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("superuser", "Superuser"), ("member", "Member")]

    def narrowed(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(is_superuser=self.chosen == "superuser")


@admin.register(User)
class PatchbayUserAdmin(AuditedAdmin, SuperuserAdmin, _UserAdmin):
    """Accounts, for superusers. Everyone else gets one when an admin adds them to a site."""

    list_display = ("username", "email", "kind", "is_active", "sites", "seen")
    list_filter = (KindFilter, ActiveFilter)
    list_title = "Users"
    change_list_template = "admin/filtered_list.html"
    search_help_text = "User name, name or e-mail"
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        (
            "Access",
            {
                "fields": ("is_active", "is_superuser"),
                "description": "Roles on a site are given on the site's page, under Members.",
            },
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("memberships__site")

    @admin.display(description="kind")
    def kind(self, user: User) -> str:
        return "Superuser" if user.is_superuser else "Member"

    @admin.display(description="sites")
    def sites(self, user: User) -> str:
        return ", ".join(str(membership.site) for membership in user.memberships.all()) or "—"

    @admin.display(description="last login", ordering="last_login")
    def seen(self, user: User) -> SafeString:
        return relative_time(user.last_login)

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        before = _values(User.objects.get(pk=obj.pk)) if change else {}
        obj.must_change_password = obj.must_change_password or not change
        super().save_model(request, obj, form, change)
        changes = field_changes(before, _values(obj))
        if changes:
            audit_record(
                actor=Actor.from_request(request),
                action="user.updated" if change else "user.created",
                site=None,
                target=obj,
                changes=changes,
            )

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        audit_record(
            actor=Actor.from_request(request), action="user.deleted", site=None, target=obj
        )
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for user in queryset:
            self.delete_model(request, user)

    @transaction.atomic
    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 - the name of the parameter is the parent's
        form_url: str = "",
    ) -> Any:
        before = self.get_object(request, unquote(id))
        response = super().user_change_password(request, id, form_url)
        user = self.get_object(request, unquote(id))
        if before is not None and user is not None and user.password != before.password:
            if user.pk != request.user.pk:
                User.objects.filter(pk=user.pk).update(must_change_password=True)
            audit_record(
                actor=Actor.from_request(request),
                action="user.password_changed",
                site=None,
                target=user,
                changes={"password": ("", "changed")},
            )
        return response


def _values(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in _AUDITED}
