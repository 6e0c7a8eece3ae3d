"""All API keys as memory holds them, for doors that must not ask the database."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sites.models import ApiKey, Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownKey:
    """One key with what is asked of its site; revoked and expired ones as well."""

    id: int
    key_id: str
    secret_hash: str = field(repr=False)
    scopes: frozenset[str]
    allowed_networks: tuple[str, ...]
    expires_at: datetime | None
    revoked_at: datetime | None
    site_id: int
    site_public_id: UUID
    is_site_active: bool

    def has_scope(self, scope: Scope) -> bool:
        return scope.value in self.scopes


def known_keys() -> dict[str, KnownKey]:
    """Return every key by its id, from the database."""
    keys = ApiKey.objects.select_related("site").only(
        "key_id",
        "secret_hash",
        "scopes",
        "allowed_networks",
        "expires_at",
        "revoked_at",
        "site__public_id",
        "site__is_active",
    )
    return {key.key_id: _known(key) for key in keys.order_by()}


def _known(key: ApiKey) -> KnownKey:
    return KnownKey(
        id=key.pk,
        key_id=key.key_id,
        secret_hash=key.secret_hash,
        scopes=frozenset(key.scopes),
        allowed_networks=tuple(key.allowed_networks),
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        site_id=key.site_id,
        site_public_id=key.site.public_id,
        is_site_active=key.site.is_active,
    )
