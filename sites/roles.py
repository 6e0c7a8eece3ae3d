"""Who may do what where: the one place that turns memberships into answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from sites.models import Membership, Role, Site

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

    AnyUser = AbstractBaseUser | AnonymousUser


def is_superuser(user: AnyUser) -> bool:
    """Say whether the user runs the installation and so counts as admin of every site."""
    return bool(user.is_active and getattr(user, "is_superuser", False))


def roles_of(user: AnyUser) -> dict[int, Role]:
    """Return the user's memberships as site id to role; superusers need none and may have none."""
    if not (user.is_authenticated and user.is_active):
        return {}
    rows = Membership.objects.filter(user_id=user.pk).values_list("site_id", "role")
    return {site_id: Role(role) for site_id, role in rows}


def role_on(user: AnyUser, site: Site) -> Role | None:
    """Return the user's role on the site, or None for a stranger; a superuser is its admin."""
    if is_superuser(user):
        return Role.ADMIN
    return roles_of(user).get(site.pk)


def has_role(user: AnyUser, site: Site, role: Role) -> bool:
    held = role_on(user, site)
    return held is not None and held.includes(role)


def sites_for(user: AnyUser, at_least: Role = Role.VIEWER) -> QuerySet[Site]:
    """Return the sites on which the user has that role or a greater one."""
    if is_superuser(user):
        return Site.objects.all()
    held = [site_id for site_id, role in roles_of(user).items() if role.includes(at_least)]
    return Site.objects.filter(pk__in=held)


def may_log_in(user: AnyUser) -> bool:
    """Say whether the console is open to the user: to superusers and to members of any site."""
    return is_superuser(user) or bool(roles_of(user))
