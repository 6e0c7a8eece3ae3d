"""One try of a Generic API by staff, with the saved settings or with those of an unsaved form."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.views.decorators.debug import sensitive_variables

from common.admin.payload_text import payload_text
from common.encryption import DecryptionFailed
from integrations.admin.generic.form import GenericApiForm
from integrations.admin.generic.stored_secrets import new_origins, sent_from_store
from integrations.admin.generic.trial_form import SAVED, TrialForm
from integrations.generic_api.client import CallResult, lookup, write
from integrations.generic_api.masking import MOST_KEPT_BYTES
from integrations.generic_api.validation import clean_settings
from integrations.generic_api.verdicts import Verdict, verdict_of
from integrations.models import ApiCall, GenericApi, Operation, Purpose

UNREADABLE: Final = (
    "A stored secret cannot be read with the keys of this installation. Type it again, or put the "
    "old key back into ENCRYPTION_KEYS."
)


class NotTried(Exception):
    """Nothing was sent; `sentences` say what to do first."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(*sentences)
        self.sentences = sentences


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What was sent, what came back, and what it means for a visitor. Texts are not HTML."""

    call: ApiCall
    verdict: Verdict
    notes: tuple[str, ...]
    used: str
    request_text: str
    answer_text: str
    is_cut: bool


def trial_run(operation: Operation, form: GenericApiForm, trial_form: TrialForm) -> Trial:
    """Make the one call. Raises NotTried, also when the forms are not filled in properly."""
    if not trial_form.is_valid():
        raise NotTried(*_sentences(trial_form))
    if trial_form.cleaned_data["uses"] == SAVED:
        api, used = form.api, "with the saved settings"
        if api.pk is None:
            raise NotTried("Nothing is saved yet. Save first, or try what stands in the form.")
    else:
        api, used = _unsaved(operation, form), "with what stands in the form, which is not saved"
    _check_callable(operation, api, trial_form)
    return _told(_call(operation, api, trial_form), api, used)


def _unsaved(operation: Operation, form: GenericApiForm) -> GenericApi:
    """Return the API as the form describes it, checked as saving would."""
    if not form.is_valid():
        raise NotTried(*_sentences(form))
    api = form.apply_to(copy(form.api))
    _check_destination(operation, form, api)
    # Whether it may be switched on is not what is tried.
    api.is_active = api.is_served = False
    try:
        _put_secrets(form, api)
        clean_settings(api)
    except DecryptionFailed:
        raise NotTried(UNREADABLE) from None
    except ValidationError as error:
        form.show_errors(error)
        raise NotTried(*_sentences(form)) from None
    return api


def _check_destination(operation: Operation, form: GenericApiForm, api: GenericApi) -> None:
    """Refuse to carry a stored secret to where it has never been sent: the form is no vault key."""
    url = api.lookup_url if operation is Operation.LOOKUP else api.write_url
    if not new_origins((form.api.lookup_url, form.api.write_url), (url,)):
        return
    kept = sent_from_store(api, form.stored, form.new_secrets(), form.header_changes())
    if kept:
        way_out = (
            "Type it into the form to try another host."
            if form.may_replace
            else "Ask an admin of the site to try it."
        )
        raise NotTried(
            f"The stored value of {' and '.join(kept)} goes only to the host of the saved "
            f"addresses. {way_out}"
        )


@sensitive_variables()
def _put_secrets(form: GenericApiForm, api: GenericApi) -> None:
    for name in form.cleared_secrets():
        setattr(api, name, "")
    for name, secret in form.new_secrets().items():
        setattr(api, name, secret)
    api.extra_headers = _headers(form)


@sensitive_variables()
def _headers(form: GenericApiForm) -> dict[str, str]:
    changes = form.header_changes()
    if None not in changes.values():
        return {name: text for name, text in changes.items() if text is not None}
    stored = {name.lower(): text for name, text in form.api.extra_headers.items()}
    return {name: stored[name.lower()] if text is None else text for name, text in changes.items()}


def _check_callable(operation: Operation, api: GenericApi, trial_form: TrialForm) -> None:
    visitor = trial_form.visitor()
    if operation is Operation.WRITE:
        if not api.write_url:
            raise NotTried("Enter the Create/Update Contact API Endpoint URL first.")
        if not visitor.has_identity:
            raise NotTried("Type an e-mail address, a phone number or a personal identity.")
        return
    if not api.lookup_url:
        raise NotTried("Enter the Get/Lookup Contact API Endpoint URL first.")
    if not any(getattr(visitor, key) for key in api.lookup_sends):
        words = " or ".join(key.replace("_", " ") for key in api.lookup_sends)
        raise NotTried(f"Type what the look-up sends: {words}.")


def _call(operation: Operation, api: GenericApi, trial_form: TrialForm) -> CallResult:
    visitor = trial_form.visitor()
    if operation is Operation.LOOKUP:
        return lookup(api=api, visitor=visitor, purpose=Purpose.TRIAL)
    tag = trial_form.cleaned_data["tag"]
    return write(api=api, visitor=visitor, tag=tag, purpose=Purpose.TRIAL)


def _told(result: CallResult, api: GenericApi, used: str) -> Trial:
    call = result.call
    body = call.response_body.encode()
    answer = payload_text(body, is_masked=False)
    return Trial(
        call=call,
        verdict=verdict_of(api, call),
        notes=tuple(result.notes),
        used=used,
        request_text=_text(
            f"{call.method} {call.url}",
            call.request_headers,
            payload_text(call.request_body.encode(), is_masked=False).text,
        ),
        answer_text=_text(str(call.status_code), call.response_headers, answer.text),
        is_cut=len(body) >= MOST_KEPT_BYTES - 3,
    )


def _text(first: str, headers: dict[str, str], body: str) -> str:
    lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
    return "\n".join([*lines, "", body]) if body else "\n".join(lines)


def _sentences(form: GenericApiForm | TrialForm) -> list[str]:
    """Return the errors of a form, each with the label of its field."""
    found = []
    for name, errors in form.errors.items():
        label = f"{form.fields[name].label}: " if name in form.fields else ""
        found += [f"{label}{error}" for error in errors]
    return found
