"""Generic JSON: any sender of JSON, described by JSON Pointers (RFC 6901)."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from common.json import BadJson, parse_json
from integrations.chosen_verification import METHODS, ChosenVerification, verification_fields
from integrations.contact_change import ActivityFact, ContactChange
from integrations.inbound_event import Disposition, InboundEvent, UnreadablePayload
from integrations.instants import occurred_at, parse_instant_or_epoch
from integrations.json_values import stored_json
from integrations.pointers import MISSING, resolve
from integrations.preset import Sample
from integrations.presets.generic_json.mapping import (
    DEFAULT_EVENT_TYPE,
    IDENTITY_POINTERS,
    MAPPING_FIELDS,
    fields_at,
    identity_at,
    missing_identity,
    text_at,
)
from integrations.presets.generic_json.sample_document import fitted_document
from integrations.request import InboundRequest, PresetConfig, RefusedBody, RequestIdentity

_LONGEST_ID: Final = 150


class GenericJson(ChosenVerification):
    key = "generic_json"
    label = "Generic JSON"
    summary = "Any system that posts JSON: say where in its body the e-mail and the rest are."
    settings_fields = (*verification_fields(METHODS), *MAPPING_FIELDS)

    def clean(self, config: PresetConfig) -> tuple[PresetConfig, dict[str, str]]:
        cleaned, errors = super().clean(config)
        if not any(cleaned.settings.get(key) or key in errors for key in IDENTITY_POINTERS):
            errors["email_pointer"] = (
                "Say where the e-mail, the phone or the external id is: without one of them no "
                "event can be matched to a contact."
            )
        return cleaned, errors

    def identify(self, request: InboundRequest, config: PresetConfig) -> RequestIdentity:
        try:
            document = parse_json(request.body)
        except BadJson as error:
            raise RefusedBody("BAD_JSON", str(error)) from None
        if not isinstance(document, dict | list):
            raise RefusedBody("BAD_BODY", "The body is neither an object nor a list.")
        events = _events(document, config)
        if events is None or len(events) != 1:
            return RequestIdentity(dedupe_key=_digest(request), event_type="batch")
        event_id = text_at(events[0], config, "event_id_pointer")
        return RequestIdentity(
            # One id in a list that may hold several does not stand for the whole request.
            dedupe_key=_id_key(event_id)
            if event_id and events[0] is document
            else (_digest(request)),
            event_type=_event_type(events[0], config),
            event_id=event_id[:_LONGEST_ID],
        )

    def parse(self, request: InboundRequest, config: PresetConfig) -> list[InboundEvent]:
        try:
            document = parse_json(request.body)
        except BadJson as error:
            raise UnreadablePayload("BAD_JSON", str(error)) from None
        events = _events(document, config)
        if events is None:
            raise UnreadablePayload(
                "NO_EVENTS",
                f"The body has no list of events at `{config.settings['events_pointer']}`. "
                "Correct the pointer in the source's settings, then replay.",
            )
        digest = _digest(request)
        return [
            _translated(event, request, config, fallback_key=f"{digest}#{index}")
            for index, event in enumerate(events)
        ]

    def sample_body(self, sample: Sample, config: PresetConfig) -> bytes:
        shipped = json.loads(sample.body())
        fitted = fitted_document(shipped, config)
        return sample.body() if fitted is shipped else json.dumps(fitted, indent=2).encode()


def _events(document: Any, config: PresetConfig) -> list[Any] | None:
    """Return the events of a body, or None when the list that should hold them is missing."""
    pointer = config.settings.get("events_pointer")
    if not pointer:
        return document if isinstance(document, list) else [document]
    found = resolve(document, pointer)
    if isinstance(found, dict):
        return [found]
    return found if isinstance(found, list) else None


def _event_type(event: Any, config: PresetConfig) -> str:
    found = text_at(event, config, "event_type_pointer")
    return (found or config.settings.get("event_type") or DEFAULT_EVENT_TYPE)[:_LONGEST_ID]


def _id_key(event_id: str) -> str:
    if len(event_id) > _LONGEST_ID:
        event_id = hashlib.sha256(event_id.encode("utf-8", "replace")).hexdigest()
    return f"event:{event_id}"


def _digest(request: InboundRequest) -> str:
    return f"sha256:{hashlib.sha256(request.body).hexdigest()}"


def _translated(
    event: Any, request: InboundRequest, config: PresetConfig, *, fallback_key: str
) -> InboundEvent:
    event_id = text_at(event, config, "event_id_pointer")
    inbound = InboundEvent(
        type=_event_type(event, config), event_id=event_id[:_LONGEST_ID], data=event
    )
    pointer = config.settings.get("occurred_at_pointer")
    given = resolve(event, pointer) if pointer else None
    inbound.occurred_at, inbound.notes = occurred_at(
        parse_instant_or_epoch(given),
        given=None if given is MISSING else given,
        received_at=request.received_at,
    )
    mapped = fields_at(event, config)
    identity = identity_at(event, config)
    identity.personal_identity_number = mapped.personal_identity_number
    if identity.is_empty():
        inbound.disposition = Disposition.QUARANTINED
        inbound.cause = "NO_IDENTITY"
        inbound.reason = missing_identity(config)
        return inbound
    activity = ActivityFact(
        type=inbound.type,
        properties=_properties(event, config),
        key=_id_key(event_id) if event_id else fallback_key,
        occurred_at=inbound.occurred_at,
    )
    inbound.change = ContactChange(
        identity=identity,
        occurred_at=inbound.occurred_at,
        fields=mapped.fields,
        attributes=stored_json(mapped.attributes),
        activities=(activity,),
    )
    inbound.notes += tuple(mapped.notes)
    return inbound


def _properties(event: Any, config: PresetConfig) -> dict[str, Any]:
    found = {
        name: resolve(event, pointer)
        for name, pointer in (config.settings.get("properties") or {}).items()
    }
    return {name: stored_json(value) for name, value in found.items() if value is not MISSING}
