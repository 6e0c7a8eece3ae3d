"""Consents: what sites ask for. The list, the form with its texts, and what the versions were."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_GET, require_POST

from common.uses import users_of
from contacts.admin.consent_form import ConsentForm, NewConsentForm, culture_forms, texts_in
from contacts.admin.consent_list import ConsentListAdmin
from contacts.admin.exports import shown_file
from contacts.consents.counting import answer_counts
from contacts.consents.definitions import (
    USES,
    consent_definition_delete,
    consent_definition_save,
    newest_text,
)
from contacts.consents.proof import text_document
from contacts.consents.proof_export import consent_proof_start, proofs_of
from contacts.consents.texts import CONDITION, DISPLAY, LINK, plain_words
from contacts.models import ConsentDefinition, ConsentText
from sites.admin.audited import audit_url
from sites.audit import Actor
from sites.delete_pages import DeletePages, DeleteWords
from sites.models import Role, User
from sites.opened_state import OpenedState, values_stamp
from sites.roles import sites_for
from sites.template_pages import TemplatePages

_MOST_FILES = 10


@admin.register(ConsentDefinition)
class ConsentDefinitionAdmin(DeletePages, TemplatePages, ConsentListAdmin):
    template_folder = "consents"
    delete_noun = "consent"
    delete_base_template = "admin/consents/base.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/proof/", view(self.proof_view), name="contacts_consentdefinition_proof"),
            path(
                "<int:pk>/texts.json",
                view(self.texts_view),
                name="contacts_consentdefinition_texts",
            ),
        ]
        return own + super().get_urls()

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        data = request.POST if request.method == "POST" else None
        sites = sites_for(request.user, Role.OPERATOR)
        given = {name: request.GET.get(name, "")[:200] for name in ("site", "consent_id", "name")}
        form = NewConsentForm(data, sites=sites, chosen=given)
        columns = culture_forms(data)
        if request.method == "POST" and (saved := self._saved(request, form, columns, None)):
            messages.success(request, f"The consent “{saved.name}” was added.")
            return _to(saved)
        return self.page(request, "form", "Add a consent", form=form, columns=columns)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        definition: ConsentDefinition = self.scoped_object(request, object_id)
        text = newest_text(definition)
        form, columns = ConsentForm(definition=definition), culture_forms(text=text)
        opened = OpenedState(request.POST, definition, stamp_of=_stamp)
        if request.method == "POST":
            if not self.may(request, definition, self.change_role):
                raise PermissionDenied
            form = ConsentForm(request.POST, definition=definition)
            columns = culture_forms(request.POST, text)
            if saved := self._saved(request, form, columns, definition, opened):
                messages.success(request, f"The consent “{saved.name}” was saved.")
                return _to(saved)
            # What was typed is in the form; the rest of the page shows what is stored.
            definition = self.scoped_object(request, object_id)
        return self._definition_page(request, definition, form, columns, opened)

    def delete_words(self, row: ConsentDefinition) -> DeleteWords:
        counts = answer_counts(row)
        answered = (
            f"Contacts answered it: {counts.yes.words} yes, {counts.no.words} no. Its texts are "
            "the proof of what they agreed to, so it cannot be deleted. Switch it off, and it is "
            "not asked for any more."
        )
        return DeleteWords(
            goes=f"The consent “{row.consent_id}” of {row.site} goes, and every version of its "
            "texts. Nobody answered it.",
            obstacle=answered if counts.yes or counts.no else "",
            users=users_of(row, USES),
        )

    def delete_model(self, request: HttpRequest, obj: ConsentDefinition) -> None:
        consent_definition_delete(definition=obj, actor=Actor.from_request(request))

    @method_decorator(require_POST)
    def proof_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Start the file with everybody's answers."""
        definition = self.scoped_object(request, str(pk), Role.OPERATOR)
        try:
            consent_proof_start(definition=definition, actor=Actor.from_request(request))
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        return HttpResponseRedirect(_page_url(definition) + "#proof")

    @method_decorator(require_GET)
    def texts_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send the texts of every version."""
        definition = self.scoped_object(request, str(pk))
        versions = definition.versions.order_by("version")
        document = {
            "id": definition.consent_id,
            "name": definition.name,
            "site": definition.site.name,
            "versions": [text_document(version) for version in versions],
        }
        name = f"consent-{definition.pk}-texts.json"
        disposition = content_disposition_header(as_attachment=True, filename=name)
        return HttpResponse(
            json.dumps(document, ensure_ascii=False, indent=2),
            content_type="application/json",
            headers={"Content-Disposition": disposition or "attachment"},
        )

    def _saved(
        self,
        request: HttpRequest,
        form: ConsentForm,
        columns: Any,
        definition: ConsentDefinition | None,
        opened: OpenedState | None = None,
    ) -> ConsentDefinition | None:
        """Return what was saved, None after putting what is wrong into the form."""
        if not all((form.is_valid(), columns.is_valid())):
            return None
        if definition is None:
            assert isinstance(form, NewConsentForm)
            definition = form.new_definition()
        else:
            form.fill(definition)
        try:
            return consent_definition_save(
                definition=definition,
                texts=texts_in(columns),
                actor=Actor.from_request(request),
                opened=opened,
            )
        except ValidationError as error:
            form.show_errors(error)
            return None

    def _definition_page(
        self,
        request: HttpRequest,
        definition: ConsentDefinition,
        form: ConsentForm,
        columns: Any,
        opened: OpenedState,
    ) -> HttpResponse:
        assert isinstance(request.user, User)
        may_change = self.may(request, definition, self.change_role)
        versions = [_shown_version(text) for text in definition.versions.order_by("-version")]
        files = proofs_of(definition=definition, owner=request.user)[:_MOST_FILES]
        return self.page(
            request,
            "form",
            definition.name,
            definition=definition,
            form=form if may_change else None,
            opened=opened,
            columns=columns,
            versions=versions,
            counts=answer_counts(definition),
            users=users_of(definition, USES),
            files=[shown_file(file) for file in files],
            history_url=audit_url(definition),
        )


def _stamp(definition: ConsentDefinition) -> str:
    """Texts have versions of their own, and leave the row as it is."""
    text = newest_text(definition)
    return values_stamp(definition.updated_at, text and text.version)


def _shown_version(text: ConsentText) -> dict[str, Any]:
    return {
        "text": text,
        "cultures": [
            {
                "culture": culture,
                "display": parts[DISPLAY],
                "link": parts[LINK],
                "terms": plain_words(parts[CONDITION]),
            }
            for culture, parts in text.texts.items()
        ],
    }


def _page_url(definition: ConsentDefinition) -> str:
    return reverse("admin:contacts_consentdefinition_change", args=[definition.pk])


def _to(definition: ConsentDefinition) -> HttpResponse:
    return HttpResponseRedirect(_page_url(definition))
