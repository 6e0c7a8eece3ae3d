"""WebEngage's event, activity, global and journey hooks (documentation, page *Webhooks*)."""

from __future__ import annotations

import json
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
            "user_id": json_text(_user_id(event, settings)),
            "event_data": json_text(given.get("event_data", given))
            if given
            else event.payload_text,
        }
        if category == ACCOUNT:
            members |= {"resource": json_text("Journey"), "version": json_text(_JOURNEY_VERSION)}
        else:
            members["anonymous_id"] = json_text(given.get("anonymous_id"))
        if category == SYSTEM:
            members["system_data"] = json_text(given.get("system_data", {"id": message_id}))
        return BuiltRequest(
            body=object_of(**members),
            query=(("eventType", name), ("licenseCode", settings["license_code"])),
            headers={"x-request-id": request_id(message_id)},
        )


def _given(event: SentEvent) -> Mapping[str, Any]:
    """Return what a relayed event was at its sender, empty for events of our own."""
    if not event.type.startswith("inbound."):
        return {}
    data = json.loads(event.payload_text).get("data")
    return data if isinstance(data, dict) else {}


def _user_id(event: SentEvent, settings: Mapping[str, Any]) -> str | None:
    email, external_id = event.subject.get("email"), event.subject.get("external_id")
    first, second = (
        (external_id, email) if settings.get("user_id") == "external_id" else (email, external_id)
    )
    return first or second or event.contact_id or None
