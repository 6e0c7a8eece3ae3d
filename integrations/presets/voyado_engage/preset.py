"""Voyado Engage: contacts, preferences, consents and loyalty, sent by Svix."""

from __future__ import annotations

import hashlib
import json
import os
from typing import Final

from common.json import BadJson
from integrations.inbound_event import Disposition, InboundEvent, UnreadablePayload
from integrations.preset import Preset, Sample
from integrations.presets.voyado_engage.encryption import clean_key, decrypt, encrypt
from integrations.presets.voyado_engage.envelope import Envelope, open_payload, read_envelope
from integrations.presets.voyado_engage.events import EVENT_TYPES, READERS, Doubtful
from integrations.presets.voyado_engage.message_time import message_id, message_time
from integrations.presets.voyado_engage.payload import Payload
from integrations.request import InboundRequest, PresetConfig, RefusedBody, RequestIdentity
from integrations.settings_fields import FieldKind, SettingField
from integrations.verification import AllOf, IpList, StandardWebhooks, Verifier
from integrations.verification.secret_rules import clean_signing_secret

# The bytes never change, so Svix is told to spare its seven further attempts.
_STOP_RETRIES: Final = {"webhook-delivery": "abort-message"}
_LONGEST_ID: Final = 150
# The key of the one encrypted sample in samples/: bytes 00 to 1f.
_SAMPLE_KEY: Final = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


class VoyadoEngage(Preset):
    key = "voyado_engage"
    label = "Voyado Engage"
    summary = "Contacts, preferences, consents, points, vouchers and promotions from Engage."
    event_types = EVENT_TYPES
    settings_fields = (
        SettingField(
            key="signing_secrets",
            label="Signing secrets",
            kind=FieldKind.SECRETS,
            required=True,
            help_text="From the endpoint's page in the Svix portal, beginning with whsec_. The "
            "portal asks for the address first: leave this empty and Active off to have it. One a "
            "line, newest first: after a rotation keep the old one for 24 hours.",
            clean=clean_signing_secret,
        ),
        SettingField(
            key="tenant",
            label="Tenant",
            help_text="When set, events of any other tenant are kept and ignored.",
            site_default="tenant_name",
        ),
        SettingField(
            key="decryption_key",
            label="Decryption key",
            kind=FieldKind.SECRET,
            help_text="Only when end-to-end encryption is on in Engage. 32 bytes as base64, hex or "
            "plain text; Voyado does not publish which, so all three are taken.",
            clean=clean_key,
        ),
        SettingField(
            key="allowed_networks",
            label="Allowed addresses",
            kind=FieldKind.NETWORKS,
            help_text="Optional second check. Svix publishes for the EU: 52.215.16.239, "
            "54.216.8.72, 63.33.109.123, 2a05:d028:17:8000::/56. Empty: any address.",
        ),
    )

    def verifier(self, config: PresetConfig) -> Verifier:
        signature = StandardWebhooks(secrets=config.secrets.get("signing_secrets") or ())
        networks = config.settings.get("allowed_networks")
        return AllOf(IpList(networks), signature) if networks else signature

    def identify(self, request: InboundRequest, config: PresetConfig) -> RequestIdentity:
        try:
            envelope = read_envelope(request.body)
        except BadJson as error:
            raise RefusedBody("BAD_JSON", str(error), _STOP_RETRIES) from None
        if envelope is None:
            raise RefusedBody(
                "BAD_BODY",
                "The body is no JSON object. An endpoint of the kind FIFO sends batches, which "
                "are not supported: use an ordinary endpoint.",
                _STOP_RETRIES,
            )
        return RequestIdentity(
            dedupe_key=_dedupe_key(request, envelope),
            event_type=envelope.event_type[:_LONGEST_ID],
            event_id=envelope.event_id[:_LONGEST_ID],
        )

    def parse(self, request: InboundRequest, config: PresetConfig) -> list[InboundEvent]:
        try:
            envelope = read_envelope(request.body)
        except BadJson as error:
            raise UnreadablePayload("BAD_JSON", str(error)) from None
        if envelope is None:
            raise UnreadablePayload("BAD_BODY", "The body is no JSON object.")
        event = InboundEvent(
            type=envelope.event_type,
            event_id=envelope.event_id,
            occurred_at=message_time(request.headers),
        )
        _translate(event, envelope, config)
        return [event]

    def sample_body(self, sample: Sample, config: PresetConfig) -> bytes:
        tenant = config.settings.get("tenant")
        key = config.secrets.get("decryption_key")
        if not tenant and not key:
            return sample.body()
        document = json.loads(sample.body())
        if tenant:
            document["tenant"] = tenant
        if key and isinstance(document["payload"], str):
            plaintext = decrypt(document["payload"], _SAMPLE_KEY)
            document["payload"] = encrypt(plaintext, key, os.urandom(16))
        return json.dumps(document, indent=2).encode()


def _dedupe_key(request: InboundRequest, envelope: Envelope) -> str:
    """Return the message's own id, else the event's, else the body's digest."""
    for kind, identifier in (("msg", message_id(request.headers)), ("event", envelope.event_id)):
        if len(identifier) > _LONGEST_ID:
            return f"{kind}:{_digest(identifier.encode('utf-8', 'replace'))}"
        if identifier:
            return f"{kind}:{identifier}"
    return f"sha256:{_digest(request.body)}"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _translate(event: InboundEvent, envelope: Envelope, config: PresetConfig) -> None:
    """Fill in the change, or why there is none."""
    tenant = config.settings.get("tenant")
    if tenant and envelope.tenant != tenant:
        _set_aside(
            event,
            Disposition.IGNORED,
            "WRONG_TENANT",
            f"The event is for the tenant “{envelope.tenant[:60]}”, this source is for “{tenant}”.",
        )
        return
    event.data = envelope.payload if isinstance(envelope.payload, dict) else None
    reader = READERS.get(envelope.event_type)
    if reader is None:
        _set_aside(
            event,
            Disposition.IGNORED,
            "UNKNOWN_EVENT_TYPE",
            f"“{envelope.event_type[:60]}” is no event type that this preset knows.",
        )
        return
    payload = envelope.payload
    if isinstance(payload, str):
        # The flag isEncrypted is no guide: published samples set it beside a clear object.
        payload = open_payload(payload, config.secrets.get("decryption_key") or "")
    if not isinstance(payload, dict):
        _set_aside(event, Disposition.QUARANTINED, "BAD_PAYLOAD", "The payload is no object.")
        return
    try:
        reading = reader(envelope.event_type, Payload(payload), envelope.event_id)
    except Doubtful as error:
        _set_aside(event, Disposition.QUARANTINED, error.cause, error.reason)
        return
    event.data = payload
    reading.change.occurred_at = event.occurred_at
    for activity in reading.change.activities:
        activity.occurred_at = event.occurred_at
    event.change = reading.change
    event.notes = reading.notes


def _set_aside(event: InboundEvent, disposition: Disposition, cause: str, reason: str) -> None:
    event.disposition = disposition
    event.cause = cause
    event.reason = reason
