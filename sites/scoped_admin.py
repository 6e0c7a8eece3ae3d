"""The one base that decides which rows, choices, actions and pages a member of a site gets.

`SiteScopedAdmin` asks memberships, never Django's model permissions. Everything starts from
`get_queryset`: lists, autocompletes, change, delete and history pages all look rows up there, so a
row of another site does not exist for them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.core import checks
from django.core.exceptions import PermissionDenied
from django.db import models, transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase

from sites.any_text_admin import AnyTextAdmin
from sites.models import Role
from sites.roles import is_superuser
from sites.scope import SUPERUSER, Requirement, choice_limits, meets, meets_anywhere, site_ids


class ScopedRelatedFilter(admin.RelatedFieldListFilter):
    """A list filter by a relation that offers only rows of the user's sites."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, Any]]:
        limits = choice_limits(
            request, field.remote_field.model, model_admin.admin_site, Role.VIEWER
        )
        ordering = self.field_admin_ordering(field, request, model_admin)
        choices: list[tuple[str, Any]] = field.get_choices(
            include_blank=False, ordering=ordering, limit_choices_to=limits
        )
        return choices


class SiteScopedAdmin(AnyTextAdmin):
    """Base of every admin whose rows belong to a site.

    `site_path` is the lookup path from a row to its site (`site`, `source__site`; `pk` for the
    site itself). The four requirements name the least role on the row's site; see `Requirement`.
    Actions declare theirs: `@admin.action(permissions=["support"])` with `support`, `operator`,
    `admin`, or Django's `view`, `change`, `delete`; they get only rows where the user has it.
    Extra pages look their row up with `scoped_object`.
    """

    site_path: str = "site"
    view_role: Requirement = Role.VIEWER
    change_role: Requirement = Role.OPERATOR
    add_role: Requirement = Role.OPERATOR
    delete_role: Requirement = Role.ADMIN

    # -- rows ------------------------------------------------------------------------------------

    def scope(
        self, request: HttpRequest, queryset: models.QuerySet[Any], requirement: Requirement
    ) -> models.QuerySet[Any]:
        """Return the rows of `queryset` on whose site the user meets the requirement."""
        if requirement is None:
            return queryset.none()
        if is_superuser(request.user):
            return queryset
        return queryset.filter(**{f"{self.site_path}__in": site_ids(request, requirement)})

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        return self.scope(request, super().get_queryset(request), self.view_role)

    def get_ordering(self, request: HttpRequest) -> Any:
        # Said aloud: a queryset with an annotation has lost its model's order, and pages need one.
        return self.ordering or self.opts.ordering or ("-pk",)

    def site_id_of(self, obj: models.Model) -> int | None:
        if self.site_path == "pk":
            own_id: int | None = obj.pk
            return own_id
        *steps, last = self.site_path.split("__")
        owner: Any = obj
        for step in steps:
            owner = getattr(owner, step)
            if owner is None:
                return None
        site_id: int | None = getattr(owner, owner._meta.get_field(last).attname)
        return site_id

    def may(self, request: HttpRequest, obj: models.Model, requirement: Requirement) -> bool:
        """Say whether the user meets the requirement on the row's site."""
        return meets(request, self.site_id_of(obj), requirement)

    def scoped_object(
        self, request: HttpRequest, object_id: str, requirement: Requirement = Role.VIEWER
    ) -> Any:
        """Return the row for a page of its own; Http404 when hidden, PermissionDenied by role."""
        obj = self.get_object(request, object_id)
        if obj is None:
            raise Http404(f"No {self.opts.verbose_name} with this id.")
        if not self.may(request, obj, requirement):
            raise PermissionDenied
        return obj

    # -- permissions -----------------------------------------------------------------------------

    def _meets(
        self, request: HttpRequest, obj: models.Model | None, requirement: Requirement
    ) -> bool:
        if obj is None:
            return meets_anywhere(request, requirement)
        return self.may(request, obj, requirement)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._meets(request, obj, self.view_role)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return meets_anywhere(request, self.add_role)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._meets(request, obj, self.change_role)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._meets(request, obj, self.delete_role)

    def has_support_permission(self, request: HttpRequest) -> bool:
        return meets_anywhere(request, Role.SUPPORT)

    def has_operator_permission(self, request: HttpRequest) -> bool:
        return meets_anywhere(request, Role.OPERATOR)

    def has_admin_permission(self, request: HttpRequest) -> bool:
        return meets_anywhere(request, Role.ADMIN)

    # -- actions ---------------------------------------------------------------------------------

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the actions that declare who may run them, each narrowed to permitted rows."""
        actions: dict[str, Any] = super().get_actions(request) or {}
        return {
            name: (self._narrowed(function), name, description)
            for name, (function, _, description) in actions.items()
            if getattr(function, "allowed_permissions", None)
        }

    def _narrowed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        # The list shows what the user may view; an action may ask for more on each row's site.
        requirements = [
            self._requirement_of(permission)
            for permission in getattr(function, "allowed_permissions", ())
        ]

        @wraps(function)
        def narrowed(
            model_admin: Any, request: HttpRequest, queryset: models.QuerySet[Any]
        ) -> HttpResponseBase | None:
            for requirement in requirements:
                queryset = self.scope(request, queryset, requirement)
            response: HttpResponseBase | None = function(model_admin, request, queryset)
            return response

        return narrowed

    def _requirement_of(self, permission: str) -> Requirement:
        if permission in Role.values:
            return Role(permission)
        requirement: Requirement = getattr(self, f"{permission}_role")
        return requirement

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> None:
        """Delete one by one through `delete_model`, where subclasses call their service."""
        with transaction.atomic():
            for obj in queryset:
                self.delete_model(request, obj)

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Return what the confirmation page lists: the rows themselves.

        Django would load every dependent row to list it, and ask each one's admin for permission;
        a source has millions, and whoever may delete it may delete what it received.
        """
        rows = list(objs)
        names = self.opts.verbose_name if len(rows) == 1 else self.opts.verbose_name_plural
        refused = any(not self.has_delete_permission(request, row) for row in rows)
        missing = {str(self.opts.verbose_name)} if refused else set()
        return [str(row) for row in rows], {str(names): len(rows)}, missing, []

    # -- choices and filters ---------------------------------------------------------------------

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs["queryset"] = self._choices_for(db_field, request, kwargs)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(
        self, db_field: models.ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs["queryset"] = self._choices_for(db_field, request, kwargs)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _choices_for(
        self, db_field: Any, request: HttpRequest, kwargs: dict[str, Any]
    ) -> models.QuerySet[Any]:
        """Return the choices of a relation; a posted id outside of them is refused by the field."""
        model: type[models.Model] = db_field.remote_field.model
        queryset = kwargs.get("queryset")
        if queryset is None:
            queryset = self.get_field_queryset(kwargs.get("using"), db_field, request)
        if queryset is None:
            queryset = model._default_manager.all()
        limits = choice_limits(request, model, self.admin_site, self._writing_role())
        return queryset.complex_filter(limits)

    def _writing_role(self) -> Requirement:
        """Return the lesser of the adding and the changing role; `save_form` asks for the exact."""
        roles: list[Role] = [
            role for role in (self.add_role, self.change_role) if isinstance(role, Role)
        ]
        return Role(min(roles, key=lambda role: role.rank)) if roles else SUPERUSER

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        obj = super().save_form(request, form, change)
        # The row may have been moved to another site by this very form, or edited in a list.
        if not self.may(request, obj, self.change_role if change else self.add_role):
            raise PermissionDenied
        return obj

    def get_list_filter(self, request: HttpRequest) -> Any:
        return [self._scoped_filter(item) for item in super().get_list_filter(request)]

    def _scoped_filter(self, item: Any) -> Any:
        if not isinstance(item, str):
            return item
        field = get_fields_from_path(self.model, item)[-1]
        return (item, ScopedRelatedFilter) if field.remote_field else item

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest | None = None) -> bool:
        """Allow declared filters, relations by id and the key; nothing else.

        Django allows any lookup on the model's own fields, so that whoever may not see a body
        could still search it with `?body__contains=`.
        """
        if not super().lookup_allowed(lookup, value, request):  # type: ignore[arg-type]
            return False
        base = lookup.split("__", maxsplit=1)[0]
        if base in ("pk", self.opts.pk.name) or base == self.date_hierarchy:
            return True
        declared = [
            item[0] if isinstance(item, tuple | list) else item
            for item in (self.get_list_filter(request) if request else self.list_filter)
        ]
        if any(_claims(item, lookup, base) for item in declared):
            return True
        relation = {field.name for field in self.opts.fields if field.remote_field}
        return base in relation and lookup in (base, f"{base}__id", f"{base}__id__exact")

    # -- checks at start -------------------------------------------------------------------------

    def check(self, **kwargs: Any) -> list[checks.CheckMessage]:
        found = list(super().check(**kwargs))
        if self.raw_id_fields:
            found.append(
                checks.Error(
                    "raw_id_fields shows the label of any row whose id is typed in.",
                    hint="Use autocomplete_fields, which are limited to the user's sites.",
                    obj=type(self),
                    id="patchbay.E001",
                )
            )
        for function, name, _ in self._get_base_actions():  # type: ignore[attr-defined]
            if not getattr(function, "allowed_permissions", None):
                found.append(
                    checks.Error(
                        f"The action “{name}” does not say who may run it.",
                        hint='Declare it: @admin.action(permissions=["support"]).',
                        obj=type(self),
                        id="patchbay.E002",
                    )
                )
        return found


def _claims(declared: Any, lookup: str, base: str) -> bool:
    """Say whether a declared filter, a field's name or a class of its own, reads the parameter."""
    if isinstance(declared, str):
        return declared.split("__", maxsplit=1)[0] == base
    return lookup == getattr(declared, "parameter_name", None)


class SuperuserAdmin(AnyTextAdmin):
    """Base of admins about the installation itself: superusers alone, whatever was granted."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request.user)
