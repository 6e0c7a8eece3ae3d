"""Connectif's send event: the fields, flat (help centre, *Custom event notification*)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from webhooks.outbound.formats.base import BuiltRequest, Encrypt, Format, SentEvent

# Types whose payload is field id → value and nothing else.
FLAT_PREFIXES: Final = ("send.", "custom_event.")


class ConnectifSendFormat(Format):
    """Nothing in the body names the event, so each has a URL of its own.

    Receivers know the sender by the headers that the operator sets, as at Connectif.
    """

    key = "connectif_send"
    label = "Connectif send event"
    summary = "The fields of one custom event as a flat JSON object, as Connectif sends them."
    signings = ("none", "basic", "hmac", "standard_webhooks")

    def carries(self, event_type: str, settings: Mapping[str, Any]) -> bool:
        return event_type.startswith(FLAT_PREFIXES)

    def build(
        self,
        events: Sequence[SentEvent],
        *,
        message_id: str,
        settings: Mapping[str, Any],
        encrypt: Encrypt | None = None,
        is_batch: bool = False,
    ) -> BuiltRequest:
        return BuiltRequest(body=events[0].payload_text.encode())
