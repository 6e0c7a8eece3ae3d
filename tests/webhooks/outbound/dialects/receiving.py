"""Our own presets as receivers: their settings, their check, and what they read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from integrations.contact_change import ContactChange
from integrations.inbound_event import InboundEvent
from integrations.registry import preset_for
from integrations.request import PresetConfig
from tests.webhooks.outbound.dialects.sending import (
    LICENSE_CODE,
    NOW,
    PLAIN_SECRET,
    SECRET,
    arrived,
    request_of,
)
from webhooks.outbound.formats.base import SentEvent
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot

HOOKS: Final = ("global_system", "global_application", "journey")
KEY: Final = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
ENGAGE: Final = PresetConfig(
    settings={"tenant": "acme"}, secrets={"signing_secrets": [SECRET], "decryption_key": KEY}
)
WEBENGAGE: Final = PresetConfig(
    settings={"license_code": LICENSE_CODE, "email_field": "E-mail"},
    secrets={"secret_key": PLAIN_SECRET},
)
ONGAGE: Final = PresetConfig(
    settings={"verification": "basic", "basic_username": "patchbay"},
    secrets={"basic_password": PLAIN_SECRET},
)
SIGNED: Final[Mapping[str, tuple[dict[str, Any], dict[str, Any]]]] = {
    "standard_webhooks": (
        {"verification": "standard_webhooks"},
        {"signing_secrets": [SECRET]},
    ),
    "hmac": ({"verification": "hmac"}, {"hmac_secrets": [PLAIN_SECRET]}),
    "basic": (
        {"verification": "basic", "basic_username": "patchbay"},
        {"basic_password": PLAIN_SECRET},
    ),
}


def taken(
    preset_key: str, config: PresetConfig, to: SubscriptionSnapshot, *events: SentEvent
) -> list[InboundEvent]:
    """Return what the preset reads after its own check let the request in."""
    preset = preset_for(preset_key)
    config, errors = preset.clean(config)
    assert not errors
    request = arrived(request_of(to, *events))
    preset.verifier(config).verify(request, NOW)
    identity = preset.identify(request, config)
    assert 0 < len(identity.dedupe_key) <= 200
    return preset.parse(request, config)


def one(
    preset_key: str, config: PresetConfig, to: SubscriptionSnapshot, event: SentEvent
) -> InboundEvent:
    (found,) = taken(preset_key, config, to, event)
    return found


def change_of(event: InboundEvent) -> ContactChange:
    assert event.change is not None, event.reason
    return event.change


def generic(signing: str, **pointers: Any) -> PresetConfig:
    settings, secrets = SIGNED[signing]
    return PresetConfig(settings={**settings, **pointers}, secrets=secrets)


STANDARD: Final = {
    "event_type_pointer": "/type", "occurred_at_pointer": "/timestamp",
    "email_pointer": "/data/email", "external_id_pointer": "/data/contactId",
    "properties": {"data": "/data"},
}  # fmt: skip
STRUCTURED: Final = STANDARD | {"event_id_pointer": "/id", "occurred_at_pointer": "/time"}
