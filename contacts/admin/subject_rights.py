"""What a person may ask for, on the contact's page: a copy of all that is kept, and its erasure."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from contacts.admin.change_words import contact_label
from contacts.admin.contact_sections import ContactSection, contact_section_add
from contacts.models import Contact
from contacts.subject_rights.erasing import subject_erase
from contacts.subject_rights.export import export_html, export_json
from contacts.subject_rights.personal_data import personal_data, places
from sites.audit import Actor, audit_record
from sites.models import Role
from sites.scope import meets
from sites.scoped_admin import SiteScopedAdmin

_WRITERS: Final = {
    "json": (export_json, "application/json"),
    "html": (export_html, "text/html; charset=utf-8"),
}
_CONFIRMATION: Final = "erase"


class EraseForm(forms.Form):
    reason = forms.CharField(
        max_length=300,
        help_text="Kept with the tombstone, for whoever asks later. Write no personal data here.",
        widget=forms.TextInput(attrs={"size": 60}),
    )
    confirmation = forms.CharField(
        label=f"Type “{_CONFIRMATION}” to confirm",
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "size": 12}),
    )

    def clean_confirmation(self) -> str:
        typed: str = self.cleaned_data["confirmation"].strip().lower()
        if typed != _CONFIRMATION:
            raise ValidationError(f"Type the word {_CONFIRMATION}. Nothing was erased.")
        return typed


class SubjectRightsPages(SiteScopedAdmin):
    """Mixin of the contacts' admin."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path(
                "<uuid:pk>/personal-data.<str:form>",
                view(self.personal_data_view),
                name="contacts_contact_personal_data",
            ),
            path("<uuid:pk>/erase/", view(self.erase_view), name="contacts_contact_erase"),
        ]
        return own + super().get_urls()

    @method_decorator(require_POST)
    def personal_data_view(self, request: HttpRequest, pk: Any, form: str) -> HttpResponseBase:
        """Send all that is kept of a person, and note who took it."""
        contact = self.scoped_object(request, str(pk), Role.ADMIN)
        if form not in _WRITERS or contact.deleted_at:
            raise Http404("No such file.")
        audit_record(
            actor=Actor.from_request(request),
            action="contact.personal_data_exported",
            site=contact.site,
            target=contact,
            changes={"form": (None, form)},
        )
        write, content_type = _WRITERS[form]
        name = f"personal-data-{contact.pk}.{form}"
        return StreamingHttpResponse(
            (part.encode() for part in write(contact)),
            content_type=content_type,
            headers={"Content-Disposition": content_disposition_header(True, name) or "attachment"},
        )

    def erase_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Say what an erasure takes; a POST of the same address does it."""
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        contact = self.scoped_object(request, str(pk), Role.ADMIN)
        page = reverse("admin:contacts_contact_change", args=[contact.pk])
        if contact.deleted_at:
            messages.info(request, "This person was erased already.")
            return HttpResponseRedirect(page)
        form = EraseForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                erasure = subject_erase(
                    contact=contact,
                    reason=form.cleaned_data["reason"],
                    actor=Actor.from_request(request),
                )
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(
                    request,
                    "The contact is erased. What was received and sent about them is being looked "
                    "through now; this page has the report.",
                )
                address = reverse("admin:contacts_subjecterasure_change", args=[erasure.pk])
                return HttpResponseRedirect(address)
        context = {
            **self.admin_site.each_context(request),
            "title": "Erase this person",
            "opts": self.opts,
            "contact": contact,
            "label": contact_label(contact),
            "form": form,
            "counts": [
                (part.title, count)
                for part in personal_data()
                if (count := sum(1 for _ in part.read(contact)))
            ],
            "places": [place.label for place in places()],
        }
        return TemplateResponse(request, "admin/contacts/contact/erase.html", context)


def _section(request: HttpRequest, contact: Contact) -> dict[str, Any] | None:
    if not meets(request, contact.site_id, Role.ADMIN):
        return None
    return {"erasure": contact.erasures.order_by("-pk").first()}


contact_section_add(
    ContactSection(
        key="personal-data",
        title="Personal data",
        template="admin/contacts/contact/personal_data.html",
        context=_section,
        position=900,
    )
)
