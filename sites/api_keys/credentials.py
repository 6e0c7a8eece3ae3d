"""What callers show of themselves, and everything that is wrong with it.

Shared by all doors that take a key, wherever they know the keys from: rows or memory.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Protocol

from django.views.decorators.debug import sensitive_variables

from common.client_address import counted_address
from common.endpoint.throttle import Throttle
from sites.api_keys.networks import is_allowed
from sites.api_keys.services import secret_hash

logger = logging.getLogger(__name__)

ADDRESS_NOT_ALLOWED: Final = "ADDRESS_NOT_ALLOWED"
ADDRESS_DETAIL: Final = (
    "This API key may not be used from this address. An admin of the site can add the address to "
    "the key's list."
)

# What the server joined from two headers holds a comma and matches nothing.
_HEADER: Final = re.compile(
    r"(?i:apikey) {1,8}(?P<id>key_[0-9A-Za-z]{1,36}):(?P<secret>[0-9A-Za-z]{1,100})"
)
# An address that fails more often waits before any key is looked up again.
FAILURES_PER_SECOND: Final = 10
_NOBODYS_HASH: Final = hashlib.sha256(b"no key").hexdigest()

throttle = Throttle()


class Key(Protocol):
    """An API key as it is judged: a row, or what memory holds of one."""

    @property
    def secret_hash(self) -> str: ...
    @property
    def allowed_networks(self) -> Iterable[str]: ...
    @property
    def expires_at(self) -> datetime | None: ...
    @property
    def revoked_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """A well-formed header; the hash stands for the secret, which nobody needs any more."""

    key_id: str
    secret_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Everything that is wrong, in words for our log; `is_proven` when the secret is the key's."""

    faults: tuple[str, ...]
    is_proven: bool
    is_address_right: bool

    @property
    def is_good(self) -> bool:
        return not self.faults and self.is_address_right


@sensitive_variables()
def credentials_in(header: str) -> Credentials | None:
    """Return what an Authorization header shows, None when it is not `ApiKey {id}:{secret}`."""
    found = _HEADER.fullmatch(header)
    if found is None:
        return None
    return Credentials(key_id=found["id"], secret_hash=secret_hash(found["secret"]))


@sensitive_variables()
def judged(key: Key | None, given: Credentials, address: str, now: datetime) -> Judgement:
    """Judge a key that is used from this address; an unknown one costs the same work."""
    stored_hash = key.secret_hash if key else _NOBODYS_HASH
    is_proven = hmac.compare_digest(given.secret_hash.encode(), stored_hash.encode())
    is_address_right = is_allowed(address, key.allowed_networks if key else ())
    if key is None:
        return Judgement(faults=("unknown",), is_proven=False, is_address_right=True)
    checks = (
        (is_proven, "wrong secret"),
        (key.revoked_at is None, "revoked"),
        (key.expires_at is None or key.expires_at > now, "expired"),
    )
    return Judgement(
        faults=tuple(words for is_right, words in checks if not is_right),
        is_proven=is_proven,
        is_address_right=is_address_right,
    )


def seconds_until_tried_again(address: str) -> int:
    """Return how long an address waits that failed too often."""
    failures = ("failures", counted_address(address))
    return throttle.seconds_until_free(failures, FAILURES_PER_SECOND) if address else 0


def note_failure(key_id: str, judgement: Judgement, address: str) -> None:
    """Log what was wrong, and count it for the address."""
    if address:
        throttle.seconds_to_wait(("failures", counted_address(address)), FAILURES_PER_SECOND)
    faults = [*judgement.faults]
    if not judgement.is_address_right:
        faults.append("used from an address that is not on its list")
    logger.warning("API key %s refused: %s", key_id, ", ".join(faults))
