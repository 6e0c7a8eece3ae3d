"""Making, changing and revoking API keys: validated, audited, each in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from common.identifiers import random_token
from sites.api_keys.networks import normalised_networks
from sites.audit import Actor, audit_record, field_changes
from sites.models import ApiKey, Scope, Site, bump_configuration_version
from sites.opened_state import OpenedState, check_unchanged

API_KEY_FIELDS: Final = ("name", "scopes", "allowed_networks", "expires_at")
SECRET_CHARACTERS: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedKey:
    """A new key with its secret, which is stored nowhere: show it once, then let it go."""

    key: ApiKey
    secret: str = field(repr=False)


def secret_hash(secret: str) -> str:
    """Return what is stored of a secret: random as it is, it needs no slow hash."""
    return sha256(secret.encode()).hexdigest()


@sensitive_variables("secret")
@transaction.atomic
def api_key_create(  # noqa: PLR0913 - its own fields, keyword-only
    *,
    site: Site,
    name: str,
    scopes: Collection[str],
    allowed_networks: Collection[str] = (),
    expires_at: datetime | None = None,
    actor: Actor,
) -> CreatedKey:
    """Make a key for the site. Raises ValidationError by field."""
    secret = random_token("", SECRET_CHARACTERS)
    key = ApiKey(
        site=site,
        name=name,
        scopes=list(scopes),
        allowed_networks=list(allowed_networks),
        expires_at=expires_at,
        secret_hash=secret_hash(secret),
    )
    _clean(key, stored=None)
    _save(key, force_insert=True)
    changes = field_changes({}, _values(key) | {"key_id": key.key_id})
    _audit(actor, "api_key.created", key, changes)
    return CreatedKey(key=key, secret=secret)


@transaction.atomic
def api_key_update(*, key: ApiKey, actor: Actor, opened: OpenedState | None = None) -> ApiKey:
    """Store what differs between the given key and its row: name, scopes, networks, expiry.

    Raises ValidationError by field, and for a revoked key.
    """
    stored = _lock(key)
    check_unchanged(stored, since=opened)
    if stored.revoked_at is not None:
        raise ValidationError("This key was revoked, and stays so. Make a new one instead.")
    _clean(key, stored=stored)
    changes = field_changes(_values(stored), _values(key))
    if changes:
        _save(key, update_fields=[*changes])
        _audit(actor, "api_key.updated", key, changes)
    return key


@transaction.atomic
def api_key_revoke(*, key: ApiKey, actor: Actor) -> ApiKey:
    """End a key for good; what was revoked before keeps its time."""
    stored = _lock(key)
    if stored.revoked_at is None:
        stored.revoked_at = timezone.now()
        stored.save(update_fields=["revoked_at"])
        bump_configuration_version()
        _audit(actor, "api_key.revoked", stored, {"revoked_at": (None, stored.revoked_at)})
    key.revoked_at = stored.revoked_at
    return key


def _clean(key: ApiKey, *, stored: ApiKey | None) -> None:
    """Validate and normalise the key in place."""
    key.name = " ".join(key.name.split())
    found: dict[str, Any] = {}
    try:
        key.clean_fields(exclude={"scopes", "allowed_networks"})
    except ValidationError as error:
        found |= error.message_dict
    unknown = [scope for scope in key.scopes if scope not in Scope.values]
    if unknown or not key.scopes:
        found["scopes"] = f"Choose one or more of: {', '.join(Scope.values)}."
    key.scopes = [scope for scope in Scope.values if scope in key.scopes]
    try:
        key.allowed_networks = normalised_networks(key.allowed_networks)
    except ValueError as error:
        found["allowed_networks"] = str(error)
    is_new_expiry = stored is None or key.expires_at != stored.expires_at
    if key.expires_at is not None and is_new_expiry and key.expires_at <= timezone.now():
        found["expires_at"] = "Choose a time in the future. To end a key now, revoke it."
    if found:
        raise ValidationError(found)


def _save(key: ApiKey, **how: Any) -> None:
    """Save the key, and have every process read it anew that keeps keys in memory."""
    try:
        with transaction.atomic():
            key.save(**how)
    except IntegrityError:
        raise ValidationError(
            {
                "name": f"Another key of {key.site} has this name. Revoked keys keep theirs, "
                "so that the log can name them."
            }
        ) from None
    bump_configuration_version()


def _lock(key: ApiKey) -> ApiKey:
    return ApiKey.objects.select_for_update(of=("self",)).select_related("site").get(pk=key.pk)


def _values(key: ApiKey) -> dict[str, Any]:
    return {name: getattr(key, name) for name in API_KEY_FIELDS}


def _audit(actor: Actor, action: str, key: ApiKey, changes: dict[str, tuple[Any, Any]]) -> None:
    audit_record(actor=actor, action=action, site=key.site, target=key, changes=changes)
