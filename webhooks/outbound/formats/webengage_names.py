"""What WebEngage calls our events. Its names stay its own; ours become custom events."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

from integrations.presets.webengage.event_names import (
    EVENT_TYPES,
    FEEDBACK,
    FEEDBACK_REPLY,
    NEVER_SENT,
    SURVEY_RESPONSE,
)

SYSTEM: Final = "system"
APPLICATION: Final = "application"
ACCOUNT: Final = "account"

_RELAYED: Final = "inbound.webengage."
_CUSTOM: Final = "custom_event."
_ACCOUNT: Final = "account."
_JOURNEY: Final = "journey_"
_OPT_OUT: Final = "contact.acceptsEmail.changed"
_UNSUBSCRIBED: Final = "email_unsubscribe"
_RESUBSCRIBED: Final = "email_resubscribe"
# A soft bounce is left out: WebEngage has no name for one, and its email_bounce is for good.
_SAME_AS: Final = {
    "inbound.ongage.hard": "email_bounce",
    "inbound.ongage.unsubscribe": _UNSUBSCRIBED,
    "inbound.ongage.complaint": "email_complaint",
}
# WebEngage's own words for what became of a journey.
_VERBS: Final = {"deactivated": "updated"}
# The forms have hooks, and formats, of their own.
_FORMS: Final = frozenset((FEEDBACK, FEEDBACK_REPLY, SURVEY_RESPONSE))
_SYSTEM_NAMES: Final = frozenset(
    each.id for each in EVENT_TYPES if each.id not in _FORMS and not each.id.startswith(_JOURNEY)
)
# Custom names: at most 50 characters, and none begins with we_ (page *Events*).
_LONGEST: Final = 50
_RESERVED: Final = ("we_", _JOURNEY)
# An event of the operator's must not pass for one of theirs, and so for an opt-out.
_TAKEN: Final = _SYSTEM_NAMES | _FORMS | NEVER_SENT


def category_of(event_type: str) -> str:
    """Return the category of events of a type; empty for those that no event hook carries."""
    if event_type == _OPT_OUT or event_type in _SAME_AS:
        return SYSTEM
    if event_type.startswith(_ACCOUNT):
        return ACCOUNT
    if event_type.startswith(_RELAYED):
        name = event_type.removeprefix(_RELAYED)
        if name in _FORMS:
            return ""
        if name.startswith(_JOURNEY):
            return ACCOUNT
        return SYSTEM if name in _SYSTEM_NAMES else APPLICATION
    return APPLICATION


def event_name_of(event_type: str, payload: Mapping[str, Any]) -> str:
    """Return the name under which one event goes out."""
    names = possible_names(event_type)
    if len(names) > 1:
        return _RESUBSCRIBED if payload.get("acceptsEmail") is True else _UNSUBSCRIBED
    return names[0]


def possible_names(event_type: str) -> tuple[str, ...]:
    if event_type == _OPT_OUT:
        return (_UNSUBSCRIBED, _RESUBSCRIBED)
    if event_type in _SAME_AS:
        return (_SAME_AS[event_type],)
    if event_type.startswith(_ACCOUNT):
        verb = event_type.rpartition(".")[2]
        return (f"{_JOURNEY}{_VERBS.get(verb, verb)}",)
    if event_type.startswith(_RELAYED):
        return (event_type.removeprefix(_RELAYED),)
    return (_custom_name(event_type.removeprefix(_CUSTOM)),)


def _custom_name(text: str) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
    if not name:
        name = f"event_{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    elif name.startswith(_RESERVED) or name in _TAKEN:
        name = f"event_{name}"
    return name[:_LONGEST]
