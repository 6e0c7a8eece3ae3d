"""The closed set of signatures. Pure: the clock comes in, headers and parameters come out.

While a secret is rotated both sign, the newest first: Standard Webhooks has room for several in
its header; a plain HMAC puts the older one into `<header>-Previous`.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from integrations.verification.secret_rules import signing_key
from integrations.verification.standard_webhooks import standard_signature
from integrations.verification.webengage_secret import query_secret
from webhooks.outbound.signing.settings import BASIC, HMAC, NONE, STANDARD_WEBHOOKS, WEBENGAGE

PREVIOUS: Final = "-Previous"
_NOTHING_TO_SIGN_WITH: Final = (
    "The subscription has no usable secret to sign with. Set one, then send again."
)


class Unsignable(Exception):
    """The secret is missing or none that signs; the text is a sentence for staff."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What a signature adds to a request; `secret_*` name what is masked in the log."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    secret_headers: frozenset[str] = frozenset()
    secret_query: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signing:
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    current: Sequence[str] = field(repr=False)
    message_id: str
    body: bytes = field(repr=False)
    now: datetime


def sign(  # noqa: PLR0913 - its own fields, keyword-only
    *,
    method: str,
    settings: Mapping[str, Any],
    secrets: Mapping[str, str],
    previous_until: datetime | None,
    message_id: str,
    body: bytes,
    now: datetime,
) -> Signed:
    """Return what to add to a request. Raises `Unsignable`.

    `settings` are those of the method together with the format's: WebEngage's secret is made from
    the licence code.
    """
    current = [secrets.get("signing", "")]
    if previous_until is not None and now < previous_until and secrets.get("previous_signing"):
        current.append(secrets["previous_signing"])
    signing = _Signing(
        settings=settings,
        secrets=secrets,
        current=current,
        message_id=message_id,
        body=body,
        now=now,
    )
    return _METHODS[method](signing)


def _standard_webhooks(signing: _Signing) -> Signed:
    keys = [key for each in signing.current if (key := signing_key(each)) is not None]
    if not keys:
        raise Unsignable(_NOTHING_TO_SIGN_WITH)
    family = signing.settings.get("family") or "webhook"
    timestamp = str(int(signing.now.timestamp()))
    content = (signing.message_id.encode(), timestamp.encode(), signing.body)
    entries = [f"v1,{standard_signature(key, *content).decode()}" for key in keys]
    return Signed(
        headers={
            f"{family}-id": signing.message_id,
            f"{family}-timestamp": timestamp,
            f"{family}-signature": " ".join(entries),
        },
        secret_headers=frozenset((f"{family}-signature",)),
    )


def _hmac(signing: _Signing) -> Signed:
    keys = [each.encode() for each in signing.current if each]
    if not keys:
        raise Unsignable(_NOTHING_TO_SIGN_WITH)
    name = str(signing.settings.get("header") or "X-Signature")
    prefix = str(signing.settings.get("prefix") or "")
    is_hex = signing.settings.get("encoding") != "base64"
    values = []
    for key in keys:
        digest = hmac.digest(key, signing.body, "sha256")
        values.append(prefix + (digest.hex() if is_hex else base64.b64encode(digest).decode()))
    names = (name, f"{name}{PREVIOUS}")[: len(values)]
    return Signed(
        headers=dict(zip(names, values, strict=True)),
        secret_headers=frozenset(each.lower() for each in names),
    )


def _webengage(signing: _Signing) -> Signed:
    key, license_code = signing.current[0], str(signing.settings.get("license_code") or "")
    if not key or not license_code:
        raise Unsignable(_NOTHING_TO_SIGN_WITH)
    secret = query_secret(license_code.encode(), key.encode())
    return Signed(query=(("secret", secret),), secret_query=frozenset(("secret",)))


def _basic(signing: _Signing) -> Signed:
    user, password = signing.secrets.get("user", ""), signing.secrets.get("password", "")
    if not user or not password:
        raise Unsignable("The subscription has no user name and password. Set both, then send.")
    credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
    return Signed(
        headers={"Authorization": f"Basic {credentials}"},
        secret_headers=frozenset(("authorization",)),
    )


def _none(signing: _Signing) -> Signed:
    return Signed()


_METHODS: Final[Mapping[str, Callable[[_Signing], Signed]]] = {
    STANDARD_WEBHOOKS: _standard_webhooks,
    HMAC: _hmac,
    WEBENGAGE: _webengage,
    BASIC: _basic,
    NONE: _none,
}
