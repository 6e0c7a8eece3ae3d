"""Subscriptions in memory: matching an event and sending it ask for no row.

Every look-up asks in one short query whether anything changed, and loads anew only then. The
answer is what the caller's transaction sees.
"""

# ruff: noqa: TRY400, S608 - the text of an error may quote a row; names of tables are ours.

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from django.db import connection
from django.db.models import F, TextField
from django.db.models.functions import Cast

from common.encryption import DecryptionFailed
from sites.models import ConfigurationVersion
from webhooks.outbound.models import Subscription, SubscriptionState
from webhooks.outbound.subscriptions.state import SITE_OFF

logger = logging.getLogger(__name__)

UNREADABLE: Final = (
    "The secrets of this subscription do not decrypt with the keys in ENCRYPTION_KEYS. Put the "
    "missing key back, or set its secrets and headers again; then send again."
)
_COLUMNS: Final = (
    "id", "site_id", "public_id", "name", "url", "format_key", "format_settings", "event_types",
    "conditions", "source_key", "signing", "signing_settings", "encryption", "previous_until",
    "verify_tls", "timeout_seconds", "rate_per_second", "concurrency", "retry_schedule",
    "retry_rules", "batch_size", "batch_seconds", "strict_order", "state", "state_reason",
    "revision",
)  # fmt: skip
# As text: it is asked several times for each batch of events, and building it would cost more than
# asking.
_MARK: Final = (
    f"SELECT (SELECT value FROM {ConfigurationVersion._meta.db_table} WHERE id = 1), "
    "MAX(updated_at), COUNT(id), SUM(id), MAX(public_id), MIN(public_id) "
    f"FROM {Subscription._meta.db_table}"
)


@dataclass(frozen=True, kw_only=True, eq=False)
class SubscriptionSnapshot:
    """One subscription as it was when loaded: what matching, building and sending need of it.

    Each is itself alone, so that what is worked out from one can be kept beside it.

    Fields are those of the model. `fault` is a sentence when its secrets do not decrypt: then
    `secrets` and `headers` are empty, and its deliveries fail with that reason.
    """

    id: int
    site_id: int
    site_is_active: bool
    public_id: str
    name: str
    url: str = field(repr=False)
    format_key: str
    format_settings: Mapping[str, Any]
    event_types: Sequence[str]
    conditions: Sequence[Mapping[str, Any]]
    source_key: str
    headers: Mapping[str, str] = field(repr=False)
    signing: str
    signing_settings: Mapping[str, Any]
    encryption: str
    secrets: Mapping[str, str] = field(repr=False)
    previous_until: datetime | None
    verify_tls: bool
    timeout_seconds: int
    rate_per_second: int
    concurrency: int
    retry_schedule: Sequence[int]
    retry_rules: Mapping[str, str]
    batch_size: int
    batch_seconds: int
    strict_order: bool
    state: str
    state_reason: str
    revision: int
    fault: str = ""

    @property
    def is_active(self) -> bool:
        return self.state == SubscriptionState.ACTIVE and self.site_is_active

    @property
    def stopped_because(self) -> str:
        """Return why nothing goes out, as a sentence for staff; empty while it is active."""
        if self.state != SubscriptionState.ACTIVE:
            return self.state_reason or f"The subscription is {self.state}."
        return "" if self.site_is_active else SITE_OFF

    @property
    def is_batched(self) -> bool:
        return self.batch_size > 1 or self.batch_seconds > 0


class _Loaded(NamedTuple):
    mark: tuple[Any, ...]
    by_id: Mapping[int, SubscriptionSnapshot]
    by_site: Mapping[int, tuple[SubscriptionSnapshot, ...]]


_current: _Loaded | None = None


def subscriptions_by_site() -> Mapping[int, tuple[SubscriptionSnapshot, ...]]:
    """Return every subscription, of whatever state, by the id of its site."""
    return _fresh().by_site


def subscriptions_by_id() -> Mapping[int, SubscriptionSnapshot]:
    return _fresh().by_id


def snapshot_of(subscription: Subscription) -> SubscriptionSnapshot:
    """Return a subscription as it is in memory, saved or not: what a trial is made with."""
    return SubscriptionSnapshot(
        site_is_active=subscription.site.is_active,
        headers=dict(subscription.headers),
        secrets=dict(subscription.secrets),
        **{name: getattr(subscription, name) for name in _COLUMNS},
    )


def _fresh() -> _Loaded:
    global _current  # noqa: PLW0603 - one snapshot per process, replaced as a whole
    mark = _mark()
    loaded = _current
    if loaded is None or loaded.mark != mark:
        loaded = _load(mark)
        _current = loaded
    return loaded


def _mark() -> tuple[Any, ...]:
    """Return what differs after any change, also after one that a rollback took back.

    The version alone does not: the next change would get the number that was rolled back.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MARK)
        return tuple(cursor.fetchone())


def _load(mark: tuple[Any, ...]) -> _Loaded:
    # As text: decrypting inside the query, one damaged secret would stop every subscription.
    rows = Subscription.objects.order_by("site_id", "id").annotate(
        sealed_secrets=Cast("secrets", TextField()),
        sealed_headers=Cast("headers", TextField()),
        site_is_active=F("site__is_active"),
    )
    by_id = {
        row["id"]: _snapshot(row)
        for row in rows.values(*_COLUMNS, "sealed_secrets", "sealed_headers", "site_is_active")
    }
    by_site: dict[int, list[SubscriptionSnapshot]] = {}
    for snapshot in by_id.values():
        by_site.setdefault(snapshot.site_id, []).append(snapshot)
    return _Loaded(
        mark,
        MappingProxyType(by_id),
        MappingProxyType({site_id: tuple(each) for site_id, each in by_site.items()}),
    )


def _snapshot(row: dict[str, Any]) -> SubscriptionSnapshot:
    sealed = {name: row.pop(f"sealed_{name}") for name in ("secrets", "headers")}
    try:
        fields = Subscription._meta
        secrets = fields.get_field("secrets").from_db_value(sealed["secrets"])
        headers = fields.get_field("headers").from_db_value(sealed["headers"])
        return SubscriptionSnapshot(**row, secrets=secrets, headers=headers)
    except DecryptionFailed:
        logger.error("subscription %s: its secrets do not decrypt", row["public_id"])
        return SubscriptionSnapshot(**row, secrets={}, headers={}, fault=UNREADABLE)
