"""What a request may reach: its user's roles by site, and the filters that follow from them."""

from __future__ import annotations

from typing import Any, Final, Literal

from django.contrib.admin import AdminSite
from django.contrib.admin.exceptions import NotRegistered
from django.db import models
from django.http import HttpRequest

from sites.models import Role, Site
from sites.roles import is_superuser, roles_of

SUPERUSER: Final = "superuser"
# A role on the row's site, superusers alone, or None for nobody (rows that only code writes).
Requirement = Role | Literal["superuser"] | None


def request_roles(request: HttpRequest) -> dict[int, Role]:
    """Return the user's roles by site id, read once per request."""
    cached: dict[int, Role] | None = getattr(request, "_roles_by_site", None)
    if cached is None:
        cached = roles_of(request.user)
        request._roles_by_site = cached  # type: ignore[attr-defined]
    return cached


def site_ids(request: HttpRequest, requirement: Requirement) -> list[int]:
    """Return the ids of the sites where a member meets the requirement; not for superusers."""
    if not isinstance(requirement, Role):
        return []
    return [pk for pk, role in request_roles(request).items() if role.includes(requirement)]


def meets(request: HttpRequest, site_id: int | None, requirement: Requirement) -> bool:
    """Say whether the user meets the requirement on this site; on no site only superusers do."""
    if requirement is None:
        return False
    return is_superuser(request.user) or site_id in site_ids(request, requirement)


def meets_anywhere(request: HttpRequest, requirement: Requirement) -> bool:
    if requirement is None:
        return False
    return is_superuser(request.user) or bool(site_ids(request, requirement))


def site_path_of(model: type[models.Model], admin_site: AdminSite) -> str | None:
    """Return the lookup path from a model to its site, or None when it belongs to none."""
    if model is Site:
        return "pk"
    try:
        path: str | None = getattr(admin_site.get_model_admin(model), "site_path", None)
    except NotRegistered:
        path = None
    if path is not None:
        return path
    for field in model._meta.fields:
        if field.name == "site" and field.related_model is Site:
            return "site"
    return None


def choice_limits(
    request: HttpRequest,
    model: type[models.Model],
    admin_site: AdminSite,
    requirement: Requirement,
) -> dict[str, Any]:
    """Return the filter under which rows of `model` may be offered to the user as choices.

    A model that belongs to no site (users, for one) is offered to superusers alone.
    """
    if is_superuser(request.user):
        return {}
    path = site_path_of(model, admin_site)
    if path is None:
        return {"pk__in": []}
    return {f"{path}__in": site_ids(request, requirement)}
