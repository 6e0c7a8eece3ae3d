"""`Authorization: ApiKey {id}:{secret}` for DRF views; `request.auth` is the key.

Whatever is wrong, the answer is one and the same 401, and our log alone says what it was.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import Error as DatabaseFailure
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, Throttled
from rest_framework.request import Request

from common.client_address import client_address
from common.endpoint.throttle import Throttle
from sites.api_keys.networks import is_allowed
from sites.api_keys.services import secret_hash
from sites.api_keys.usage import usage_count
from sites.models import ApiKey

logger = logging.getLogger(__name__)

# What the server joined from two headers holds a comma and matches nothing.
_HEADER: Final = re.compile(
    r"(?i:apikey) {1,8}(?P<id>key_[0-9A-Za-z]{1,36}):(?P<secret>[0-9A-Za-z]{1,100})"
)
# An address that fails more often waits before the database is asked again.
FAILURES_PER_SECOND: Final = 10
LAST_USED_EVERY: Final = timedelta(minutes=1)
_NOBODYS_HASH: Final = hashlib.sha256(b"no key").hexdigest()
_WRONG_SECRET: Final = "wrong secret"  # noqa: S105 - a word of the log

throttle = Throttle()


class ApiKeyAuthentication(BaseAuthentication):
    """Cheap refusals first: form, rate, then the one query of the request.

    Whoever shows the secret of a key has the answer counted on it, refused or not; a guess at a
    secret does not.
    """

    _proven_key: int | None = None

    def authenticate_header(self, request: Request) -> str:
        return "ApiKey"

    @sensitive_variables("header", "found")
    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        found = _HEADER.fullmatch(header)
        if found is None:
            raise AuthenticationFailed
        return None, self._key(found["id"], found["secret"], client_address(request.META))

    def count_answer(self, status: int) -> None:
        """Count the answer to the request that this one looked at; `EndpointView` calls it."""
        if self._proven_key is not None:
            usage_count(self._proven_key, status)

    @sensitive_variables("secret", "given_hash")
    def _key(self, key_id: str, secret: str, address: str) -> ApiKey:
        given_hash = secret_hash(secret)
        _check_rates(key_id, given_hash, address)
        now = timezone.now()
        key = ApiKey.objects.select_related("site").filter(key_id=key_id).first()
        refusals = _refusals(key, given_hash, address, now)
        if key is not None and _WRONG_SECRET not in refusals:
            self._proven_key = key.pk
        if key is None or refusals:
            if address:
                throttle.seconds_to_wait(("failures", address), FAILURES_PER_SECOND)
            logger.warning("API key %s refused: %s", key_id, ", ".join(refusals))
            raise AuthenticationFailed
        _note_use(key, address, now)
        return key


def _check_rates(key_id: str, given_hash: str, address: str) -> None:
    wait = throttle.seconds_until_free(("failures", address), FAILURES_PER_SECOND) if address else 0
    if not wait:
        # By id and secret: who knows only the id cannot use up what its owner may send.
        per_key: int = settings.API_THROTTLE_PER_KEY
        wait = throttle.seconds_to_wait((key_id, given_hash), per_key)
    if wait:
        raise Throttled(wait)


@sensitive_variables("given_hash", "stored_hash")
def _refusals(key: ApiKey | None, given_hash: str, address: str, now: datetime) -> list[str]:
    """Return all that is wrong; an unknown key costs the same work as a known one."""
    stored_hash = key.secret_hash if key else _NOBODYS_HASH
    is_secret_right = hmac.compare_digest(given_hash.encode(), stored_hash.encode())
    is_address_right = is_allowed(address, key.allowed_networks if key else ())
    checks = (
        (key is not None, "unknown"),
        (is_secret_right or key is None, _WRONG_SECRET),
        (is_address_right, "used from an address that is not on its list"),
        (key is None or key.revoked_at is None, "revoked"),
        (key is None or key.expires_at is None or key.expires_at > now, "expired"),
    )
    return [words for is_right, words in checks if not is_right]


def _note_use(key: ApiKey, address: str, now: datetime) -> None:
    """Write when and from where, at most once a minute whoever else does; fail no request."""
    before = now - LAST_USED_EVERY
    if key.last_used_at is not None and key.last_used_at > before:
        return
    is_due = Q(last_used_at=None) | Q(last_used_at__lte=before)
    try:
        with transaction.atomic():
            ApiKey.objects.filter(is_due, pk=key.pk).update(
                last_used_at=now, last_used_from=address
            )
    except DatabaseFailure as error:
        logger.warning("The last use of an API key was not noted: %s", type(error).__name__)
