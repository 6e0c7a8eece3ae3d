"""What a format brings along: how its subscriptions start, and what a change of it puts right."""

from __future__ import annotations

from sites.models import Site
from webhooks.outbound.formats.base import Format
from webhooks.outbound.models import PayloadEncryption, Signing, Subscription


def new_subscription(site: Site, dialect: Format) -> Subscription:
    """Return an unsaved subscription with what the format usually has."""
    subscription = Subscription(
        site=site,
        format_key=dialect.key,
        signing=Signing(dialect.signings[0]),
        signing_settings=dict(dialect.signing_settings),
    )
    subscription.batch_size, subscription.batch_seconds = dialect.batching
    return subscription


def fit_to_format(subscription: Subscription, dialect: Format) -> None:
    """Bring what another format chose into what this one can do."""
    if subscription.format_key == dialect.key:
        return
    subscription.format_key, subscription.format_settings = dialect.key, {}
    if subscription.signing not in dialect.signings:
        subscription.signing = Signing(dialect.signings[0])
        subscription.signing_settings = dict(dialect.signing_settings)
    if subscription.encryption not in dialect.encryptions:
        subscription.encryption = PayloadEncryption.NONE
    if not dialect.is_batchable or not subscription.is_batched:
        subscription.batch_size, subscription.batch_seconds = dialect.batching
