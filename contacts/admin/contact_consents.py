"""A contact's consents and preferences: what stands, how it came to that, and setting them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST

from common.admin.status_chip import Tone, status_chip
from contacts.admin.change_words import contact_label
from contacts.admin.contact_consent_forms import AnswerForm, PreferenceForm
from contacts.admin.contact_page import CHANNEL_LABELS, preference_chip, preferences_by_channel
from contacts.admin.contact_sections import ContactSection, contact_section_add
from contacts.consents.answers import consent_set, preference_set
from contacts.consents.proof import COLUMNS, proof_document, proof_rows
from contacts.consents.standing import (
    ConsentState,
    State,
    consents_of,
    history_of,
    joined_into,
    preference_history,
)
from contacts.console_source import console_source
from contacts.models import Contact
from contacts.services import AppliedChange, ChangeKind
from contacts.transfer.output import csv_text
from integrations.contact_change import Channel
from sites.audit import Actor, audit_record
from sites.models import Role
from sites.scope import meets
from sites.scoped_admin import SiteScopedAdmin

# As a source of changes: what a person sets in the console.
_TONES: Final = {State.YES: Tone.GOOD, State.NO: Tone.BAD, State.NOT_SET: Tone.WAITING}
_WORDS: Final = {State.YES: "Yes", State.NO: "No", State.NOT_SET: "Not set"}
_MOST_TOLD: Final = 200


class ConsentPages(SiteScopedAdmin):
    """Mixin of the contacts' admin."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<uuid:pk>/consents/", view(self.consents_view), name="contacts_contact_consents"),
            path(
                "<uuid:pk>/consents.<str:form>",
                view(self.proof_view),
                name="contacts_contact_consent_proof",
            ),
        ]
        return own + super().get_urls()

    def consents_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Show what stands and its history; a POST sets one consent or preference."""
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        is_setting = request.method == "POST"
        contact: Contact = self.scoped_object(
            request, str(pk), Role.SUPPORT if is_setting else Role.VIEWER
        )
        if contact.deleted_at:
            raise Http404("This person was erased.")
        with timezone.override(contact.site.time_zone):
            if not is_setting:
                return self._consents_page(request, contact)
            if "channel" in request.POST:
                return self._set_preference(request, contact)
            return self._set_consent(request, contact)

    @method_decorator(require_POST)
    def proof_view(self, request: HttpRequest, pk: Any, form: str) -> HttpResponse:
        """Send a person's answers with the words that were shown, and note who took them."""
        contact: Contact = self.scoped_object(request, str(pk), Role.OPERATOR)
        if form not in ("json", "csv") or contact.deleted_at:
            raise Http404("No such document.")
        if form == "json":
            content = json.dumps(proof_document(contact), ensure_ascii=False, indent=2)
            media_type = "application/json"
        else:
            content = csv_text(proof_rows(contact), header=COLUMNS)
            media_type = "text/csv; charset=utf-8"
        audit_record(
            actor=Actor.from_request(request),
            action="consent_proof.downloaded",
            site=contact.site,
            target=contact,
            changes={"form": (None, form)},
        )
        name = f"consents-{contact.pk}.{form}"
        disposition = content_disposition_header(as_attachment=True, filename=name)
        return HttpResponse(
            content,
            content_type=media_type,
            headers={"Content-Disposition": disposition or "attachment"},
        )

    def _set_consent(self, request: HttpRequest, contact: Contact) -> HttpResponse:
        states = {state.consent_id: state for state in consents_of(contact)}
        state = states.get(request.POST.get("consent_id", ""))
        if state is None or state.definition is None:
            raise Http404("No such consent.")
        form = AnswerForm(request.POST, state=state)
        if form.is_valid():
            given = form.cleaned_data
            try:
                applied = consent_set(
                    contact=contact,
                    consent_id=state.consent_id,
                    value=given["value"] == "yes",
                    at=given["at"],
                    comment=given["comment"],
                    text_version=given["text_version"],
                    source=console_source(Actor.from_request(request)),
                )
            except ValidationError as error:
                form.add_error(None if not hasattr(error, "error_dict") else "at", _told(error))
            else:
                _tell(request, applied, state.name, _stands(contact, state.consent_id, given))
                return _to(contact)
        return self._consents_page(request, contact, wrong=form)

    def _set_preference(self, request: HttpRequest, contact: Contact) -> HttpResponse:
        form = PreferenceForm(request.POST)
        if not form.is_valid():
            return self._consents_page(request, contact, wrong_preference=form)
        channel = Channel(form.cleaned_data["channel"])
        accepts = form.cleaned_data["accepts"] == "yes"
        applied = preference_set(
            contact=contact,
            channel=channel,
            accepts=accepts,
            reason=form.cleaned_data["reason"],
            source=console_source(Actor.from_request(request)),
        )
        rows = contact.preferences.filter(channel=channel.value, accepts=accepts)
        _tell(request, applied, CHANNEL_LABELS[channel], rows.exists())
        return _to(contact)

    def _consents_page(
        self,
        request: HttpRequest,
        contact: Contact,
        *,
        wrong: AnswerForm | None = None,
        wrong_preference: PreferenceForm | None = None,
    ) -> HttpResponse:
        may_set = self.may(request, contact, Role.SUPPORT)
        states = consents_of(contact)
        names = {state.consent_id: state.name for state in states}
        wrong_id = wrong.data.get("consent_id") if wrong else None
        context = {
            **self.admin_site.each_context(request),
            "title": f"Consents of {contact_label(contact)}",
            "opts": self.opts,
            "contact": contact,
            "label": contact_label(contact),
            "states": [
                {
                    **_shown(state),
                    "form": (wrong if wrong_id == state.consent_id else AnswerForm(state=state))
                    if may_set and state.definition
                    else None,
                    "is_open": wrong_id == state.consent_id,
                }
                for state in states
            ],
            "preferences": [
                (CHANNEL_LABELS[channel], preference, preference_chip(channel, preference))
                for channel, preference in preferences_by_channel(contact)
            ],
            "preference_form": (wrong_preference or PreferenceForm()) if may_set else None,
            "is_preference_open": wrong_preference is not None,
            "history": [
                {"name": names.get(change.consent.consent_id, ""), "change": change}
                for change in history_of(contact)[:_MOST_TOLD]
            ],
            "preference_history": [
                {"label": CHANNEL_LABELS[told.channel], "told": told}
                for told in _first(preference_history(contact))
            ],
            "joined": joined_into(contact)[:_MOST_TOLD],
            "most_told": _MOST_TOLD,
            "may_export": self.may(request, contact, Role.OPERATOR),
        }
        return TemplateResponse(request, "admin/consents/contact_page.html", context).render()


def consents_section(request: HttpRequest, contact: Contact) -> dict[str, Any] | None:
    if contact.deleted_at:
        return None
    return {
        "states": [_shown(state) for state in consents_of(contact)],
        "may_set": meets(request, contact.site_id, Role.SUPPORT),
    }


contact_section_add(
    ContactSection(
        key="consents",
        title="Consents",
        template="admin/consents/contact_section.html",
        context=consents_section,
        position=10,
    )
)


def _shown(state: ConsentState) -> dict[str, Any]:
    words = _WORDS[state.state]
    return {"state": state, "chip": status_chip(words, _TONES[state.state])}


def _first(told: Iterable[Any]) -> list[Any]:
    found = []
    for each in told:
        found.append(each)
        if len(found) == _MOST_TOLD:
            break
    return found


def _stands(contact: Contact, consent_id: str, given: dict[str, Any]) -> bool:
    """Return whether the answer counted; an older one than what is known does not."""
    at: datetime | None = given["at"]
    rows = contact.consents.filter(consent_id=consent_id, value=given["value"] == "yes")
    row = rows.first()
    return row is not None and (at is None or row.changed_at == at)


def _tell(request: HttpRequest, applied: AppliedChange, name: str, counted: bool) -> None:
    if applied.kind is ChangeKind.REJECTED:
        messages.error(request, "This contact is gone: it was erased, or joined with another.")
    elif counted:
        messages.success(request, f"“{name}” was set.")
    else:
        messages.warning(
            request,
            f"“{name}” stays as it was: a newer answer is known, and an older one never undoes it.",
        )


def _told(error: ValidationError) -> str:
    return " ".join(error.messages)


def _to(contact: Contact) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:contacts_contact_consents", args=[contact.pk]))
