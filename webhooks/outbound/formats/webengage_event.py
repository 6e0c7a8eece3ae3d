"""WebEngage's event, activity, global and journey hooks (documentation, page *Webhooks*)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from common.json_text import json_text
from integrations.settings_fields import FieldKind, SettingField
from webhooks.outbound.formats.base import BuiltRequest, Encrypt, Format, SentEvent
from webhooks.outbound.formats.json_members import object_of
from webhooks.outbound.formats.webengage_hook import (
    LICENSE_CODE,
    WebEngageHook,
    clean_event_name,
    event_time,
    request_id,
)
from webhooks.outbound.formats.webengage_names import (
    ACCOUNT,
    APPLICATION,
    SYSTEM,
    category_of,
    event_name_of,
    possible_names,
)

SPECIFIC: Final = "specific"
_CATEGORY_OF_HOOK: Final = {
    "global_system": SYSTEM,
    "global_application": APPLICATION,
    "journey": ACCOUNT,
}
_JOURNEY_VERSION: Final = 1
_RELAY: Final = "inbound."
_FROM_WEBENGAGE: Final = f"{_RELAY}webengage."
_ACCOUNT: Final = "account."


class WebEngageEventFormat(WebEngageHook, Format):
    """One hook: a named event, all campaign events, all custom events, or journeys."""

    key = "webengage_event"
    label = "WebEngage event"
    summary = "Event, activity, global and journey hooks of WebEngage, in JSON."
    signings = ("webengage",)
    asks_payload = True
    settings_fields = (
        LICENSE_CODE,
        SettingField(
            key="hook",
            label="Hook",
            kind=FieldKind.CHOICE,
            required=True,
            default="global_application",
            choices={
                "global_application": "Global application events: all custom events",
                "global_system": "Global system events: all campaign events",
                SPECIFIC: "One named event",
                "journey": "Journey: what changes in the configuration of the site",
            },
        ),
        SettingField(
            key="event_name",
            label="Event name",
            required=True,
            shown_when=("hook", frozenset((SPECIFIC,))),
            clean=clean_event_name,
            help_text="As WebEngage names it, such as email_unsubscribe or order_placed.",
        ),
        SettingField(
            key="user_id",
            label="User id",
            kind=FieldKind.CHOICE,
            required=True,
            default="email",
            choices={"email": "E-mail address", "external_id": "External id of the contact"},
            help_text="What stands under user_id; the other one steps in where it is not known.",
        ),
    )

    def carries(self, event_type: str, settings: Mapping[str, Any]) -> bool:
        hook = settings.get("hook")
        if hook == SPECIFIC:
            return settings.get("event_name") in possible_names(event_type)
        return category_of(event_type) == _CATEGORY_OF_HOOK.get(str(hook))

    def wants(
        self, event_type: str, payload: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> bool:
        name = event_name_of(event_type, payload)
        return settings.get("hook") != SPECIFIC or name == settings.get("event_name")

    def build(
        self,
        events: Sequence[SentEvent],
        *,
        message_id: str,
        settings: Mapping[str, Any],
        encrypt: Encrypt | None = None,
        is_batch: bool = False,
    ) -> BuiltRequest:
        event = events[0]
        name = event_name_of(event.type, event.payload)
        category = category_of(event.type)
        given = _given(event)
        members = {
            "event_name": json_text(name),
            "event_time": json_text(event_time(event.occurred_at)),
            "license_code": json_text(settings["license_code"]),
            "category": json_text(category),
            "event_data": _event_data(event, given),
        }
        if category == ACCOUNT:
            members["user_id"] = json_text(given.get("user_id") or event.payload.get("actor"))
            members["resource"] = json_text("Journey")
            members["version"] = json_text(given.get("version", _JOURNEY_VERSION))
        else:
            members["user_id"] = json_text(_user_id(event, settings, given))
            members["anonymous_id"] = json_text(given.get("anonymous_id"))
        if category == SYSTEM:
            members["system_data"] = json_text(given.get("system_data", {"id": message_id}))
        return BuiltRequest(
            body=object_of(**members),
            query=(("eventType", name), ("licenseCode", settings["license_code"])),
            headers={"x-request-id": request_id(message_id)},
        )


def _given(event: SentEvent) -> Mapping[str, Any]:
    """Return the body of an event that came in from WebEngage, empty for all others."""
    if not event.type.startswith(_FROM_WEBENGAGE):
        return {}
    data = event.payload.get("data")
    return data if isinstance(data, dict) else {}


def _event_data(event: SentEvent, given: Mapping[str, Any]) -> str:
    if given:
        return json_text(given.get("event_data") or {})
    if event.type.startswith(_ACCOUNT):
        return json_text(event.payload | _journey(event))
    data = event.payload.get("data") if event.type.startswith(_RELAY) else None
    return json_text(data) if isinstance(data, dict) else event.payload_text


def _journey(event: SentEvent) -> dict[str, Any]:
    """Return what the sample of a journey has beside id and name, as far as the event tells it."""
    by, at = event.payload.get("actor"), event_time(event.occurred_at)
    told: dict[str, Any] = {"tags": [event.payload.get("object", "")]}
    match event.type.rpartition(".")[2]:
        case "created":
            told |= {"createdBy": by, "creationTime": at}
        case "activated":
            told |= {"activatedBy": by, "activationTime": at, "status": "ACTIVE"}
        case "deactivated":
            told |= {"status": "INACTIVE"}
    return told


def _user_id(event: SentEvent, settings: Mapping[str, Any], given: Mapping[str, Any]) -> str | None:
    """Return who it was; somebody who is anonymous at the sender stays so."""
    email, external_id = event.subject.get("email"), event.subject.get("external_id")
    first, second = (
        (external_id, email) if settings.get("user_id") == "external_id" else (email, external_id)
    )
    if first or second or given.get("anonymous_id"):
        return first or second
    return event.contact_id or None
