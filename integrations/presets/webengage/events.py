"""Bodies of the event, activity, global and journey hooks.

Source: WebEngage documentation, page *Webhooks*. What an event does to a contact is ours.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from common.json import BadJson, parse_json
from integrations.contact_change import (
    ActivityFact,
    Channel,
    ContactChange,
    EmailStatus,
    Identity,
    SourceIdKind,
)
from integrations.inbound_event import Disposition, InboundEvent
from integrations.instants import occurred_at, parse_instant
from integrations.json_values import stored_json, text_of

_EMBEDDED_JSON: Final = "push_notification_content"
_JOURNEY_PREFIX: Final = "journey_"
_OPT_OUT_CAUSES: Final = {
    "email_unsubscribe": "unsubscribe",
    "email_spam": "complaint",
    "email_complaint": "complaint",
}


def event_from(data: dict[str, Any], received_at: datetime, request_key: str) -> InboundEvent:
    """Return the event that a hook's JSON body describes.

    Events have no id, so `request_key` makes processing one a second time harmless.
    """
    name = text_of(data.get("event_name"))
    moment, notes = occurred_at(
        parse_instant(data.get("event_time")),
        given=data.get("event_time"),
        received_at=received_at,
    )
    event = InboundEvent(type=name, occurred_at=moment, notes=notes)
    if not name:
        return _set_aside(event, "BAD_EVENT", "The body has an event_name that is no text.")
    if data.get("resource") == "Journey" or name.startswith(_JOURNEY_PREFIX):
        # A journey is the vendor's own campaign; user_id in it is the colleague who edits it.
        return event
    identity = _identity(data)
    if identity.is_empty():
        return _set_aside(
            event, "NO_IDENTITY", "The event has neither a user_id nor an anonymous_id."
        )
    event.change = ContactChange(
        identity=identity,
        occurred_at=moment,
        activities=(
            ActivityFact(
                type=name, properties=_properties(data), key=request_key, occurred_at=moment
            ),
        ),
    )
    _apply_effect(name, event.change)
    return event


def _set_aside(event: InboundEvent, cause: str, reason: str) -> InboundEvent:
    event.disposition = Disposition.QUARANTINED
    event.cause = cause
    event.reason = reason
    return event


def _identity(data: dict[str, Any]) -> Identity:
    """Return who it was: customers often use the e-mail address as their user id."""
    user_id = text_of(data.get("user_id"))
    anonymous_id = text_of(data.get("anonymous_id"))
    is_email = "@" in user_id and " " not in user_id and not user_id.startswith("@")
    return Identity(
        email=user_id if is_email else "",
        external_id="" if is_email else user_id,
        source_ids={SourceIdKind.ANONYMOUS: anonymous_id} if anonymous_id else {},
    )


def _properties(data: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for key in ("category", "event_data", "system_data"):
        if data.get(key):
            properties[key] = stored_json(data[key])
    system_data = properties.get("system_data")
    if isinstance(system_data, dict) and isinstance(system_data.get(_EMBEDDED_JSON), str):
        system_data[_EMBEDDED_JSON] = _embedded(system_data[_EMBEDDED_JSON])
    return properties


def _embedded(text: str) -> Any:
    """Return the document inside the text; an error code such as GCM_ERROR stays text."""
    try:
        return stored_json(parse_json(text.encode("utf-8", "replace")))
    except BadJson:
        return text


def _apply_effect(name: str, change: ContactChange) -> None:
    if name in _OPT_OUT_CAUSES:
        change.preferences = {Channel.EMAIL: False}
        change.cause = _OPT_OUT_CAUSES[name]
    elif name == "email_resubscribe":
        change.preferences = {Channel.EMAIL: True}
        change.cause = "resubscribe"
    elif name == "email_bounce":
        change.email_status = EmailStatus.BOUNCED
        change.cause = "bounce"
