"""Reception events: operators define them; Connectif calls them custom events."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from integrations.chosen_verification import METHODS, ChosenVerification, verification_fields
from integrations.contact_change import ActivityFact, Identity, SourceIdKind
from integrations.field_types import FieldType, change_from_fields
from integrations.inbound_event import Disposition, InboundEvent, UnreadablePayload
from integrations.presets.reception_event.app_event import AppEvent
from integrations.presets.reception_event.definition import (
    API,
    APP,
    DEFINITION_KEYS,
    WEBHOOK,
    EventDefinition,
    EventField,
    event_definition,
)
from integrations.presets.reception_event.reading import ReadEvent, read_event
from integrations.request import InboundRequest, PresetConfig, RefusedBody, RequestIdentity
from integrations.verification import ApiKeyAtTheDoor, PublishableKeyAtTheDoor, Verifier

_CREATE_CONTACT: Final = "createContact"
_MOST_PROBLEMS_TOLD: Final = 5
# No id of a field begins with an underscore: what a page is cannot be taken for what it says.
_PAGE_PROPERTIES: Final = {"url": "_pageUrl", "title": "_pageTitle", "referrer": "_pageReferrer"}
_UNSIGNED: Final = "The sender can neither set a key nor sign what it sends."


class ReceptionEvents(ChosenVerification):
    """One source per event; its settings are compiled from the event when that is saved.

    The doors of reception events read a body themselves, so that each problem can be answered, and
    give every accepted request a key of its own: of these senders, only pages and apps repeat an
    event under the same id.
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
        context = config.settings.get("context")
        if context == APP:
            return PublishableKeyAtTheDoor()
        return super().verifier(config) if context == WEBHOOK else ApiKeyAtTheDoor()

    def clean(self, config: PresetConfig) -> tuple[PresetConfig, dict[str, str]]:
        """Clean the verification. The definition was checked where it was compiled; it stays."""
        definition = {
            key: value for key, value in config.settings.items() if key in DEFINITION_KEYS
        }
        if definition.get("context") in (API, APP):
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
        return RequestIdentity(dedupe_key=_key(request, read.app), event_type=definition.alias)

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
    identity = _identity(definition, read)
    if identity.is_empty():
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
    event.occurred_at = read.app.occurred_at if read.app else None
    activity = ActivityFact(
        type=definition.alias,
        properties=read.values | _page_properties(read.app),
        key=_key(request, read.app),
        occurred_at=event.occurred_at,
    )
    event.change, dropped = change_from_fields(
        {
            each.target_id: read.values[each.id]
            for each in definition.fields
            if each.target_id and each.id in read.values
        },
        identity=identity,
        occurred_at=event.occurred_at,
        activities=(activity,),
        only_known=definition.context == API and request.query.get(_CREATE_CONTACT) != "true",
    )
    event.notes = (*map(str, read.problems), *read.notes, *dropped)
    return event


def _told(each: EventField, stored: Any) -> Any:
    """Return a stored value as others are told it: decimals, stored as text, are numbers."""
    return Decimal(stored) if each.definition.type is FieldType.DECIMAL else stored


def _identity(definition: EventDefinition, read: ReadEvent) -> Identity:
    """Return the e-mail of the primary key; of a page or app, also who was using it."""
    primary_key, app = definition.primary_key, read.app
    email = read.values.get(primary_key.id, "") if primary_key else ""
    if app is None:
        return Identity(email=email)
    devices = {SourceIdKind.ANONYMOUS: app.tracker_id} if app.tracker_id else {}
    return Identity(email=email or app.email, source_ids=devices)


def _page_properties(app: AppEvent | None) -> dict[str, str]:
    page = app.page if app else {}
    return {_PAGE_PROPERTIES[name]: text for name, text in page.items()}


def _key(request: InboundRequest, app: AppEvent | None) -> str:
    """Return the same for every replay of a stored request, and another for any other event.

    Pages and apps send an event again under its id.
    """
    if app is not None and app.sent_id:
        return app.repeat_key
    digest = hashlib.sha256(request.body).hexdigest()
    return f"{request.received_at.isoformat()} sha256:{digest}"
