"""The three preferences under the addresses of Voyado Engage's API (v2, client library)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from contacts.api.contact_body import accepted
from contacts.api.contact_patch import NO_OBJECT
from contacts.api.key_view import KeyView
from contacts.api.naming import contact_with_id
from contacts.consents.answers import preference_set
from contacts.models import Contact
from integrations.contact_change import Channel

PREFERENCES: Final = {
    "acceptsEmail": Channel.EMAIL,
    "acceptsSms": Channel.SMS,
    "acceptsPostal": Channel.POSTAL,
}
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
        applied = preference_set(
            contact=contact, channel=channel, accepts=accepts, source=self.change_source()
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
