"""The Standard Webhooks body: `type`, `timestamp`, `data` (standardwebhooks.com, *Payload*)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from common.json_text import json_text
from webhooks.outbound.formats.base import BuiltRequest, Encrypt, Format, SentEvent
from webhooks.outbound.formats.json_members import object_of, utc_text


class StandardWebhooksFormat(Format):
    """Carries every event. Of a batch the body is a list of such objects, each with its `id`."""

    key = "standard_webhooks"
    label = "Standard Webhooks"
    summary = "One JSON object with type, timestamp and data. The usual choice for your own code."
    signings = ("standard_webhooks", "hmac", "basic", "none")
    encryptions = ("jwe",)
    is_batchable = True

    def carries(self, event_type: str, settings: Mapping[str, Any]) -> bool:
        return True

    def build(
        self,
        events: Sequence[SentEvent],
        *,
        message_id: str,
        settings: Mapping[str, Any],
        encrypt: Encrypt | None = None,
        is_batch: bool = False,
    ) -> BuiltRequest:
        if not is_batch:
            return BuiltRequest(body=_object(events[0], encrypt))
        objects = b",".join(_object(event, encrypt, with_id=True) for event in events)
        return BuiltRequest(body=b"[" + objects + b"]")


def _object(event: SentEvent, encrypt: Encrypt | None, *, with_id: bool = False) -> bytes:
    data = event.payload_text
    if encrypt is not None:
        data = json_text(encrypt(data.encode()))
    members = {"id": json_text(event.message_id)} if with_id else {}
    return object_of(
        **members,
        type=json_text(event.type),
        timestamp=json_text(utc_text(event.occurred_at)),
        data=data,
    )
