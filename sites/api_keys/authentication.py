"""`Authorization: ApiKey {id}:{secret}` for DRF views; `request.auth` is the key.

Whatever is wrong with a key, the answer is one and the same 401, and our log alone says what it
was. Only who shows a good key from an address that is not on its list is told so, with 403.
"""

from __future__ import annotations

from django.conf import settings
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.request import Request

from common.client_address import client_address
from sites.api_keys.credentials import (
    ADDRESS_DETAIL,
    ADDRESS_NOT_ALLOWED,
    Credentials,
    credentials_in,
    judged,
    note_failure,
    seconds_until_tried_again,
    throttle,
)
from sites.api_keys.last_use import use_note
from sites.api_keys.usage import usage_count
from sites.models import ApiKey


class ApiKeyAuthentication(BaseAuthentication):
    """Cheap refusals first: form, failures of the address, then the one query of the request.

    Whoever shows the secret of a key has the answer counted on it, refused or not; a guess at a
    secret does not.
    """

    _proven_key: int | None = None

    def authenticate_header(self, request: Request) -> str:
        return "ApiKey"

    @sensitive_variables("header", "given")
    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        header = request.META.get("HTTP_AUTHORIZATION")
        if header is None:
            return None
        given = credentials_in(header)
        if given is None:
            raise AuthenticationFailed
        return None, self._key(given, client_address(request.META))

    def count_answer(self, status: int) -> None:
        """Count the answer to the request that this one looked at; `EndpointView` calls it."""
        if self._proven_key is not None:
            usage_count(self._proven_key, status)

    def _key(self, given: Credentials, address: str) -> ApiKey:
        _wait(seconds_until_tried_again(address))
        now = timezone.now()
        key = ApiKey.objects.select_related("site").filter(key_id=given.key_id).first()
        judgement = judged(key, given, address, now)
        if key is not None and judgement.is_proven:
            self._proven_key = key.pk
        if key is None or not judgement.is_good:
            note_failure(given.key_id, judgement, address)
            if judgement.faults:
                raise AuthenticationFailed
            raise PermissionDenied(ADDRESS_DETAIL, ADDRESS_NOT_ALLOWED)
        # After its secret: who knows only the id cannot use up what its owner may send.
        _wait(throttle.seconds_to_wait(key.key_id, settings.API_THROTTLE_PER_KEY))
        use_note(key.pk, address, now)
        return key


def _wait(seconds: int) -> None:
    if seconds:
        raise Throttled(seconds)
