from __future__ import annotations

import re
from typing import Any, Final

from django.core.exceptions import ValidationError

from common.encryption import DecryptionFailed
from config.configuration.entry import Entry, entries
from config.configuration.kept_ids import KeptId
from config.configuration.references import References, resolve
from config.configuration.section import Applying
from sites.models import Site
from webhooks.inbound.models import Source
from webhooks.outbound.formats.registry import formats
from webhooks.outbound.holding.resuming import subscription_resume
from webhooks.outbound.models import Signing, Subscription, SubscriptionState
from webhooks.outbound.subscriptions.deletion import subscription_delete
from webhooks.outbound.subscriptions.services import (
    PLAIN_FIELDS,
    subscription_pause,
    subscription_save,
)
from webhooks.outbound.subscriptions.stored_secrets import SECRET_NAMES

_FILE_KEYS: Final = {"format_key": "format"}
_TEXTS: Final = ("url", "source_key", "signing", "encryption")
_LISTS: Final = ("event_types", "conditions", "retry_schedule")
_MAPPINGS: Final = ("format_settings", "signing_settings", "retry_rules")
_FLAGS: Final = ("verify_tls", "strict_order")
_NUMBERS: Final = (
    "timeout_seconds", "rate_per_second", "concurrency", "batch_size", "batch_seconds",
)  # fmt: skip
_KEYS: Final = (
    "public_id", "active", *(_FILE_KEYS.get(name, name) for name in PLAIN_FIELDS),
    "format_settings", "signing_settings", "secrets", "headers",
)  # fmt: skip
# What new_subscription_id makes, or longer.
_PUBLIC_ID: Final = KeptId(
    column="public_id",
    noun="subscription",
    pattern=re.compile(r"sub_[0-9A-Za-z]{22,36}"),
    looks="sub_ and 22 signs",
    use="programs may use it",
)


class SubscriptionsSection:
    """The site's webhook subscriptions, by name."""

    key = "subscriptions"

    def export(self, site: Site, references: References) -> list[dict[str, Any]]:
        rows = Subscription.objects.filter(site=site)
        return [_exported(each, references) for each in sorted(rows, key=lambda each: each.name)]

    def apply(self, value: Any, run: Applying) -> None:
        assert run.site is not None
        present = {each.name: each for each in Subscription.objects.filter(site=run.site)}
        for entry in entries(
            self.key, value, known=_KEYS, natural_key="name", problems=run.problems
        ):
            name = entry.required_text("name")
            subscription = present.pop(name, None) or Subscription(site=run.site, name=name)
            try:
                _apply_subscription(run, entry, subscription)
            except ValidationError as error:
                run.problems.add_validation(entry.path, error, _key_of)
        for name, subscription in present.items():
            if run.prune:
                subscription_delete(subscription=subscription, actor=run.actor)
            else:
                run.unlisted.append(f"subscription {name}")


def _exported(subscription: Subscription, references: References) -> dict[str, Any]:
    slug, name = subscription.site.slug, subscription.name
    plain = {_FILE_KEYS.get(each, each): getattr(subscription, each) for each in PLAIN_FIELDS}
    if plain["source_key"] and not _travels(subscription):
        del plain["source_key"]
    return {
        "name": name,
        "public_id": subscription.public_id,
        # One that a policy disabled is meant to be active: its trouble does not travel.
        "active": subscription.state != SubscriptionState.PAUSED,
        **plain,
        "format_settings": subscription.format_settings,
        "signing_settings": subscription.signing_settings,
        "secrets": {
            each: references.to(slug, name, each)
            for each in SECRET_NAMES
            if each in subscription.secrets
        },
        "headers": {
            each: references.to(slug, name, "header", each) for each in sorted(subscription.headers)
        },
    }


def _travels(subscription: Subscription) -> bool:
    """Say whether the system it is the same as is in the file, under the same id."""
    sources = Source.objects.filter(site=subscription.site_id, public_id=subscription.source_key)
    return any(source.preset.is_offered for source in sources)


def _apply_subscription(run: Applying, entry: Entry, subscription: Subscription) -> None:
    before = len(run.problems.lines)
    is_new = subscription._state.adding
    _PUBLIC_ID.take(entry, subscription)
    dialect = entry.text("format")
    if dialect is not None or is_new:
        _set_format(entry, subscription, dialect or "")
    for names, read in (
        (_TEXTS, entry.text),
        (_LISTS, entry.items),
        (_MAPPINGS, entry.mapping),
        (_FLAGS, entry.flag),
        (_NUMBERS, entry.number),
    ):
        for name in names:
            given = read(name)
            if given is not None:
                setattr(subscription, name, given)
    active = entry.flag("active")
    secrets, headers = _resolved(run, entry, "secrets"), _resolved(run, entry, "headers")
    if len(run.problems.lines) > before:
        return
    if is_new and active is False:
        subscription.state = SubscriptionState.PAUSED
    subscription_save(
        subscription=subscription,
        actor=run.actor,
        secrets=_changed(subscription, secrets) if not is_new else secrets,
        headers=headers,
    )
    if not is_new and active is not None:
        _switch(run, subscription, active=active)


def _switch(run: Applying, subscription: Subscription, *, active: bool) -> None:
    """Pause or resume as the file says; one that a policy disabled is for a person to enable."""
    if not active:
        subscription_pause(subscription=subscription, actor=run.actor)
    elif subscription.state == SubscriptionState.PAUSED:
        subscription_resume(subscription=subscription, actor=run.actor)


def _set_format(entry: Entry, subscription: Subscription, key: str) -> None:
    by_key = {each.key: each for each in formats()}
    if key not in by_key:
        entry.problem("format", f"Choose one of: {', '.join(by_key)}.")
        return
    subscription.format_key = key
    if subscription._state.adding:
        # What the file leaves out is as for a new subscription in the console.
        subscription.signing = Signing(by_key[key].signings[0])
        subscription.batch_size, subscription.batch_seconds = by_key[key].batching


def _changed(subscription: Subscription, secrets: dict[str, str] | None) -> dict[str, str] | None:
    """Leave out secrets that are stored as they are: a rotation would begin for nothing."""
    try:
        stored = subscription.secrets
    except DecryptionFailed:
        return secrets
    return {name: text for name, text in (secrets or {}).items() if stored.get(name) != text}


def _resolved(run: Applying, entry: Entry, key: str) -> dict[str, Any] | None:
    given = entry.mapping(key)
    if given is None:
        return None
    for name, value in given.items():
        if isinstance(value, list):
            entry.problem(f"{key}.{name}", "This is one secret and not a list of them.")
    return {
        name: resolve(f"{entry.path}.{key}.{name}", value, run.environment, run.problems)
        for name, value in given.items()
        if not isinstance(value, list)
    }


def _key_of(name: str) -> str:
    return _FILE_KEYS.get(name, name)
