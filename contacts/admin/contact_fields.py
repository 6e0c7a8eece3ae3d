"""The pages of contact fields: added, changed and deleted here."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from contacts.admin.contact_field_form import ContactFieldForm, NewContactFieldForm
from contacts.admin.contact_field_list import ContactFieldListAdmin
from contacts.admin.field_words import type_words
from contacts.contact_fields.services import (
    contact_field_create,
    contact_field_delete,
    contact_field_update,
)
from contacts.contact_fields.users import users_of
from contacts.models import ContactField
from sites.admin.audited import audit_url
from sites.audit import Actor
from sites.delete_pages import DeletePages, DeleteWords
from sites.models import Role
from sites.opened_state import OpenedState
from sites.roles import sites_for
from sites.template_pages import TemplatePages


@admin.register(ContactField)
class ContactFieldAdmin(DeletePages, TemplatePages, ContactFieldListAdmin):
    template_folder = "contact_fields"
    delete_noun = "contact field"
    delete_base_template = "admin/contact_fields/base.html"

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = NewContactFieldForm(
            request.POST if request.method == "POST" else None,
            sites=sites_for(request.user, Role.OPERATOR),
            chosen=request.GET.get("site", ""),
        )
        if request.method == "POST" and form.is_valid():
            try:
                field = contact_field_create(
                    field=form.new_field(), actor=Actor.from_request(request)
                )
            except ValidationError as error:
                form.show_errors(error)
            else:
                messages.success(request, f"The contact field “{field.name}” was added.")
                return _to_list()
        return self.page(request, "form", "Add a contact field", form=form)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        field: ContactField = self.scoped_object(request, object_id)
        may_change = self.may(request, field, self.change_role)
        form = ContactFieldForm(field=field)
        opened = OpenedState(request.POST, field)
        if request.method == "POST":
            if not may_change:
                raise PermissionDenied
            form = ContactFieldForm(request.POST, field=field)
            if form.is_valid():
                form.fill(field)
                try:
                    contact_field_update(
                        field=field, actor=Actor.from_request(request), opened=opened
                    )
                except ValidationError as error:
                    form.show_errors(error)
                else:
                    messages.success(request, f"The contact field “{field.name}” was saved.")
                    return _to_list()
            # What was typed is in the form; the rest of the page shows what is stored.
            field = self.scoped_object(request, object_id)
        return self._field_page(request, field, form if may_change else None, opened)

    def delete_words(self, row: ContactField) -> DeleteWords:
        goes = (
            f"The field “{row.field_id}” of {row.site} goes. What contacts have under this id "
            "stays with them as a plain attribute: it is no longer checked, and the contact API "
            "neither answers nor takes it."
        )
        return DeleteWords(goes=goes, users=users_of([row.pk])[row.pk])

    def delete_model(self, request: HttpRequest, obj: ContactField) -> None:
        # Somebody may have deleted it between the two looks at it.
        with suppress(ContactField.DoesNotExist):
            contact_field_delete(field=obj, actor=Actor.from_request(request))

    def _field_page(
        self,
        request: HttpRequest,
        field: ContactField,
        form: ContactFieldForm | None,
        opened: OpenedState,
    ) -> HttpResponse:
        return self.page(
            request,
            "form",
            field.name,
            field=field,
            form=form,
            opened=opened,
            type_words=type_words(field),
            users=users_of([field.pk])[field.pk],
            history_url=audit_url(field),
        )


def _to_list() -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:contacts_contactfield_changelist"))
