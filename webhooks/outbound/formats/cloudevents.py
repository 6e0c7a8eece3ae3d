"""CloudEvents 1.0 over HTTP, structured and binary (cloudevents.io, *HTTP Protocol Binding*)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote

from common.json_text import json_text
from integrations.settings_fields import FieldKind, SettingField
from webhooks.outbound.formats.base import BuiltRequest, Encrypt, Format, SentEvent
from webhooks.outbound.formats.json_members import object_of, utc_text

_STRUCTURED: Final = "application/cloudevents+json; charset=utf-8"
_BATCH: Final = "application/cloudevents-batch+json; charset=utf-8"
_ENCRYPTED: Final = "application/jose"
# Percent-encoded in header values: all but printable ASCII, the quote and the percent sign itself.
_SAFE: Final = "".join(map(chr, range(0x21, 0x7F))).replace('"', "").replace("%", "")


def clean_type_prefix(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._/-]{1,100}", value):
        raise ValueError("Use at most 100 letters, digits, dots and hyphens, such as com.example.")
    return value


class CloudEventsFormat(Format):
    """Carries every event; `source` is the site's path, `subject` the contact."""

    key = "cloudevents"
    label = "CloudEvents 1.0"
    summary = "The CNCF standard, for event routers, queues and serverless platforms."
    signings = ("standard_webhooks", "hmac", "basic", "none")
    encryptions = ("jwe",)
    is_batchable = True
    settings_fields = (
        SettingField(
            key="mode",
            label="Mode",
            kind=FieldKind.CHOICE,
            required=True,
            default="structured",
            choices={
                "structured": "Structured: everything in the body",
                "binary": "Binary: attributes in ce- headers, the body is the data",
            },
            help_text="Batches are always structured.",
        ),
        SettingField(
            key="type_prefix",
            label="Prefix of types",
            help_text="Put in front of every type, such as com.example. (with the dot).",
            clean=clean_type_prefix,
        ),
    )

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
        if is_batch:
            objects = b",".join(_structured(event, settings, encrypt) for event in events)
            return BuiltRequest(body=b"[" + objects + b"]", content_type=_BATCH)
        if settings.get("mode") == "binary":
            return _binary(events[0], settings, encrypt)
        body = _structured(events[0], settings, encrypt)
        return BuiltRequest(body=body, content_type=_STRUCTURED)


def _attributes(event: SentEvent, settings: Mapping[str, Any]) -> dict[str, str]:
    attributes = {
        "specversion": "1.0",
        "id": event.message_id,
        "source": f"/sites/{event.site_id}",
        "type": f"{settings.get('type_prefix', '')}{event.type}",
        "time": utc_text(event.occurred_at),
    }
    return attributes | ({"subject": event.contact_id} if event.contact_id else {})


def _structured(event: SentEvent, settings: Mapping[str, Any], encrypt: Encrypt | None) -> bytes:
    data, content_type = event.payload_text, "application/json"
    if encrypt is not None:
        data, content_type = json_text(encrypt(data.encode())), _ENCRYPTED
    members = {name: json_text(value) for name, value in _attributes(event, settings).items()}
    return object_of(**members, datacontenttype=json_text(content_type), data=data)


def _binary(event: SentEvent, settings: Mapping[str, Any], encrypt: Encrypt | None) -> BuiltRequest:
    body, content_type = event.payload_text.encode(), "application/json"
    if encrypt is not None:
        body, content_type = encrypt(body).encode(), _ENCRYPTED
    headers = {
        f"ce-{name}": quote(value, safe=_SAFE)
        for name, value in _attributes(event, settings).items()
    }
    return BuiltRequest(body=body, content_type=content_type, headers=headers)
