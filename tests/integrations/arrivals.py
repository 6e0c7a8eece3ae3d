"""Requests as reception would hand them to presets and verifiers, and a config for each preset."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from integrations.preset import Preset, Sample
from integrations.request import InboundRequest, PresetConfig
from integrations.sample_request import BuiltRequest, build_sample_request

NOW = datetime(2026, 3, 15, 12, 0, 0, tzinfo=UTC)
SOURCE_URL = "https://patchbay.example.com/in/5c7e1f0a"

SIGNING_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ENGAGE_KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
TOKEN = "k3Jt9wQz7LmX2vBn5RcY8pHd"

GENERIC_POINTERS: Mapping[str, Any] = {
    "event_id_pointer": "/id",
    "event_type_pointer": "/type",
    "occurred_at_pointer": "/created",
    "email_pointer": "/customer/email",
    "phone_pointer": "/customer/phone",
    "external_id_pointer": "/customer/number",
    "fields": {
        "first_name": "/customer/first_name",
        "last_name": "/customer/last_name",
        "tier": "/customer/tier",
    },
    "properties": {"order": "/order/number", "total": "/order/total"},
}

CONFIGS: Mapping[str, PresetConfig] = {
    "voyado_engage": PresetConfig(
        settings={}, secrets={"signing_secrets": [SIGNING_SECRET], "decryption_key": ENGAGE_KEY}
    ),
    "webengage": PresetConfig(
        settings={"license_code": "311c48b3"}, secrets={"secret_key": "my-webhook-secret"}
    ),
    "ongage": PresetConfig(settings={"verification": "token_query"}, secrets={"tokens": [TOKEN]}),
    "generic_json": PresetConfig(
        settings={"verification": "hmac", **GENERIC_POINTERS}, secrets={"hmac_secrets": [TOKEN]}
    ),
}


def make_request(
    body: bytes = b"{}",
    *,
    headers: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    remote_address: str = "192.0.2.10",
    received_at: datetime = NOW,
) -> InboundRequest:
    return InboundRequest(
        body=body,
        headers=headers or {},
        query=query or {},
        remote_address=remote_address,
        path="/in/5c7e1f0a",
        received_at=received_at,
    )


def cleaned_config(preset: Preset) -> PresetConfig:
    """Return the preset's config as it would be stored."""
    config, errors = preset.clean(CONFIGS[preset.key])
    assert not errors
    return config


def built_sample(preset: Preset, sample: Sample, config: PresetConfig) -> BuiltRequest:
    return build_sample_request(
        preset=preset, config=config, sample=sample, url=SOURCE_URL, now=NOW
    )


def received(built: BuiltRequest) -> InboundRequest:
    """Return a built request as it would arrive."""
    return make_request(
        built.body, headers=built.headers, query=dict(parse_qsl(urlsplit(built.url).query))
    )
