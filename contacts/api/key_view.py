"""What the views of the contact API share: the key, its site and what it may do."""

from __future__ import annotations

from typing import Final, cast

from django.http.response import HttpResponseBase
from django.utils import timezone
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from common.client_address import client_address
from common.endpoint.view import EndpointView
from contacts.services import ChangeSource
from sites.api_keys.authentication import ApiKeyAuthentication
from sites.api_keys.permission import has_scope
from sites.audit import Actor
from sites.models import ApiKey, Scope

_READING: Final = frozenset(("GET", "HEAD", "OPTIONS"))


class KeyView(EndpointView):
    """Reading asks for contacts:read, everything else for contacts:write."""

    authentication_classes = (ApiKeyAuthentication,)

    def get_permissions(self) -> list[BasePermission]:
        reads = self.request.method in _READING
        return [has_scope(Scope.CONTACTS_READ if reads else Scope.CONTACTS_WRITE)()]

    @property
    def key(self) -> ApiKey:
        return cast(ApiKey, self.request.auth)

    @property
    def may_read(self) -> bool:
        return Scope.CONTACTS_READ in self.key.scopes

    @property
    def actor(self) -> Actor:
        address = client_address(self.request.META)
        return Actor(user=None, label=f"API key {self.key.name}", address=address)

    def change_source(self) -> ChangeSource:
        return ChangeSource(
            key=self.key.key_id, label=f"API: {self.key.name}", received_at=timezone.now()
        )

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: Response, *args: object, **kwargs: object
    ) -> HttpResponseBase:
        answer = super().finalize_response(request, response, *args, **kwargs)
        # Personal data: no proxy and no browser keeps a copy.
        answer.headers["Cache-Control"] = "no-store"
        return answer
