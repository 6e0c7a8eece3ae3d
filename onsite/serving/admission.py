"""Who may call: whoever carries what the site's Generic API asks for."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Final
from uuid import UUID

from common.encryption import DecryptionFailed
from common.identifiers import random_token
from integrations.generic_api.authentication import NotAuthentic, verify
from integrations.models import GenericApi
from integrations.models.generic_api import SECRET_FIELDS, AuthMode
from onsite.serving.served_request import ServedRequest

_NOT_SERVED: Final = (
    "The API is not served: switch it on in the site's settings, under Integrations, Generic."
)
_SITE_OFF: Final = "The site is switched off."
_UNREADABLE: Final = "The stored secret does not decrypt; check ENCRYPTION_KEYS, or set it again."


class NotAdmitted(Exception):
    """The request is refused. `api` is None for a site without one: nothing is logged of that."""

    def __init__(self, api: GenericApi | None, cause: str) -> None:
        super().__init__(cause)
        self.api = api
        self.cause = cause


def admitted(site_id: UUID, request: ServedRequest, body: bytes) -> GenericApi:
    """Return the site's Generic API when the request may use it. Raises `NotAdmitted`.

    A site that does not exist costs the same comparison as one that does.
    """
    api, obstacle = _api_of(site_id)
    if api is None or obstacle:
        with suppress(NotAuthentic):
            verify(_nobody(), request.signed(body), request.received_at)
        raise NotAdmitted(api, obstacle)
    try:
        names = (api.header_name, api.hmac_header, api.hmac_timestamp_header, api.api_key_name)
        verify(api, request.signed(body, names), request.received_at)
    except NotAuthentic as refused:
        raise NotAdmitted(api, refused.cause_sentence) from None
    return api


def api_of(site_id: UUID) -> GenericApi | None:
    """Return the site's Generic API without its secrets, served or not."""
    apis = GenericApi.objects.defer(*SECRET_FIELDS, "extra_headers").select_related("site")
    return apis.filter(site__public_id=site_id).first()


def _api_of(site_id: UUID) -> tuple[GenericApi | None, str]:
    """Return the site's Generic API and, in words, why it lets nobody in."""
    apis = GenericApi.objects.defer("extra_headers").select_related("site")
    try:
        api = apis.filter(site__public_id=site_id).first()
    except DecryptionFailed:
        return api_of(site_id), _UNREADABLE
    if api is not None and not api.site.is_active:
        return api, _SITE_OFF
    return api, "" if api is None or api.is_served else _NOT_SERVED


@cache
def _nobody() -> GenericApi:
    """Return settings that let nobody in: the secret is known to this process alone."""
    return GenericApi(auth_mode=AuthMode.HMAC, hmac_secret=random_token("", 40))
