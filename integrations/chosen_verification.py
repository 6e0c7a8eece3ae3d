"""For presets whose vendor prescribes no check: the operator chooses one, with its own settings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from integrations.preset import Preset
from integrations.request import PresetConfig
from integrations.settings_fields import FieldKind, SettingField
from integrations.verification import (
    AllOf,
    Basic,
    Hmac,
    IpList,
    SharedToken,
    StandardWebhooks,
    Unsigned,
    Verifier,
)
from integrations.verification.hmac_signature import ALGORITHMS, ENCODINGS
from integrations.verification.secret_rules import (
    clean_legacy_secret,
    clean_secret,
    clean_signing_secret,
    clean_token,
    new_token,
)
from integrations.verification.standard_webhooks import HEADER_FAMILIES

CHOICE: Final = "verification"
NETWORKS: Final = "allowed_networks"

METHODS: Final = {
    "standard_webhooks": "Standard Webhooks signature (Svix)",
    "hmac": "HMAC signature in a header",
    "token_header": "Secret token in a header",
    "token_query": "Secret token in the URL",
    "basic": "User name and password (HTTP Basic)",
    "ip_list": "Sender's IP addresses only",
    "none": "None, for a written reason",
}

_HEADER_NAME: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^`|~-]+")
_PARAMETER_NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_RESERVED_HEADERS: Final = frozenset(("content-type", "content-length", "host", "cookie"))


def clean_header_name(value: str) -> str:
    # An underscore is left out on purpose: servers fold it into a hyphen or drop the header.
    if not _HEADER_NAME.fullmatch(value) or value.lower() in _RESERVED_HEADERS:
        raise ValueError("Use letters, digits and hyphens, for example X-Signature.")
    return value


def clean_parameter_name(value: str) -> str:
    if not _PARAMETER_NAME.fullmatch(value):
        raise ValueError("Use letters, digits, hyphens, dots and underscores, for example token.")
    return value


def clean_username(value: str) -> str:
    if ":" in value:
        raise ValueError("A user name cannot hold a colon, because Basic separates with one.")
    return value


def verification_fields(methods: Iterable[str]) -> tuple[SettingField, ...]:
    """Return the choice among `methods` (the first is the default) and the settings of each."""
    offered = list(methods)
    choice = SettingField(
        key=CHOICE,
        label="How requests are checked",
        kind=FieldKind.CHOICE,
        required=True,
        default=offered[0],
        choices={method: METHODS[method] for method in offered},
    )
    own = [
        field
        for field in _METHOD_FIELDS
        if field.shown_when is None or field.shown_when[1] & set(offered)
    ]
    return (choice, *own)


class ChosenVerification(Preset):
    """A preset whose `settings_fields` include `verification_fields(…)`."""

    def verifier(self, config: PresetConfig) -> Verifier:
        networks = config.settings.get(NETWORKS) or []
        method = config.settings.get(CHOICE)
        if method == "ip_list":
            return IpList(networks)
        build = _BUILDERS.get(method) if isinstance(method, str) else None
        # No valid choice means an unfinished row: Unsigned without a reason refuses everything.
        verifier = build(config) if build else Unsigned("")
        return AllOf(IpList(networks), verifier) if networks else verifier

    def clean(self, config: PresetConfig) -> tuple[PresetConfig, dict[str, str]]:
        cleaned, errors = super().clean(config)
        if cleaned.settings.get(CHOICE) == "ip_list" and not cleaned.settings.get(NETWORKS):
            errors.setdefault(
                NETWORKS, "Name at least one address, because nothing else is checked."
            )
        return cleaned, errors


def _only(*methods: str) -> tuple[str, frozenset[str]]:
    return CHOICE, frozenset(methods)


_METHOD_FIELDS: Final = (
    SettingField(
        key="signing_secrets",
        label="Signing secrets",
        kind=FieldKind.SECRETS,
        required=True,
        help_text="One a line, newest first; they begin with whsec_. Keep the old one while the "
        "sender changes over.",
        shown_when=_only("standard_webhooks"),
        clean=clean_signing_secret,
    ),
    SettingField(
        key="signature_headers",
        label="Header names of samples",
        kind=FieldKind.CHOICE,
        default="webhook",
        choices={family: f"{family}-id, {family}-timestamp, …" for family in HEADER_FAMILIES},
        help_text="Both are accepted from the sender; this one is used in the ready curl line.",
        shown_when=_only("standard_webhooks"),
    ),
    SettingField(
        key="hmac_secrets",
        label="HMAC secrets",
        kind=FieldKind.SECRETS,
        required=True,
        help_text="One a line, newest first, at least 24 bytes each.",
        shown_when=_only("hmac"),
        clean=clean_secret,
    ),
    SettingField(
        key="hmac_header",
        label="Signature header",
        required=True,
        default="X-Signature",
        shown_when=_only("hmac"),
        clean=clean_header_name,
    ),
    SettingField(
        key="hmac_algorithm",
        label="Algorithm",
        kind=FieldKind.CHOICE,
        default="sha256",
        choices=ALGORITHMS,
        shown_when=_only("hmac"),
    ),
    SettingField(
        key="hmac_encoding",
        label="Written as",
        kind=FieldKind.CHOICE,
        default="hex",
        choices=ENCODINGS,
        shown_when=_only("hmac"),
    ),
    SettingField(
        key="hmac_prefix",
        label="Text before the signature",
        help_text="For example sha256=, when the sender writes it into the header.",
        shown_when=_only("hmac"),
    ),
    SettingField(
        key="tokens",
        label="Tokens",
        kind=FieldKind.SECRETS,
        required=True,
        help_text="One a line, newest first, at least 24 characters each. In a header the whole "
        "value counts, a word such as Bearer included. Leave it empty to have one made.",
        shown_when=_only("token_header", "token_query"),
        clean=clean_token,
        generate=new_token,
    ),
    SettingField(
        key="token_header",
        label="Token header",
        required=True,
        default="X-Webhook-Token",
        shown_when=_only("token_header"),
        clean=clean_header_name,
    ),
    SettingField(
        key="token_parameter",
        label="Token parameter",
        required=True,
        default="token",
        help_text="The sender's URL then ends in ?token=… It shows up in logs on the way, so "
        "prefer another check where the sender offers one.",
        shown_when=_only("token_query"),
        clean=clean_parameter_name,
    ),
    SettingField(
        key="basic_username",
        label="User name",
        required=True,
        shown_when=_only("basic"),
        clean=clean_username,
    ),
    SettingField(
        key="basic_password",
        label="Password",
        kind=FieldKind.SECRET,
        required=True,
        help_text="At least 8 characters; 24 or more are better. Leave it empty to have one made.",
        shown_when=_only("basic"),
        clean=clean_legacy_secret,
        generate=new_token,
    ),
    SettingField(
        key="unsigned_reason",
        label="Why nothing is checked",
        required=True,
        help_text="Shown with a warning wherever this source appears.",
        shown_when=_only("none"),
    ),
    SettingField(
        key=NETWORKS,
        label="Allowed addresses",
        kind=FieldKind.NETWORKS,
        help_text="IP addresses or networks, one a line. Requests from elsewhere are refused. "
        "Empty: any address.",
    ),
)


def _text(config: PresetConfig, key: str, default: str = "") -> str:
    value = config.settings.get(key)
    return value if isinstance(value, str) and value else default


def _secrets(config: PresetConfig, key: str) -> list[Any]:
    value = config.secrets.get(key)
    return value if isinstance(value, list) else [value]


_BUILDERS: Final[Mapping[str, Callable[[PresetConfig], Verifier]]] = {
    "standard_webhooks": lambda config: StandardWebhooks(
        secrets=_secrets(config, "signing_secrets"),
        family=_text(config, "signature_headers", "webhook"),
    ),
    "hmac": lambda config: Hmac(
        secrets=_secrets(config, "hmac_secrets"),
        header=_text(config, "hmac_header", "X-Signature"),
        algorithm=_text(config, "hmac_algorithm", "sha256"),
        encoding=_text(config, "hmac_encoding", "hex"),
        prefix=_text(config, "hmac_prefix"),
    ),
    "token_header": lambda config: SharedToken(
        secrets=_secrets(config, "tokens"),
        header=_text(config, "token_header", "X-Webhook-Token"),
    ),
    "token_query": lambda config: SharedToken(
        secrets=_secrets(config, "tokens"),
        query_parameter=_text(config, "token_parameter", "token"),
    ),
    "basic": lambda config: Basic(
        username=_text(config, "basic_username"),
        password=config.secrets.get("basic_password"),
    ),
    "none": lambda config: Unsigned(_text(config, "unsigned_reason")),
}
