from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.utils import timezone

from automation.uses import Needs
from automation.workflows.actions.action import (
    Action,
    Category,
    Ending,
    Settings,
    StepCall,
    StepResult,
    value_words,
)
from automation.workflows.reading import Reading
from automation.workflows.site_things import SiteThings
from contacts.models import Contact
from integrations.field_types import FieldDefinition, FieldError, FieldType, lenient
from webhooks.outbound.models import SendEvent
from webhooks.outbound.publishing import NewEvent, events_publish
from webhooks.outbound.send_events.catalogue import send_type

_SUBJECT: Final = ("email", "phone", "external_id")
_NOBODY: Final = "No subscription of the site is told of it, so nothing was sent."


class SendCustomEvent(Action):
    key = "send_event"
    label = "Send event"
    help = "Sends one of your send events to whoever subscribed to it."
    category = Category.OUTSIDE

    def read(self, reading: Reading) -> dict[str, Any]:
        reading.only("event", "values")
        missing = "This send event is not there any more. Choose another."
        event = reading.things.send_events.get(
            reading.key("event", reading.things.send_events, missing)
        )
        given = reading.get("values") or {}
        values = reading.at("values", given)
        if event is None or not isinstance(given, Mapping):
            return {"event": event.event_id if event else "", "values": {}}
        values.only(*(definition.id for definition, _ in event.definitions))
        read: dict[str, Any] = {}
        for definition, is_required in event.definitions:
            if given.get(definition.id) is not None:
                read[definition.id] = values.value(definition.id, definition)
            elif is_required:
                values.problem(definition.id, f"“{definition.name}” is needed.")
        return {"event": event.event_id, "values": read}

    def summary(self, settings: Settings, names: SiteThings) -> str:
        event = names.send_events.get(settings["event"])
        if event is None:
            return "Send event: a deleted one"
        labels = {definition.id: definition.name for definition, _ in event.definitions}
        values = ", ".join(
            f"{labels.get(name, name)} = {value_words(value, names)}"
            for name, value in settings["values"].items()
        )
        return f"Send event: {event.name}{f' with {values}' if values else ''}"

    def needs(self, settings: Settings, things: SiteThings) -> Needs:
        event = things.send_events.get(settings["event"])
        if event is None:
            return Needs()
        return Needs(
            send_events=frozenset((event.pk,)), integrations=frozenset((event.integration_id,))
        )

    def execute(self, calls: Sequence[StepCall]) -> list[StepResult]:
        first = calls[0]
        event = SendEvent.objects.filter(site=first.site, event_id=first.settings["event"]).first()
        if event is None:
            gone = "The send event is not there any more."
            return [StepResult(ending=Ending.FAILED, detail=gone) for _ in calls]
        results: dict[int, StepResult] = {}
        events: dict[int, NewEvent] = {}
        subjects = _subjects({call.contact_id for call in calls})
        for number, call in enumerate(calls):
            try:
                payload = _payload(event, call)
            except FieldError as error:
                results[number] = StepResult(ending=Ending.FAILED, detail=error.reason)
                continue
            events[number] = _event(event, call, payload, subjects.get(call.contact_id, {}))
        ids = events_publish(list(events.values()))
        for place, number in enumerate(events):
            results[number] = (
                StepResult(ending=Ending.DONE, detail=f"“{event.name}” sent.", event_id=ids[place])
                if ids
                else StepResult(ending=Ending.SKIPPED, detail=_NOBODY)
            )
        return [results[number] for number in range(len(calls))]


def _event(
    event: SendEvent, call: StepCall, payload: dict[str, Any], subject: dict[str, str]
) -> NewEvent:
    return NewEvent(
        site_id=event.site_id,
        type=send_type(event),
        payload=payload,
        occurred_at=timezone.now(),
        contact_id=call.contact_id,
        subject=subject,
        order_key=call.contact_id.hex,
        received_event_id=call.received_event_id,
    )


def _payload(event: SendEvent, call: StepCall) -> dict[str, Any]:
    """Return the values in the order of the fields; raises FieldError naming the field."""
    payload: dict[str, Any] = {}
    for definition, is_required in event.definitions:
        value = call.settings["values"].get(definition.id)
        given = call.value(value) if value else None
        if given not in (None, ""):
            payload[definition.id] = _stored(definition, given)
        elif is_required:
            raise FieldError(f"“{definition.name}” is needed, and the variable had no value.")
    return payload


def _stored(definition: FieldDefinition, given: Any) -> Any:
    try:
        stored = lenient(definition, given)
    except FieldError as error:
        raise FieldError(f"“{definition.name}”: {error.reason}") from None
    return Decimal(stored) if definition.type is FieldType.DECIMAL else stored


def _subjects(contact_ids: set[UUID]) -> dict[UUID, dict[str, str]]:
    """Return the names of people, for receivers whose dialect needs one."""
    rows = Contact.objects.filter(pk__in=contact_ids).values_list("pk", *_SUBJECT)
    return {
        pk: {name: value for name, value in zip(_SUBJECT, values, strict=True) if value}
        for pk, *values in rows
    }
