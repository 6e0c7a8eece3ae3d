"""What an operator chooses for each way of signing, and the secrets that we make for it."""

from __future__ import annotations

import base64
import re
import secrets
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from common.http import check_header_name
from integrations.settings_fields import FieldKind, SettingField

STANDARD_WEBHOOKS: Final = "standard_webhooks"
HMAC: Final = "hmac"
WEBENGAGE: Final = "webengage"
BASIC: Final = "basic"
NONE: Final = "none"

_SECRET_BYTES: Final = 24
_LONGEST_HEADER: Final = 100
_OTHERS: Final = ("webhook-", "svix-", "ce-", "user-agent", "x-request-id")
_PREFIX: Final = re.compile(r"[A-Za-z0-9=:_-]{0,20}")


def clean_prefix(value: str) -> str:
    if not _PREFIX.fullmatch(value):
        raise ValueError("Use at most 20 letters, digits and signs, such as sha256=.")
    return value


def clean_signature_header(value: str) -> str:
    # The older signature of a rotation goes into a longer name.
    if len(value) > _LONGEST_HEADER:
        raise ValueError(f"Use a header name of at most {_LONGEST_HEADER} characters.")
    if value.lower().startswith(_OTHERS):
        raise ValueError(f"{value} has a meaning of its own. Use another name.")
    return check_header_name(value)


_FIELDS: Final[Mapping[str, tuple[SettingField, ...]]] = MappingProxyType(
    {
        STANDARD_WEBHOOKS: (
            SettingField(
                key="family",
                label="Names of the headers",
                kind=FieldKind.CHOICE,
                required=True,
                default="webhook",
                choices={
                    "webhook": "webhook-id, webhook-timestamp, webhook-signature",
                    "svix": "svix-id, svix-timestamp, svix-signature",
                },
            ),
        ),
        HMAC: (
            SettingField(
                key="header",
                label="Header",
                required=True,
                default="X-Signature",
                clean=clean_signature_header,
            ),
            SettingField(
                key="encoding",
                label="Encoding",
                kind=FieldKind.CHOICE,
                required=True,
                default="hex",
                choices={"hex": "Hexadecimal", "base64": "Base64"},
            ),
            SettingField(
                key="prefix",
                label="Prefix",
                help_text="In front of the signature, such as sha256=.",
                clean=clean_prefix,
            ),
        ),
    }
)


def signing_fields(method: str) -> tuple[SettingField, ...]:
    """Return the settings of a way of signing, beside its secret."""
    return _FIELDS.get(method, ())


def new_signing_secret() -> str:
    """Return `whsec_` and 24 random bytes in base64, as Svix makes them."""
    return f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"
