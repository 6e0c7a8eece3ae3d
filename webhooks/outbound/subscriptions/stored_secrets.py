"""Secrets and headers of a subscription as they are stored, and what new ones make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.views.decorators.debug import sensitive_variables

from common.encryption import DecryptionFailed
from webhooks.outbound.models import Subscription
from webhooks.outbound.signing import new_signing_secret
from webhooks.outbound.subscriptions.limits import DEFAULT_OVERLAP_SECONDS
from webhooks.outbound.subscriptions.validation import WITH_OVERLAP, WITH_SECRET, secrets_used

SECRET_NAMES: Final = ("signing", "user", "password", "encryption")
# Columns that are encrypted.
HIDDEN: Final = ("secrets", "headers")
UNREADABLE: Final = (
    "What is stored here was encrypted with a key that this installation does not have. Enter it "
    "again."
)

Headers = Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredSecrets:
    """Secrets and headers as they are at rest; `unreadable` names those without their key."""

    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)
    unreadable: frozenset[str] = frozenset()


def subscription_readable(subscription: Subscription) -> bool:
    """Say whether its secrets and headers decrypt with the keys of this installation."""
    return not read_stored(subscription).unreadable


@sensitive_variables()
def read_stored(row: Subscription) -> StoredSecrets:
    """Return what decrypts with the keys of this installation, and what does not."""
    found: dict[str, dict[str, str]] = {}
    unreadable = set()
    for name in HIDDEN:
        try:
            found[name] = dict(getattr(row, name))
        except DecryptionFailed:
            unreadable.add(name)
    return StoredSecrets(**found, unreadable=frozenset(unreadable))


def refuse_unknown(given: Mapping[str, str]) -> None:
    """Raise ValidationError by name for secrets that no subscription has."""
    unknown = {f"secrets.{name}": "There is no such secret." for name in given}
    for name in SECRET_NAMES:
        unknown.pop(f"secrets.{name}", None)
    if unknown:
        raise ValidationError(unknown)


@sensitive_variables()
def put_secrets(subscription: Subscription, stored: StoredSecrets, given: Mapping[str, str]) -> str:
    """Give the subscription the secrets that it uses; return the signing secret if it was made."""
    used = secrets_used(subscription)
    old = stored.secrets.get("signing", "")
    subscription.secrets = {
        name: text for name, text in {**stored.secrets, **given}.items() if name in used
    }
    if subscription.signing not in WITH_SECRET:
        subscription.previous_until = None
        return ""
    new = given.get("signing", "")
    if new and old and new != old:
        replace_signing(subscription, old, new, DEFAULT_OVERLAP_SECONDS)
    if subscription.secrets.get("signing"):
        return ""
    if "secrets" in stored.unreadable:
        raise ValidationError({"secrets.signing": f"{UNREADABLE} A rotation makes a new one."})
    made = new_signing_secret()
    subscription.secrets = {**subscription.secrets, "signing": made}
    return made


@sensitive_variables()
def replace_signing(row: Subscription, old: str, new: str, overlap_seconds: int) -> None:
    """Put the new signing secret in; the old one signs along where the way of signing can."""
    secrets = {**row.secrets, "signing": new}
    secrets.pop("previous_signing", None)
    row.previous_until = None
    if old and overlap_seconds and row.signing in WITH_OVERLAP:
        secrets["previous_signing"] = old
        row.previous_until = timezone.now() + timedelta(seconds=overlap_seconds)
    row.secrets = secrets


@sensitive_variables()
def merged_headers(stored: StoredSecrets, given: Headers | None) -> dict[str, str]:
    """Return the headers that are to be stored; None as a value keeps the stored one."""
    is_kept = given is None or None in given.values()
    if is_kept and "headers" in stored.unreadable:
        raise ValidationError({"headers": UNREADABLE})
    if given is None:
        return stored.headers
    kept = {name.lower(): text for name, text in stored.headers.items()}
    found: dict[str, str] = {}
    for name, value in given.items():
        text = kept.get(name.strip().lower(), "") if value is None else value.strip()
        if name.strip().lower() in {known.lower() for known in found}:
            raise ValidationError({"headers": f"The header {name} is there twice. Keep one."})
        found[name.strip()] = text
    return found
