"""The section *Generic* of a site's page: the retailer's own API, configured, tried and watched."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from common.admin.status_chip import Tone, status_chip
from common.encryption import DecryptionFailed
from integrations.admin.generic.form import GenericApiForm
from integrations.admin.generic.health_words import health_context
from integrations.admin.generic.option_rows import OPTION_TYPES, STORED_AS, shown_rows
from integrations.admin.generic.settings_help import UNPUBLISHED
from integrations.admin.generic.settings_shown import options_shown, settings_shown
from integrations.admin.generic.stored_secrets import new_origins, stored_secrets
from integrations.admin.generic.trial import UNREADABLE, NotTried, Trial, trial_run
from integrations.admin.generic.trial_form import TrialForm
from integrations.generic_api.authentication import worked_example
from integrations.generic_api.health import briefs
from integrations.generic_api.options import options_of
from integrations.generic_api.served_values import ServedValue, served_values
from integrations.generic_api.services import (
    generic_api_for,
    generic_api_save,
    generic_api_set_active,
)
from integrations.models import GenericApi, Operation
from sites.admin.audited import audit_url
from sites.admin.integration_sections import IntegrationSection, section_post_url, section_url
from sites.audit import Actor, audit_record
from sites.models import Role, Site
from sites.opened_state import OpenedState, posted_action
from sites.roles import has_role

KEY: Final = "generic"
_BLANK_ROWS: Final = 3
_TRIES: Final = {"try-lookup": Operation.LOOKUP, "try-write": Operation.WRITE}

Posted = HttpResponse | dict[str, Any]


class GenericSection(IntegrationSection):
    key = KEY
    title = "Generic"
    template = "admin/generic_api/section.html"
    scripts = ("patchbay/shown_when.js", "patchbay/generic_api.js")
    styles = ("patchbay/generic_api.css",)

    def briefs(self, sites: Sequence[Site]) -> Mapping[int, str]:
        return {site_id: f"Generic API: {words}" for site_id, words in briefs(sites).items()}

    def chips(self, site: Site) -> Sequence[SafeString]:
        api = generic_api_for(site)
        chips = [
            status_chip("Active", Tone.GOOD) if api.is_active else status_chip("Off", Tone.QUIET)
        ]
        if not api.verify_tls:
            chips.append(status_chip("Certificate not checked", Tone.WARNING))
        return chips

    def context(self, request: HttpRequest, site: Site) -> dict[str, Any]:
        api = generic_api_for(site)
        stored = stored_secrets(api)
        context = health_context(site)
        if not has_role(request.user, site, Role.OPERATOR):
            return context | {
                "settings_shown": settings_shown(api, stored),
                "options_shown": options_shown(api),
            }
        if api.is_served:
            context["served_values"] = _served_values(api)
        return context | {
            "form": _form(request, api),
            "opened": _opened(request, api),
            "trial_form": TrialForm(options=options_of(api)),
            "history_url": audit_url(api) if api.pk else "",
            "post_url": section_post_url(site, KEY),
            "may_switch": "off" if api.is_active else "on" if api.lookup_url else "",
            "unpublished": UNPUBLISHED,
            "unreadable": UNREADABLE if stored.unreadable else "",
            "option_types": OPTION_TYPES,
            "stored_as": STORED_AS,
            "blank_rows": shown_rows([{}] * _BLANK_ROWS),
            **_example(api),
        }

    def post(self, request: HttpRequest, site: Site) -> Posted:
        """Save, try, or show the worked example, as the button `action` says."""
        if not has_role(request.user, site, Role.OPERATOR):
            raise PermissionDenied
        action = posted_action(request.POST, "")
        if action in _TRIES:
            return _try(request, site, _TRIES[action])
        handler = _ACTIONS.get(action)
        return handler(request, site) if handler else HttpResponseBadRequest("No such action.")


def _form(request: HttpRequest, api: GenericApi) -> GenericApiForm:
    return GenericApiForm(
        request.POST if request.method == "POST" else None,
        api=api,
        stored=stored_secrets(api),
        may_replace=has_role(request.user, api.site, Role.ADMIN),
    )


def _opened(request: HttpRequest, api: GenericApi) -> OpenedState:
    return OpenedState(request.POST, api, url=section_url(api.site, KEY))


def _save(request: HttpRequest, site: Site) -> Posted:
    api = generic_api_for(site)
    form, opened = _form(request, api), _opened(request, api)
    if form.is_valid():
        wanted = form.apply_to(copy(api))
        if _may_move(form, wanted):
            try:
                generic_api_save(
                    api=wanted,
                    actor=Actor.from_request(request),
                    secrets=form.new_secrets(),
                    clear_secrets=form.cleared_secrets(),
                    headers=form.header_changes(),
                    opened=opened,
                )
            except ValidationError as error:
                form.show_errors(error)
            else:
                messages.success(request, f"The Generic API of {site} was saved.")
                return HttpResponseRedirect(section_url(site, KEY))
    shown = {"form": form, "trial_form": _trial_form(request, api), "opened": opened}
    return shown | _example(_as_typed(form))


def _may_move(form: GenericApiForm, wanted: GenericApi) -> bool:
    """Keep stored secrets from going to another host on the word of whoever cannot see them."""
    if form.may_replace or not form.stored:
        return True
    known = (form.api.lookup_url, form.api.write_url)
    moved = [
        name for name in ("lookup_url", "write_url") if new_origins(known, (getattr(wanted, name),))
    ]
    for name in moved:
        form.add_error(
            name,
            "Secrets are stored, and they would go to another host. Ask an admin of the site to "
            "change this address.",
        )
    return not moved


def _switch(request: HttpRequest, site: Site, *, active: bool) -> Posted:
    """Switch the calls on or off without the form, so that off works whatever stands in it."""
    api = generic_api_for(site)
    try:
        generic_api_set_active(api=api, active=active, actor=Actor.from_request(request))
    except ValidationError as error:
        messages.error(request, f"Not switched on. {_named(error)}")
    else:
        asked = "the retailer's API" if active else "Patchbay's own contacts"
        messages.success(request, f"Visitors of {site} are looked up in {asked} from now on.")
    return HttpResponseRedirect(section_url(site, KEY))


def _named(error: ValidationError) -> str:
    """Return the sentences of a service, each with the label of its field."""
    if not hasattr(error, "error_dict"):
        return " ".join(error.messages)
    labels = {field.name: str(field.verbose_name) for field in GenericApi._meta.fields}
    return " ".join(
        f"{labels.get(name, name)}: {sentence}"
        for name, sentences in error.message_dict.items()
        for sentence in sentences
    )


def _show_example(request: HttpRequest, site: Site) -> HttpResponse:
    form = _form(request, generic_api_for(site))
    return _fragment(request, "example", _example(_as_typed(form)) | {"is_unsaved": True})


def _as_typed(form: GenericApiForm) -> GenericApi:
    """Return an API with whatever can be read from the form, however unfinished it is."""
    form.is_valid()
    return form.apply_to(copy(form.api))


def _example(api: GenericApi) -> dict[str, Any]:
    try:
        example = worked_example(api)
    except ValueError as error:
        return {"example": None, "example_problem": str(error)}
    sides = ((Operation.LOOKUP, example.lookup), (Operation.WRITE, example.write))
    return {
        "example": example,
        "example_sides": [
            {"title": each.label, "signed": request.signed, "text": request.text.rstrip("\n")}
            for each, request in sides
        ],
    }


def _try(request: HttpRequest, site: Site, operation: Operation) -> Posted:
    api = generic_api_for(site)
    form, trial_form = _form(request, api), _trial_form(request, api)
    context: dict[str, Any] = {}
    try:
        trial = trial_run(operation, form, trial_form)
    except NotTried as refused:
        context["trial_refusals"] = refused.sentences
    else:
        _audit_trial(request, site, trial)
        call_url = reverse("admin:integrations_apicall_change", args=[trial.call.pk])
        context |= {"trial": trial, "trial_call_url": call_url}
    if "fragment" in request.POST:
        return _fragment(request, "trial_result", context)
    not_done = "These are the settings as you typed them; they are not saved."
    shown = {"form": form, "trial_form": trial_form, "not_done": not_done}
    shown["opened"] = _opened(request, api)
    return shown | _example(_as_typed(form)) | context


def _audit_trial(request: HttpRequest, site: Site, trial: Trial) -> None:
    audit_record(
        actor=Actor.from_request(request),
        action="generic_api.tried",
        site=site,
        target=trial.call,
        changes={"operation": ("", trial.call.operation), "outcome": ("", trial.call.outcome)},
    )


def _served_values(api: GenericApi) -> tuple[ServedValue, ...]:
    try:
        return served_values(api, settings.PUBLIC_URL)
    except DecryptionFailed:
        # The form says that the secret cannot be read.
        return ()


def _trial_form(request: HttpRequest, api: GenericApi) -> TrialForm:
    return TrialForm(request.POST, options=options_of(api))


def _fragment(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    response = HttpResponse(
        render_to_string(f"admin/generic_api/{template}.html", context, request)
    )
    response["Cache-Control"] = "no-store"
    return response


_ACTIONS: Final[Mapping[str, Callable[[HttpRequest, Site], Posted]]] = {
    "save": _save,
    "example": _show_example,
    "switch-on": partial(_switch, active=True),
    "switch-off": partial(_switch, active=False),
}
