"""Feedback, replies to it, and survey responses.

Source: WebEngage documentation, pages *REST API: on-site feedback* and *on-site survey*; the
webhooks send what these resources return.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from integrations.contact_change import ActivityFact, ContactChange, Identity
from integrations.inbound_event import Disposition, InboundEvent
from integrations.instants import occurred_at, parse_instant
from integrations.json_values import stored_json, text_of
from integrations.presets.webengage.answers import (
    answer_named,
    answer_of_class,
    custom_email,
    stored_answers,
)
from integrations.presets.webengage.event_names import FEEDBACK, FEEDBACK_REPLY, SURVEY_RESPONSE
from integrations.request import PresetConfig

_STAFF_REPLY = "ADMIN"


def feedback_event(
    data: dict[str, Any], config: PresetConfig, received_at: datetime
) -> InboundEvent:
    """Return the feedback with every reply that it already has."""
    identity = _form_identity(data, config)
    event = _form_event(FEEDBACK, data, received_at)
    if identity.is_empty():
        return _without_identity(event, "feedback")
    properties = {
        "feedbackId": event.event_id,
        "fields": stored_answers(data),
        "customData": stored_json(data.get("customData") or {}),
        "activity": _page(data),
    }
    feedback = ActivityFact(
        type=FEEDBACK, properties=properties, key=event.event_id, occurred_at=event.occurred_at
    )
    replies = data.get("replies")
    event.change = ContactChange(
        identity=identity,
        occurred_at=event.occurred_at,
        activities=(
            feedback,
            *(
                _reply_activity(reply, received_at)
                for reply in (replies if isinstance(replies, list) else ())
                if isinstance(reply, dict) and text_of(reply.get("id"))
            ),
        ),
    )
    return event


def survey_event(data: dict[str, Any], config: PresetConfig, received_at: datetime) -> InboundEvent:
    """Return the survey response; score answers have no id of their own but a `questionId`."""
    identity = _form_identity(data, config)
    event = _form_event(SURVEY_RESPONSE, data, received_at)
    if identity.is_empty():
        return _without_identity(event, "survey response")
    properties = {
        "responseId": event.event_id,
        "surveyId": text_of(data.get("surveyId")),
        "title": text_of(data.get("title")),
        "questionResponses": stored_answers(data),
        "customData": stored_json(data.get("customData") or {}),
        "activity": _page(data),
    }
    activity = ActivityFact(
        type=SURVEY_RESPONSE,
        properties=properties,
        key=event.event_id,
        occurred_at=event.occurred_at,
    )
    event.change = ContactChange(
        identity=identity, occurred_at=event.occurred_at, activities=(activity,)
    )
    return event


def reply_event(replies: list[dict[str, Any]], received_at: datetime) -> InboundEvent:
    """Return all replies of a thread, each under its own id.

    The body names no feedback and grows with every reply, so that a reply id is an upsert. The
    contact is the visitor who took part, never the member of staff who answered.
    """
    known = [reply for reply in replies if text_of(reply.get("id"))]
    event = InboundEvent(type=FEEDBACK_REPLY)
    if not known:
        event.disposition = Disposition.QUARANTINED
        event.cause = "BAD_EVENT"
        event.reason = "No reply in the body has an id."
        return event
    newest = known[-1]
    event.event_id = text_of(newest.get("id"))
    event.occurred_at, event.notes = _time_of(newest.get("repliedOn"), received_at)
    if len(known) < len(replies):
        event.notes += ("Replies without an id were left out.",)
    addresses = [
        text_of(reply.get("repliedByEmail"))
        for reply in known
        if reply.get("replyType") != _STAFF_REPLY
    ]
    email = next((address for address in reversed(addresses) if address), "")
    if not email:
        event.disposition = Disposition.IGNORED
        event.cause = "NO_IDENTITY"
        event.reason = (
            "Only staff have replied so far, and the body does not say to whom. These replies "
            "come again with the visitor's next one."
        )
        return event
    event.change = ContactChange(
        identity=Identity(email=email),
        occurred_at=event.occurred_at,
        activities=tuple(_reply_activity(reply, received_at) for reply in known),
    )
    return event


def _form_event(event_type: str, data: dict[str, Any], received_at: datetime) -> InboundEvent:
    activity = data.get("activity")
    given = activity.get("activityOn") if isinstance(activity, dict) else None
    moment, notes = _time_of(given, received_at)
    return InboundEvent(
        type=event_type, event_id=text_of(data.get("id")), occurred_at=moment, notes=notes
    )


def _form_identity(data: dict[str, Any], config: PresetConfig) -> Identity:
    email_field = config.settings.get("email_field")
    phone_field = config.settings.get("phone_field")
    named = answer_named(data, email_field) if email_field else ""
    return Identity(
        email=named or answer_of_class(data, "email") or custom_email(data),
        phone=answer_named(data, phone_field) if phone_field else "",
    )


def _without_identity(event: InboundEvent, noun: str) -> InboundEvent:
    event.disposition = Disposition.IGNORED
    event.cause = "NO_IDENTITY"
    event.reason = (
        f"The {noun} names nobody: it has no e-mail field and no e-mail in its custom data. If one "
        "of its questions asks for the address, name that question in the source's settings."
    )
    return event


def _reply_activity(reply: dict[str, Any], received_at: datetime) -> ActivityFact:
    moment, _ = _time_of(reply.get("repliedOn"), received_at)
    return ActivityFact(
        type=FEEDBACK_REPLY,
        properties={
            "replyType": text_of(reply.get("replyType")),
            "repliedByName": text_of(reply.get("repliedByName")),
            "repliedText": reply.get("repliedText") or "",
            "attachments": stored_json(reply.get("attachments") or []),
        },
        key=text_of(reply.get("id")),
        occurred_at=moment,
    )


def _page(data: dict[str, Any]) -> dict[str, Any]:
    """Return where it was submitted; the visitor's IP address stays in the raw body alone."""
    activity = data.get("activity")
    if not isinstance(activity, dict):
        return {}
    return {key: stored_json(value) for key, value in activity.items() if key != "ip"}


def _time_of(given: Any, received_at: datetime) -> tuple[datetime | None, tuple[str, ...]]:
    return occurred_at(parse_instant(given), given=given, received_at=received_at)
