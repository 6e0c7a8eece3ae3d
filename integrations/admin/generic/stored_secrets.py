"""Which secrets of a Generic API are stored, and where they may go."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from common.encryption import DecryptionFailed
from common.http import check_url
from integrations.admin.generic.extra_headers import HeaderChanges
from integrations.admin.generic.settings_help import setting_label
from integrations.generic_api.authentication import MODE_SECRETS
from integrations.models import GenericApi
from integrations.models.generic_api import SECRET_FIELDS

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}

Origin = tuple[str, str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSecrets:
    """Names alone. `unreadable` ones were encrypted with a key that this installation lacks."""

    fields: frozenset[str]
    header_names: tuple[str, ...]
    unreadable: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.fields or self.header_names or self.unreadable)


def stored_secrets(api: GenericApi) -> StoredSecrets:
    fields, unreadable = set(), set()
    header_names: tuple[str, ...] = ()
    for name in SECRET_FIELDS:
        try:
            fields |= {name} if getattr(api, name) else set()
        except DecryptionFailed:
            unreadable.add(name)
    try:
        header_names = tuple(api.extra_headers)
    except DecryptionFailed:
        unreadable.add("extra_headers")
    return StoredSecrets(
        fields=frozenset(fields | unreadable & {*SECRET_FIELDS}),
        header_names=header_names,
        unreadable=frozenset(unreadable),
    )


def origin(url: str) -> Origin | None:
    """Return scheme, host and port as a call would use them, or None where none would be made."""
    try:
        parts = urlsplit(check_url(url.strip()))
    except ValueError:
        return None
    return parts.scheme, parts.hostname or "", parts.port or _DEFAULT_PORTS[parts.scheme]


def new_origins(stored_urls: Iterable[str], urls: Iterable[str]) -> set[Origin]:
    """Return where `urls` lead that `stored_urls` do not."""
    known = {origin(url) for url in stored_urls}
    return {found for url in urls if (found := origin(url)) is not None and found not in known}


def sent_from_store(
    wanted: GenericApi, stored: StoredSecrets, typed: Collection[str], headers: HeaderChanges
) -> list[str]:
    """Return in words what a call with `wanted` would carry that nobody typed into the form."""
    secret = MODE_SECRETS[wanted.auth_mode]
    found = [setting_label(secret)] if secret in stored.fields and secret not in typed else []
    return found + [f"the header {name}" for name, text in headers.items() if text is None]
