"""What the editor does with what was posted: fill the event, save it, or try its fields."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.text import slugify

from integrations.admin.field_rows import show_row_errors
from sites.audit import Actor
from sites.opened_state import OpenedState, values_stamp
from webhooks.inbound.admin.custom_integrations.event_form import EventForm
from webhooks.inbound.admin.custom_integrations.field_rows import reception_fields
from webhooks.inbound.admin.custom_integrations.mapping_tester import tested_body, tester_result
from webhooks.inbound.models import ReceptionEvent
from webhooks.inbound.reception_events.services import reception_event_save
from webhooks.inbound.reception_events.validation import fields_errors


def event_opened(event: ReceptionEvent, data: Any = None) -> OpenedState:
    """Return what the editor was opened with: the event, and the settings of its source."""
    return OpenedState(data, event, stamp_of=_stamp)


def event_saved(
    event: ReceptionEvent, form: EventForm, opened: OpenedState, actor: Actor
) -> dict[str, Any] | None:
    """Save the event as the form says; return the secrets that were made for it, by label.

    None when it was refused, with the form saying why.
    """
    if not form.is_valid():
        form.is_refused = True
        return None
    given = form.cleaned_data
    event.name, event.alias = given["name"], given["alias"] or slugify(given["name"])[:80]
    before = set(event.source.secrets) if event.pk else set()
    typed = form.new_secrets()
    try:
        reception_event_save(
            event=event,
            fields=reception_fields(event, form.field_rows),
            actor=actor,
            verification=form.settings_values() if form.declared else None,
            secrets=typed,
            clear_secrets=form.cleared_secrets(),
            active=given["is_active"],
            throttle_per_second=given["throttle_per_second"],
            opened=opened,
        )
    except ValidationError as error:
        form.show_errors(error)
        return None
    labels = {field.key: field.label for field in form.preset.settings_fields}
    made = event.source.secrets.keys() - before - typed.keys()
    generated = {labels[key]: event.source.secrets[key] for key in made}
    return form.generated_secrets() | generated


def fields_tested(
    request: HttpRequest, event: ReceptionEvent, form: EventForm | None
) -> dict[str, Any]:
    """Try the fields as they stand in the form, or without a form those that are stored."""
    try:
        tested = tested_body(request, event)
    except ValidationError as error:
        return {"problem": " ".join(error.messages)}
    if form is None:
        fields = list(event.fields.select_related("contact_field").order_by("position"))
        return tester_result(event, fields, {}, tested)
    fields = reception_fields(event, form.field_rows)
    errors = fields_errors(event, fields)
    show_row_errors(form.field_rows, {key: [text] for key, text in errors.items()})
    return tester_result(event, fields, errors, tested)


def _stamp(event: ReceptionEvent) -> str:
    source = event.source if event.pk else None
    return values_stamp(event.updated_at, source and source.updated_at)
