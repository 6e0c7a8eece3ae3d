from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.http import Http404, HttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.endpoint.problems import problem
from contacts.api.contact_body import contact_body
from contacts.api.contact_patch import read_patch
from contacts.api.key_view import KeyView
from contacts.api.naming import EXTERNAL_ID, Name, contact_named, contact_with_id, name_in
from contacts.contact_fields.definitions import Definitions, custom_definitions
from contacts.services import AppliedChange, ChangeKind, ContactConflict, contact_apply
from integrations.contact_change import ContactChange, Deletion
from integrations.field_types import change_from_fields

CONTACT_CONFLICT: Final = "CONTACT_CONFLICT"
CREATED_SINCE: Final = "CREATED_SINCE"
_DELETION_REASON: Final = "API"
_WORDS: Final = {
    "email": "e-mail address",
    "external_id": "external id",
    "phone": "phone number",
}
_NOT_IN_ADDRESS: Final = {
    "email": "The address holds no valid e-mail address.",
    "external_id": "The address holds no external id of 1 to 200 characters.",
}


class ContactView(KeyView):
    """One contact by e-mail or external id; see docs/contact-api.md.

    `PATCH` makes a contact that is missing and writes only what it names.
    """

    http_method_names = ("get", "head", "patch", "delete", "options")
    # The column by which the address names a contact; each route sets it.
    named_by = ""

    def get(self, request: Request, name: str) -> Response:
        found = name_in(self.named_by, name)
        contact = found and contact_named(self.key.site, found)
        if not contact:
            raise Http404
        return Response(contact_body(contact, self._definitions()))

    def patch(self, request: Request, name: str) -> HttpResponse:
        body = request.data
        named = name_in(self.named_by, name)
        if named is None:
            raise ValidationError({self.named_by: _NOT_IN_ADDRESS[self.named_by]})
        external_id = named.value if named.kind == EXTERNAL_ID else ""
        values = read_patch(body, self._definitions(), external_id)
        change, _ = change_from_fields(values, identity=named.identity)
        try:
            applied = self._apply(change, named)
        except ContactConflict as conflict:
            return _conflict(conflict)
        return self._answer(applied)

    def delete(self, request: Request, name: str) -> HttpResponse:
        named = name_in(self.named_by, name)
        if named is None:
            raise Http404
        change = ContactChange(identity=named.identity, deletion=Deletion(reason=_DELETION_REASON))
        applied = self._apply(change, named)
        if applied.contact_id is None:
            raise Http404
        if applied.kind is not ChangeKind.DELETED:
            return problem(
                HTTPStatus.CONFLICT,
                CREATED_SINCE,
                "Another system says that this contact was created after now. Only what is older "
                "was erased; delete it again later.",
            )
        return Response(status=HTTPStatus.NO_CONTENT)

    def _apply(self, change: ContactChange, named: Name) -> AppliedChange:
        return contact_apply(
            site=self.key.site, change=change, source=self.change_source(), named_by=named.kind
        )

    def _answer(self, applied: AppliedChange) -> Response:
        if not self.may_read:
            # Who may only write would otherwise read anybody with an empty change.
            return Response({"id": str(applied.contact_id)})
        contact = contact_with_id(self.key.site, applied.contact_id)
        if contact is None:
            raise Http404
        return Response(contact_body(contact, self._definitions()))

    def _definitions(self) -> Definitions:
        return custom_definitions(self.key.site.pk)


def _conflict(conflict: ContactConflict) -> HttpResponse:
    held = " and this ".join(_WORDS.get(name, name) for name in conflict.names)
    return problem(
        HTTPStatus.CONFLICT,
        CONTACT_CONFLICT,
        f"Another contact has this {held}. Nothing was written.",
    )
