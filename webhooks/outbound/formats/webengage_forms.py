"""The bodies of WebEngage's form hooks, from a form that came in or from an operator's event."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from common.json import BadJson
from common.json_text import json_text
from integrations.json_values import decimal_text
from integrations.presets.webengage.bodies import BodyKind, read_body
from integrations.presets.webengage.xml_body import BadXml
from integrations.settings_fields import FieldKind, SettingField
from webhooks.outbound.formats.base import BuiltRequest, CannotBuild, SentEvent
from webhooks.outbound.formats.webengage_hook import event_time, request_id
from webhooks.outbound.formats.webengage_xml import form_xml

CUSTOM: Final = "custom_event."
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
_GONE: Final = (
    "The form as it came in is no longer stored, or came in before this subscription asked for it."
)
_UNREADABLE: Final = "The form as it came in cannot be read, so it cannot be written again."


def relayed_form(event: SentEvent, kind: BodyKind, license_code: str) -> Any:
    """Return the form in a request that came in, under the account it goes out for."""
    if event.raw_body is None:
        raise CannotBuild(_GONE)
    try:
        body = read_body(event.raw_body)
    except (BadJson, BadXml):
        raise CannotBuild(_UNREADABLE) from None
    if body.kind is not kind:
        raise CannotBuild(_UNREADABLE)
    data = _plain(body.data)
    return data | {"licenseCode": license_code} if isinstance(data, dict) else data


def form_request(
    data: Any, *, event_type: str, message_id: str, settings: Mapping[str, Any]
) -> BuiltRequest:
    """Return the request of a hook; the wrapper of replies has neither message nor status."""
    license_code = settings["license_code"]
    if settings.get("body_format") == "xml":
        body, content_type = form_xml(data), "application/xml"
    else:
        ends = {} if isinstance(data, list) else {"message": "success", "status": "success"}
        body = json_text({"response": {"data": data, **ends}}).encode()
        content_type = "application/json"
    return BuiltRequest(
        body=body,
        content_type=content_type,
        query=(("eventType", event_type), ("licenseCode", license_code)),
        headers={"x-request-id": request_id(message_id)},
    )


def typed_value(name: str, value: Any) -> dict[str, Any]:
    """Return an answer with its `@class`: what looks like an address is one of e-mail."""
    if isinstance(value, list):
        return {"@class": "list", "values": [_text(item) for item in value]}
    if isinstance(value, dict):
        return {"@class": "map", "values": {key: _text(item) for key, item in value.items()}}
    text = _text(value)
    kind = "email" if "@" in text and " " not in text else "text"
    return {"@class": kind, "text": text}


def answer_id(message_id: str, name: str) -> str:
    """Return a short id that is the same on every attempt."""
    return hashlib.sha256(f"{message_id}.{name}".encode()).hexdigest()[:8]


def activity(event: SentEvent) -> dict[str, str]:
    return {
        "pageUrl": "", "pageTitle": "", "ip": "", "city": "", "country": "", "browser": "",
        "browserVersion": "", "platform": "", "activityOn": event_time(event.occurred_at),
    }  # fmt: skip


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return decimal_text(value) if isinstance(value, Decimal) else str(value)


def _plain(value: Any) -> Any:
    """Return parsed JSON with numbers that JSON can be written from again."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value
