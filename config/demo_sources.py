"""What the demo fills into the settings of each preset. A preset that is not named here gets the
defaults it declares, and secrets made for it."""

from __future__ import annotations

import secrets
from typing import Any, Final

from common.identifiers import random_token
from integrations.preset import Preset
from integrations.settings_fields import FieldKind

SETTINGS: Final[dict[str, dict[str, Any]]] = {
    "webengage": {"license_code": "~99199077"},
    "generic_json": {
        "verification": "hmac",
        "event_id_pointer": "/id",
        "event_type_pointer": "/type",
        "occurred_at_pointer": "/created",
        "email_pointer": "/customer/email",
        "phone_pointer": "/customer/phone",
        "external_id_pointer": "/customer/number",
        "fields": {"first_name": "/customer/first_name", "last_name": "/customer/last_name"},
    },
}


def demo_secrets(preset: Preset) -> dict[str, Any]:
    """Return a fresh secret for every secret field, in the form that its kind is given in."""
    return {
        field.key: [_signing_secret()] if field.kind is FieldKind.SECRETS else _text_secret()
        for field in preset.settings_fields
        if field.kind.is_secret
    }


def _signing_secret() -> str:
    # Base64 without + / =, so that it also stands for a token that is put into a URL as it is.
    return random_token("whsec_", 44)


def _text_secret() -> str:
    # 64 hex digits: a token, a password, and a 32-byte encryption key alike.
    return secrets.token_hex(32)
