"""The closed set of signatures. Pure: the clock comes in, headers and parameters come out.

While a secret is rotated both sign, the newest first: Standard Webhooks has room for several in
its header; a plain HMAC puts the older one into `<header>-Previous`. Secrets are decoded once for
all requests of a subscription.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias

from integrations.verification.secret_rules import signing_key
from integrations.verification.webengage_secret import query_secret
from webhooks.outbound.signing.settings import BASIC, HMAC, NONE, STANDARD_WEBHOOKS, WEBENGAGE

PREVIOUS: Final = "-Previous"
_NOTHING_TO_SIGN_WITH: Final = (
    "The subscription has no usable secret to sign with. Set one, then send again."
)


class Unsignable(Exception):
    """The secret is missing or none that signs; the text is a sentence for staff."""


@dataclass(slots=True, kw_only=True)
class Signed:
    """What a signature adds to a request; `secret_*` name what is masked in the log."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    secret_headers: frozenset[str] = frozenset()
    secret_query: frozenset[str] = frozenset()


# Signs one request, given its message id, its body and the time. Raises `Unsignable`.
Sign: TypeAlias = Callable[[str, bytes, datetime], Signed]


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningChoice:
    """How a subscription signs.

    `settings` are those of the method together with the format's: WebEngage's secret is made from
    the licence code.
    """

    method: str
    settings: Mapping[str, Any]
    secrets: Mapping[str, str] = field(repr=False)
    previous_until: datetime | None


def signer(choice: SigningChoice) -> Sign:
    """Return what signs the requests of a subscription. Raises `Unsignable`."""
    return _METHODS[choice.method](choice)


class _Keys:
    """The keys of an HMAC, ready to use; that of before a rotation until its time has come."""

    def __init__(self, choice: SigningChoice, read: Callable[[str], bytes | None]) -> None:
        secrets = choice.secrets
        self._until = choice.previous_until
        self._current = _begun(read(secrets.get("signing", "")))
        self._previous = _begun(read(secrets.get("previous_signing", "")))

    def digests(self, content: bytes, now: datetime) -> list[bytes]:
        """Return a digest by each key that signs now, the newest first."""
        is_rotating = self._until is not None and now < self._until
        keys = (self._current, self._previous) if is_rotating else (self._current,)
        digests = [_digest(key, content) for key in keys if key is not None]
        if not digests:
            raise Unsignable(_NOTHING_TO_SIGN_WITH)
        return digests


def _begun(key: bytes | None) -> hmac.HMAC | None:
    return hmac.new(key, digestmod="sha256") if key else None


def _digest(begun: hmac.HMAC, content: bytes) -> bytes:
    # Unlike `hmac.digest`, this keeps the interpreter's lock for a small body. Given away between
    # two requests, it comes back milliseconds later when another thread is busy.
    copy = begun.copy()
    copy.update(content)
    return copy.digest()


def _standard_webhooks(choice: SigningChoice) -> Sign:
    keys = _Keys(choice, signing_key)
    family = choice.settings.get("family") or "webhook"
    id_name, time_name, name = (f"{family}-{part}" for part in ("id", "timestamp", "signature"))
    secret_headers = frozenset((name,))

    def sign(message_id: str, body: bytes, now: datetime) -> Signed:
        timestamp = str(int(now.timestamp()))
        content = b"%b.%b.%b" % (message_id.encode(), timestamp.encode(), body)
        entries = [f"v1,{_base64(digest)}" for digest in keys.digests(content, now)]
        headers = {id_name: message_id, time_name: timestamp, name: " ".join(entries)}
        return Signed(headers=headers, secret_headers=secret_headers)

    return sign


def _hmac(choice: SigningChoice) -> Sign:
    keys = _Keys(choice, str.encode)
    name = str(choice.settings.get("header") or "X-Signature")
    prefix = str(choice.settings.get("prefix") or "")
    text = _base64 if choice.settings.get("encoding") == "base64" else bytes.hex
    names = (name, f"{name}{PREVIOUS}")

    def sign(message_id: str, body: bytes, now: datetime) -> Signed:
        values = [prefix + text(digest) for digest in keys.digests(body, now)]
        headers = dict(zip(names, values, strict=False))
        return Signed(headers=headers, secret_headers=frozenset(each.lower() for each in headers))

    return sign


def _webengage(choice: SigningChoice) -> Sign:
    key = choice.secrets.get("signing", "")
    license_code = str(choice.settings.get("license_code") or "")
    if not key or not license_code:
        raise Unsignable(_NOTHING_TO_SIGN_WITH)
    secret = query_secret(license_code.encode(), key.encode())
    made = Signed(query=(("secret", secret),), secret_query=frozenset(("secret",)))
    return lambda message_id, body, now: made


def _basic(choice: SigningChoice) -> Sign:
    user, password = choice.secrets.get("user", ""), choice.secrets.get("password", "")
    if not user or not password:
        raise Unsignable("The subscription has no user name and password. Set both, then send.")
    made = Signed(
        headers={"Authorization": f"Basic {_base64(f'{user}:{password}'.encode())}"},
        secret_headers=frozenset(("authorization",)),
    )
    return lambda message_id, body, now: made


def _none(choice: SigningChoice) -> Sign:
    made = Signed()
    return lambda message_id, body, now: made


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


_METHODS: Final[Mapping[str, Callable[[SigningChoice], Sign]]] = {
    STANDARD_WEBHOOKS: _standard_webhooks,
    HMAC: _hmac,
    WEBENGAGE: _webengage,
    BASIC: _basic,
    NONE: _none,
}
