"""The base of views that a key opens: who calls, on which site, and what the key may do there."""

from __future__ import annotations

from typing import ClassVar, Final, cast

from django.http.response import HttpResponseBase
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from common.client_address import client_address
from common.endpoint.view import EndpointView
from sites.api_keys.authentication import ApiKeyAuthentication
from sites.api_keys.permission import has_scope
from sites.audit import Actor
from sites.models import ApiKey, Scope

_READING: Final = frozenset(("GET", "HEAD", "OPTIONS"))


class KeyView(EndpointView):
    """Reading asks for the scope `reads`, everything else for `writes`; no answer is cached."""

    authentication_classes = (ApiKeyAuthentication,)
    reads: ClassVar[Scope]
    writes: ClassVar[Scope]

    def get_permissions(self) -> list[BasePermission]:
        is_reading = self.request.method in _READING
        return [has_scope(self.reads if is_reading else self.writes)()]

    @property
    def key(self) -> ApiKey:
        return cast(ApiKey, self.request.auth)

    @property
    def actor(self) -> Actor:
        address = client_address(self.request.META)
        return Actor(user=None, label=f"API key {self.key.name}", address=address)

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: Response, *args: object, **kwargs: object
    ) -> HttpResponseBase:
        answer = super().finalize_response(request, response, *args, **kwargs)
        # Personal data: no proxy and no browser keeps a copy.
        answer.headers["Cache-Control"] = "no-store"
        return answer
