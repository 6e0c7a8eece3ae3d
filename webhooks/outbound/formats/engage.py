"""Voyado Engage's envelope (developer documentation, page *Webhooks*)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from common.json_text import json_text
from integrations.settings_fields import SettingField
from webhooks.outbound.event_types.contact_events import CONTACT_EVENT_TYPES
from webhooks.outbound.event_types.loyalty_events import LOYALTY_EVENT_TYPES
from webhooks.outbound.formats.base import BuiltRequest, Encrypt, Format, SentEvent
from webhooks.outbound.formats.json_members import object_of

# These two are documented with `id` where all others have `eventId`.
_WITH_ID: Final = frozenset(("loyalty.addPoints", "point.balance.updated"))
_CARRIED: Final = frozenset(each.key for each in (*CONTACT_EVENT_TYPES, *LOYALTY_EVENT_TYPES))


class EngageFormat(Format):
    """Carries Engage's own event types. `isEncrypted` is true exactly when the payload is text."""

    key = "engage"
    label = "Voyado Engage"
    summary = "The envelope of Engage webhooks, for receivers that were built for Engage."
    signings = ("standard_webhooks",)
    # Engage sends through Svix: receivers that were built for it look for these names.
    signing_settings: ClassVar[Mapping[str, Any]] = {"family": "svix"}
    encryptions = ("engage", "jwe")
    settings_fields = (
        SettingField(
            key="tenant",
            label="Tenant",
            required=True,
            help_text="What receivers find under tenant: the name of your Engage environment.",
        ),
    )

    def carries(self, event_type: str, settings: Mapping[str, Any]) -> bool:
        return event_type in _CARRIED

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
        payload = event.payload_text
        if encrypt is not None:
            payload = json_text(encrypt(payload.encode()))
        id_key = "id" if event.type in _WITH_ID else "eventId"
        body = object_of(
            **{id_key: json_text(message_id)},
            eventType=json_text(event.type),
            isEncrypted="false" if encrypt is None else "true",
            payload=payload,
            tenant=json_text(settings.get("tenant", "")),
        )
        return BuiltRequest(body=body)
