"""What an authenticated key may do, and on which site."""

from __future__ import annotations

from django.http import Http404
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from sites.models import ApiKey, Scope

SCOPE_MISSING = "SCOPE_MISSING"


def scope_detail(scope: Scope) -> str:
    return (
        f"This API key lacks the permission {scope.value}. An admin of the site can add it to the "
        "key."
    )


def has_scope(scope: Scope) -> type[BasePermission]:
    """Return the permission class of views for keys with this scope, on their own site alone.

    A site that the address names as `site_id` must be the key's; another's, an unknown one and one
    that is switched off answer the same 404. Without one in the address, the key's site is meant.
    """

    class HasScope(BasePermission):
        def has_permission(self, request: Request, view: APIView) -> bool:
            key = request.auth
            if not isinstance(key, ApiKey):
                return False
            asked_for = view.kwargs.get("site_id", key.site.public_id)
            if asked_for != key.site.public_id or not key.site.is_active:
                raise Http404
            if scope not in key.scopes:
                raise PermissionDenied(scope_detail(scope), SCOPE_MISSING)
            return True

    return HasScope
