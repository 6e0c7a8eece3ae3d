"""What every address of the management API shares."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request

from common.endpoint.body import BodyFault, BodyRefused
from sites.api_keys.view import KeyView
from sites.models import Scope, Site


class ManagementView(KeyView):
    reads = Scope.MANAGEMENT_READ
    writes = Scope.MANAGEMENT_WRITE

    @property
    def site(self) -> Site:
        return self.key.site

    @property
    def shows_people(self) -> bool:
        """Whether personal values are shown as they are; else they are masked as in the console."""
        return Scope.CONTACTS_READ in self.key.scopes


def body_or_nothing(request: Request) -> Any:
    """Return the body, or an empty object where none came: some requests need not say anything."""
    environ = request.META
    is_announced = environ.get("CONTENT_LENGTH") not in (None, "", "0")
    try:
        return request.data if is_announced or environ.get("HTTP_TRANSFER_ENCODING") else {}
    except BodyRefused as error:
        if error.kind is BodyFault.EMPTY_BODY:
            return {}
        raise
