"""All publishable keys as memory holds them, for the door that must not ask the database."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sites.models import PublishableKey
from sites.publishable_keys.origins import origin_allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPublishableKey:
    """One key with what is asked of its site; revoked ones as well."""

    id: int
    key: str
    allowed_origins: tuple[str, ...]
    allows_apps: bool
    is_revoked: bool
    site_id: int
    site_public_id: UUID
    is_site_active: bool

    def is_for(self, site_public_id: str) -> bool:
        """Say whether it opens this site, named by its UUID in lower case."""
        return (
            not self.is_revoked
            and self.is_site_active
            and str(self.site_public_id) == site_public_id
        )

    def allows(self, origin: str) -> bool:
        """Say whether requests of this origin may use it; apps send none."""
        return origin_allowed(self.allowed_origins, origin) if origin else self.allows_apps


def known_publishable_keys() -> dict[str, KnownPublishableKey]:
    """Return every key by its text, from the database."""
    keys = PublishableKey.objects.select_related("site").only(
        "key",
        "allowed_origins",
        "allows_apps",
        "revoked_at",
        "site__public_id",
        "site__is_active",
    )
    return {key.key: _known(key) for key in keys.order_by()}


def _known(key: PublishableKey) -> KnownPublishableKey:
    return KnownPublishableKey(
        id=key.pk,
        key=key.key,
        allowed_origins=tuple(key.allowed_origins),
        allows_apps=key.allows_apps,
        is_revoked=key.revoked_at is not None,
        site_id=key.site_id,
        site_public_id=key.site.public_id,
        is_site_active=key.site.is_active,
    )
