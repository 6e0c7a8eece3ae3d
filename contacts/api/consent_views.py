from __future__ import annotations

from typing import Final

from django.http import Http404
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from common.endpoint.conflict import Conflict
from contacts.api.consent_body import consent_body, definition_body, read_answer
from contacts.api.key_view import KeyView
from contacts.api.naming import EXTERNAL_ID, contact_named, name_in
from contacts.consents.answers import consent_set
from contacts.consents.definitions import newest_texts
from contacts.consents.standing import consents_of
from contacts.models import ConsentDefinition, Contact
from contacts.services import ChangeKind, ChangeSource
from sites.models import Scope

AMBIGUOUS_ADDRESS: Final = "AMBIGUOUS_ADDRESS"
AMBIGUOUS_DETAIL: Final = (
    "This address means the consents of another contact, who is not known. The contact whose "
    "external id ends in “/consents” is addressed by its e-mail address."
)
_END: Final = "/consents"


class ConsentView(KeyView):
    reads = Scope.CONSENTS_READ
    writes = Scope.CONSENTS_WRITE

    @property
    def may_read(self) -> bool:
        return Scope.CONSENTS_READ in self.key.scopes


class ConsentsView(ConsentView):
    """What the site asks for now, in the shape and at the address of Engage's API."""

    http_method_names = ("get", "head", "options")

    def get(self, request: Request) -> Response:
        asked = ConsentDefinition.objects.filter(site=self.key.site, is_active=True)
        definitions = list(asked.order_by("name", "pk"))
        texts = newest_texts(definitions)
        return Response([definition_body(each, texts.get(each.pk)) for each in definitions])


class ContactConsentsView(ConsentView):
    """One contact's consents; a PATCH sets one of them. See docs/consents.md."""

    http_method_names = ("get", "head", "patch", "options")
    # The column by which the address names a contact; each route sets it.
    named_by = ""

    def get(self, request: Request, name: str) -> Response:
        contact = self._contact(name)
        return Response([consent_body(state) for state in consents_of(contact)])

    def patch(self, request: Request, name: str) -> Response:
        body = request.data
        contact = self._contact(name)
        now = timezone.now()
        answer = read_answer(self.key.site.pk, body, now=now)
        applied = consent_set(
            contact=contact,
            consent_id=answer.consent_id,
            value=answer.value,
            at=answer.at,
            comment=answer.comment,
            source_text=answer.source,
            text_version=answer.text_version,
            source=ChangeSource(
                key=self.key.key_id, label=f"API: {self.key.name}", received_at=now
            ),
        )
        if applied.kind is ChangeKind.REJECTED:
            # Erased, or became one with another, between the two looks at it.
            raise Http404
        if not self.may_read:
            # An older answer changes nothing: what stands is not for who may only write.
            return Response({"id": answer.consent_id})
        states = consents_of(self._contact(name))
        return Response(
            next(consent_body(each) for each in states if each.consent_id == answer.consent_id)
        )

    def _contact(self, name: str) -> Contact:
        found = name_in(self.named_by, name)
        contact = found and contact_named(self.key.site, found)
        if contact:
            return contact
        # Paths come decoded: what was sent as `A%2Fconsents` cannot be told from `A/consents`.
        other = name_in(EXTERNAL_ID, f"{name}{_END}") if self.named_by == EXTERNAL_ID else None
        if other and contact_named(self.key.site, other):
            raise Conflict(AMBIGUOUS_ADDRESS, AMBIGUOUS_DETAIL)
        raise Http404
