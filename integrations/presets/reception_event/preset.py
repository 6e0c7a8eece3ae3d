"""Reception events: operators define them; Connectif calls them custom events."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from integrations.chosen_verification import METHODS, ChosenVerification, verification_fields
from integrations.contact_change import ActivityFact, Identity
from integrations.field_types import FieldType, change_from_fields
from integrations.inbound_event import Disposition, InboundEvent, UnreadablePayload
from integrations.presets.reception_event.definition import (
    API,
    DEFINITION_KEYS,
    WEBHOOK,
    EventDefinition,
    EventField,
    event_definition,
)
from integrations.presets.reception_event.reading import ReadEvent, read_event
from integrations.request import InboundRequest, PresetConfig, RefusedBody, RequestIdentity
from integrations.verification import ApiKeyAtTheDoor, Verifier

_CREATE_CONTACT: Final = "createContact"
_MOST_PROBLEMS_TOLD: Final = 5
_UNSIGNED: Final = "The sender can neither set a key nor sign what it sends."


class ReceptionEvents(ChosenVerification):
    """One source per event; its settings are compiled from the event when that is saved.

    The door of reception events reads a body by `read_strict` or `read_lenient` itself, so that
    each problem can be answered, and gives every accepted request a key of its own: no sender of
    these events repeats one under the same id.
    """

    key = "reception_event"
    label = "Reception event"
    summary = "An event that operators define themselves, under Integrations → Custom."
    settings_fields = tuple(
        replace(field, default=_UNSIGNED) if field.key == "unsigned_reason" else field
        for field in verification_fields(("none", *(key for key in METHODS if key != "none")))
    )
    success_status = 201
    is_offered = False

    def verifier(self, config: PresetConfig) -> Verifier:
        if config.settings.get("context") != WEBHOOK:
            return ApiKeyAtTheDoor()
        return super().verifier(config)

    def clean(self, config: PresetConfig) -> tuple[PresetConfig, dict[str, str]]:
        """Clean the verification. The definition was checked where it was compiled; it stays."""
        definition = {
            key: value for key, value in config.settings.items() if key in DEFINITION_KEYS
        }
        if definition.get("context") == API:
            return PresetConfig(settings=definition), {}
        verification = {
            key: value for key, value in config.settings.items() if key not in DEFINITION_KEYS
        }
        cleaned, errors = super().clean(replace(config, settings=verification))
        return replace(cleaned, settings=definition | dict(cleaned.settings)), errors

    def identify(self, request: InboundRequest, config: PresetConfig) -> RequestIdentity:
        try:
            definition = event_definition(config.settings)
        except UnreadablePayload as error:
            raise RefusedBody("SOURCE_DISABLED", error.reason) from None
        read = read_event(definition, request.body)
        if read.problems:
            told = " ".join(map(str, read.problems[:_MOST_PROBLEMS_TOLD]))
            raise RefusedBody("INVALID_FIELDS", told)
        return RequestIdentity(dedupe_key=_key(request), event_type=definition.alias)

    def parse(self, request: InboundRequest, config: PresetConfig) -> list[InboundEvent]:
        definition = event_definition(config.settings)
        try:
            read = read_event(definition, request.body)
        except RefusedBody as error:
            raise UnreadablePayload(error.cause, error.detail) from None
        return [_translated(definition, read, request)]


def _translated(
    definition: EventDefinition, read: ReadEvent, request: InboundRequest
) -> InboundEvent:
    """Return the one event of a request.

    It was accepted once. What the definition of now does not take any more is left out, unless
    it is the e-mail, without which there is nobody.
    """
    event = InboundEvent(type=definition.alias)
    primary_key = definition.primary_key
    email = read.values.get(primary_key.id) if primary_key else None
    if not email:
        event.disposition = Disposition.QUARANTINED
        event.cause = "NO_PRIMARY_KEY"
        event.reason = (
            "The e-mail by which the contact is found is not where the event expects it. Correct "
            "the field that is the primary key, then replay."
        )
        return event
    event.data = {
        each.id: _told(each, read.values[each.id])
        for each in definition.fields
        if each.id in read.values
    }
    activity = ActivityFact(type=definition.alias, properties=read.values, key=_key(request))
    event.change, dropped = change_from_fields(
        {
            each.target_id: read.values[each.id]
            for each in definition.fields
            if each.target_id and each.id in read.values
        },
        identity=Identity(email=email),
        activities=(activity,),
        only_known=definition.context == API and request.query.get(_CREATE_CONTACT) != "true",
    )
    event.notes = (*map(str, read.problems), *read.notes, *dropped)
    return event


def _told(each: EventField, stored: Any) -> Any:
    """Return a stored value as others are told it: decimals, stored as text, are numbers."""
    return Decimal(stored) if each.definition.type is FieldType.DECIMAL else stored


def _key(request: InboundRequest) -> str:
    """Return the same for every replay of a stored request, and another for any other request."""
    digest = hashlib.sha256(request.body).hexdigest()
    return f"{request.received_at.isoformat()} sha256:{digest}"
