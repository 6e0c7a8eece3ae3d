"""Ongage's batch: what happened to addresses, accumulated (documentation wiki, *The Webhook*)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from common.json_text import json_text
from integrations.json_values import text_of
from integrations.settings_fields import SettingField
from webhooks.outbound.formats.base import (
    BuiltRequest,
    CannotBuild,
    Encrypt,
    Format,
    SentEvent,
)

_OPT_OUT: Final = "contact.acceptsEmail.changed"
_RELAYED: Final = "inbound.ongage."
# Type → status of the row.
_STATUS: Final = {
    _OPT_OUT: "unsubscribe",
    **{f"{_RELAYED}{each}": each for each in ("soft", "hard", "unsubscribe", "complaint")},
    "inbound.webengage.email_bounce": "hard",
    "inbound.webengage.email_unsubscribe": "unsubscribe",
    "inbound.webengage.email_spam": "complaint",
    "inbound.webengage.email_complaint": "complaint",
}
_NO_ADDRESS: Final = "The event names no e-mail address, and a row of Ongage has nothing else."


def clean_list_id(value: str) -> str:
    if not re.fullmatch(r"[1-9][0-9]{0,17}", value):
        raise ValueError("Write the list id as a whole number, such as 9997.")
    return value


class OngageBatchFormat(Format):
    """One row for each bounce, opt-out and complaint; nothing accumulated, no call."""

    key = "ongage_batch"
    label = "Ongage batch"
    summary = "Bounces, unsubscribes and complaints as one list every ten minutes."
    signings = ("none", "basic", "hmac", "standard_webhooks")
    batching = (5000, 600)
    is_batchable = True
    asks_payload = True
    settings_fields = (
        SettingField(
            key="list_id",
            label="List id",
            required=True,
            help_text="For rows whose event belongs to no list of its own.",
            clean=clean_list_id,
        ),
        SettingField(
            key="esp_name",
            label="Name of the e-mail service",
            default="Patchbay",
            help_text="Stands under esp_name where the event names none.",
        ),
    )

    def carries(self, event_type: str, settings: Mapping[str, Any]) -> bool:
        return event_type in _STATUS

    def wants(
        self, event_type: str, payload: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> bool:
        return event_type != _OPT_OUT or payload.get("acceptsEmail") is False

    def build(
        self,
        events: Sequence[SentEvent],
        *,
        message_id: str,
        settings: Mapping[str, Any],
        encrypt: Encrypt | None = None,
        is_batch: bool = False,
    ) -> BuiltRequest:
        # Of a batch, those without an address are left out: the others must not wait for them.
        rows = [row for event in events if (row := _row(event, settings))]
        if not rows:
            raise CannotBuild(_NO_ADDRESS)
        return BuiltRequest(body=json_text(rows).encode())


def _row(event: SentEvent, settings: Mapping[str, Any]) -> dict[str, Any] | None:
    data = event.payload.get("data")
    given = data if event.type.startswith(_RELAYED) and isinstance(data, dict) else {}
    email = event.subject.get("email") or text_of(given.get("email"))
    if not email:
        return None
    list_id = text_of(given.get("list_id"))
    return {
        "email": email,
        "list_id": int(list_id if list_id.isdecimal() else settings["list_id"]),
        "status": _STATUS[event.type],
        "esp_name": text_of(given.get("esp_name")) or settings.get("esp_name") or "",
    }
