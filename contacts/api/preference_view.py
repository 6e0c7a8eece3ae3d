"""The three preferences under the addresses of Voyado Engage's API (v2, client library)."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.endpoint.problems import problem
from contacts.api.contact_body import accepted
from contacts.api.contact_patch import NO_OBJECT
from contacts.api.key_view import KeyView
from contacts.api.naming import Name, contact_with_id
from contacts.models import Contact
from contacts.services import contact_apply
from integrations.contact_change import Channel, ContactChange

PREFERENCES: Final = {
    "acceptsEmail": Channel.EMAIL,
    "acceptsSms": Channel.SMS,
    "acceptsPostal": Channel.POSTAL,
}
NO_IDENTITY: Final = "NO_IDENTITY"
_VALUE: Final = "value"


class PreferenceView(KeyView):
    """`POST /api/v2/contacts/{id}/preferences/acceptsEmail` with `{"value": true}`."""

    http_method_names = ("post", "options")

    def post(self, request: Request, contact_id: UUID, preference: str) -> HttpResponse:
        body = request.data
        channel = PREFERENCES.get(preference)
        contact = contact_with_id(self.key.site, contact_id)
        if channel is None or contact is None:
            raise Http404
        accepts = _value_in(body)
        name = _name_of(contact)
        if name is None:
            return problem(
                HTTPStatus.CONFLICT,
                NO_IDENTITY,
                "This contact has no e-mail address, external id or phone number.",
            )
        applied = contact_apply(
            site=self.key.site,
            change=ContactChange(
                identity=name.identity, preferences={channel: accepts}, only_known=True
            ),
            source=self.change_source(),
            named_by=name.kind,
        )
        now = contact_with_id(self.key.site, applied.contact_id)
        if now is None:
            raise Http404
        return Response(_body(now) if self.may_read else {"id": str(now.pk)})


def _value_in(body: Any) -> bool:
    if not isinstance(body, Mapping):
        raise ValidationError(NO_OBJECT)
    faults = {key: "Only “value” is taken." for key in body if key != _VALUE}
    value = body.get(_VALUE)
    if not isinstance(value, bool):
        faults[_VALUE] = "Expected true or false."
    if faults:
        raise ValidationError(faults)
    return bool(value)


def _name_of(contact: Contact) -> Name | None:
    for kind in ("email", "external_id", "phone"):
        value: str | None = getattr(contact, kind)
        if value:
            return Name(kind, value)
    return None


def _body(contact: Contact) -> dict[str, Any]:
    accepts = accepted(contact)
    return {
        "id": str(contact.pk),
        "email": contact.email,
        "mobilePhone": contact.phone,
        "externalId": contact.external_id,
        "firstName": contact.first_name or None,
        "lastName": contact.last_name or None,
        # Null is neither yes nor no: nobody said yet.
        "preferences": {name: accepts.get(channel) for name, channel in PREFERENCES.items()},
    }
