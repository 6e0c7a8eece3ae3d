"""The bodies of WebEngage's form hooks, from a form that came in or from an operator's event."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

from common.json_text import json_text
from integrations.json_values import decimal_text
from integrations.presets.webengage.bodies import BodyKind
from integrations.settings_fields import FieldKind, SettingField
from webhooks.outbound.formats.base import BuiltRequest, CannotBuild, SentEvent
from webhooks.outbound.formats.webengage_hook import event_time, request_id
from webhooks.outbound.formats.webengage_xml import form_xml

RELAYED: Final = "inbound.webengage."
BODY_FORMAT: Final = SettingField(
    key="body_format",
    label="Format",
    kind=FieldKind.CHOICE,
    required=True,
    default="json",
    choices={"json": "JSON", "xml": "XML"},
    help_text="WebEngage publishes no XML form; ours is in the documentation.",
)
_NO_FORM: Final = (
    "The event holds no form of this kind. Examples of the catalogue do not: choose a form that "
    "came in."
)
# What makes data a form of its kind.
_IS_FORM: Final[Mapping[BodyKind, Callable[[Any], bool]]] = {
    BodyKind.FEEDBACK: lambda data: isinstance(data, dict) and "fields" in data,
    BodyKind.FEEDBACK_REPLY: lambda data: (
        isinstance(data, list) and bool(data) and all(isinstance(each, dict) for each in data)
    ),
    BodyKind.SURVEY_RESPONSE: lambda data: isinstance(data, dict) and "questionResponses" in data,
}


def relayed_form(event: SentEvent, kind: BodyKind, license_code: str) -> Any:
    """Return a form that came in, under the account it goes out for; replies name no account."""
    data = event.payload.get("data")
    if not _IS_FORM[kind](data):
        raise CannotBuild(_NO_FORM)
    return data | {"licenseCode": license_code} if isinstance(data, dict) else data


def form_request(
    data: Any, *, event_type: str, message_id: str, settings: Mapping[str, Any]
) -> BuiltRequest:
    """Return the request of a hook; the wrapper of replies has neither message nor status."""
    license_code = settings["license_code"]
    ends = {} if isinstance(data, list) else {"message": "success", "status": "success"}
    if settings.get("body_format") == "xml":
        body, content_type = form_xml(data, ends), "application/xml"
    else:
        body = json_text({"response": {"data": data, **ends}}).encode()
        content_type = "application/json"
    return BuiltRequest(
        body=body,
        content_type=content_type,
        query=(("eventType", event_type), ("licenseCode", license_code)),
        headers={"x-request-id": request_id(message_id)},
    )


def typed_value(event: SentEvent, value: Any) -> dict[str, Any]:
    """Return an answer with its `@class`.

    One of e-mail says who answered: only the address of the person is one, never that of somebody
    whom the event happens to name.
    """
    if isinstance(value, list):
        return {"@class": "list", "values": [_text(item) for item in value]}
    if isinstance(value, dict):
        return {"@class": "map", "values": {key: _text(item) for key, item in value.items()}}
    text = _text(value)
    return {"@class": "email" if _is_email_of(event, text) else "text", "text": text}


def custom_data(event: SentEvent) -> dict[str, list[str]]:
    """Return the type of the event, and whose it is where no answer says so."""
    email = event.subject.get("email", "")
    is_told = any(_is_email_of(event, _text(value)) for value in event.payload.values())
    return {"eventType": [event.type]} | ({"email": [email]} if email and not is_told else {})


def answer_id(message_id: str, name: str) -> str:
    """Return a short id that is the same on every attempt."""
    return hashlib.sha256(f"{message_id}.{name}".encode()).hexdigest()[:8]


def activity(event: SentEvent) -> dict[str, str]:
    return {
        "pageUrl": "", "pageTitle": "", "ip": "", "city": "", "country": "", "browser": "",
        "browserVersion": "", "platform": "", "activityOn": event_time(event.occurred_at),
    }  # fmt: skip


def _is_email_of(event: SentEvent, text: str) -> bool:
    return bool(text) and text.casefold() == event.subject.get("email", "").casefold()


def _text(value: Any) -> str:
    """Return a value as text; what is inside of an answer is written as JSON."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return json_text(value)
    return decimal_text(value) if isinstance(value, Decimal) else str(value)
