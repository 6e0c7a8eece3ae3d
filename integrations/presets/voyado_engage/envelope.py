"""The envelope around every Engage event: `eventId` or `id`, `eventType`, `payload`, `tenant`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from common.json import BadJson, parse_json
from integrations.inbound_event import UnreadablePayload
from integrations.json_values import text_of
from integrations.presets.voyado_engage.encryption import DecryptionFailed, decrypt
from integrations.presets.voyado_engage.payload import Payload


@dataclass(slots=True, kw_only=True)
class Envelope:
    """The outer object; `payload` is untouched: an object, or text when it is encrypted."""

    event_id: str
    event_type: str
    tenant: str
    payload: Any


def read_envelope(body: bytes) -> Envelope | None:
    """Return the envelope, or None when the body is JSON but no object. Raises `BadJson`."""
    document = parse_json(body)
    if not isinstance(document, dict):
        return None
    outer = Payload(document)
    return Envelope(
        # The documentation has eventId in some events and id in others.
        event_id=text_of(outer.first("eventId", "id")),
        event_type=text_of(outer.get("eventType")),
        tenant=text_of(outer.get("tenant")),
        payload=outer.get("payload"),
    )


def open_payload(payload: str, key: str) -> dict[str, Any]:
    """Return the object inside an encrypted payload; raises `UnreadablePayload`."""
    if not key:
        raise UnreadablePayload(
            "DECRYPTION_KEY_NOT_SET",
            "The payload is encrypted and this source has no decryption key. Set the key from "
            "Engage, then replay.",
        )
    try:
        document = parse_json(decrypt(payload, key))
    except DecryptionFailed as error:
        raise _undecryptable(str(error)) from None
    except BadJson:
        # A wrong key passes the padding check once in about 256 times; what comes out is noise.
        raise _undecryptable("what comes out is no JSON") from None
    if not isinstance(document, dict):
        raise _undecryptable("what comes out is no JSON object")
    return document


def _undecryptable(how: str) -> UnreadablePayload:
    return UnreadablePayload(
        "DECRYPTION_FAILED",
        f"The payload could not be decrypted: {how}. Replace the decryption key with the one that "
        "Engage uses, then replay.",
    )
