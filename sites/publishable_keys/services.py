"""Making, changing and revoking publishable keys: validated, audited, each in one transaction."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from sites.audit import Actor, audit_record, field_changes
from sites.models import PublishableKey, Site, bump_configuration_version
from sites.opened_state import OpenedState, check_unchanged
from sites.publishable_keys.origins import normalised_origins

PUBLISHABLE_KEY_FIELDS: Final = ("name", "allowed_origins", "allows_apps")


@transaction.atomic
def publishable_key_create(
    *,
    site: Site,
    name: str,
    allowed_origins: Collection[str] = (),
    allows_apps: bool = False,
    actor: Actor,
) -> PublishableKey:
    """Make a key for the site. Raises ValidationError by field."""
    key = PublishableKey(
        site=site, name=name, allowed_origins=list(allowed_origins), allows_apps=allows_apps
    )
    _clean(key)
    _save(key, force_insert=True)
    _audit(
        actor, "publishable_key.created", key, field_changes({}, _values(key) | {"key": key.key})
    )
    return key


@transaction.atomic
def publishable_key_update(
    *, key: PublishableKey, actor: Actor, opened: OpenedState | None = None
) -> PublishableKey:
    """Store what differs between the given key and its row: name, origins, mobile apps.

    Raises ValidationError by field, and for a revoked key.
    """
    stored = _lock(key)
    check_unchanged(stored, since=opened)
    if stored.revoked_at is not None:
        raise ValidationError(
            "This key was revoked, and stays so. Make a new one instead, of another name."
        )
    _clean(key)
    changes = field_changes(_values(stored), _values(key))
    if changes:
        _save(key, update_fields=[*changes])
        _audit(actor, "publishable_key.updated", key, changes)
    return key


@transaction.atomic
def publishable_key_revoke(*, key: PublishableKey, actor: Actor) -> PublishableKey:
    """End a key for good; what was revoked before keeps its time."""
    stored = _lock(key)
    if stored.revoked_at is None:
        stored.revoked_at = timezone.now()
        stored.save(update_fields=["revoked_at"])
        bump_configuration_version()
        _audit(actor, "publishable_key.revoked", stored, {"revoked_at": (None, stored.revoked_at)})
    key.revoked_at = stored.revoked_at
    return key


def _clean(key: PublishableKey) -> None:
    """Validate and normalise the key in place."""
    key.name = " ".join(key.name.split())
    found: dict[str, Any] = {}
    try:
        key.clean_fields(exclude={"site", "allowed_origins"})
    except ValidationError as error:
        found |= error.message_dict
    try:
        key.allowed_origins = normalised_origins(key.allowed_origins)
    except ValueError as error:
        found["allowed_origins"] = str(error)
    if not key.allowed_origins and not key.allows_apps:
        found["allowed_origins"] = (
            "Name the origin of a page, such as https://shop.example.com, or let mobile apps use "
            "the key: nothing could use it otherwise."
        )
    if found:
        raise ValidationError(found)


def _save(key: PublishableKey, **how: Any) -> None:
    """Save the key, and have every process read it anew that keeps keys in memory."""
    try:
        with transaction.atomic():
            key.save(**how)
    except IntegrityError:
        raise ValidationError(
            {
                "name": f"Another publishable key of {key.site} has this name. Revoked keys keep "
                "theirs, so that the log can name them."
            }
        ) from None
    bump_configuration_version()


def _lock(key: PublishableKey) -> PublishableKey:
    keys = PublishableKey.objects.select_for_update(of=("self",)).select_related("site")
    return keys.get(pk=key.pk)


def _values(key: PublishableKey) -> dict[str, Any]:
    return {name: getattr(key, name) for name in PUBLISHABLE_KEY_FIELDS}


def _audit(
    actor: Actor, action: str, key: PublishableKey, changes: dict[str, tuple[Any, Any]]
) -> None:
    audit_record(actor=actor, action=action, site=key.site, target=key, changes=changes)
