from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.core.exceptions import ValidationError as InvalidModel
from django.http import Http404, HttpResponse
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.endpoint.problems import problem
from common.uses import InUse
from contacts.api.contact_field_body import field_body, in_words_of_the_api, read_field
from contacts.api.key_view import KeyView
from contacts.contact_fields.services import (
    contact_field_create,
    contact_field_delete,
)
from contacts.models import ContactField

FIELD_IN_USE: Final = "FIELD_IN_USE"


class ContactFieldsView(KeyView):
    """The site's own fields: a list in one page, and adding to it."""

    http_method_names = ("get", "head", "post", "options")

    def get(self, request: Request) -> Response:
        fields = ContactField.objects.filter(site=self.key.site).order_by("name", "pk")
        results = [field_body(field) for field in fields]
        return Response({"links": {"next": None, "prev": None}, "results": results})

    def post(self, request: Request) -> Response:
        field = read_field(self.key.site, request.data)
        try:
            contact_field_create(field=field, actor=self.actor)
        except InvalidModel as error:
            raise ValidationError(in_words_of_the_api(error)) from None
        return Response(field_body(field), HTTPStatus.CREATED)


class ContactFieldView(KeyView):
    http_method_names = ("delete", "options")

    def delete(self, request: Request, field_id: str) -> HttpResponse:
        # PostgreSQL takes no NUL, not even to look for it.
        known = ContactField.objects.filter(site=self.key.site)
        field = known.filter(field_id=field_id).first() if field_id.isprintable() else None
        if field is None:
            raise Http404
        try:
            contact_field_delete(field=field, actor=self.actor)
        except InUse as error:
            return problem(HTTPStatus.CONFLICT, FIELD_IN_USE, " ".join(error.messages))
        except ContactField.DoesNotExist:
            # Somebody deleted it between the two looks at it.
            raise Http404 from None
        return Response(status=HTTPStatus.NO_CONTENT)
