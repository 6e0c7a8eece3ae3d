"""What the engine has done in its database thread."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection, reset_queries

from common.database_trouble import is_environment_error
from sites.heartbeats import live_processes
from sites.models import ProcessKind
from webhooks.outbound.delivering.attempt import Tried
from webhooks.outbound.delivering.claiming import claim
from webhooks.outbound.delivering.leases import (
    hold_waiting,
    reap_expired_leases,
    release,
    release_all,
)
from webhooks.outbound.delivering.loading import load, load_large
from webhooks.outbound.delivering.recording import bodies_keep, record, without_texts
from webhooks.outbound.delivering.sharing import Claimed, Wanted
from webhooks.outbound.delivering.unit import RowKey, Unit
from webhooks.outbound.formats.base import CannotBuild
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot, subscriptions_by_id

UPKEEP_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class DatabaseWork:
    """Claims, loads and records for one owner. Every method runs in the database thread."""

    owner: str
    _upkeep_due: float = 0.0
    _is_shared: bool = False

    def subscriptions(self) -> Mapping[int, SubscriptionSnapshot]:
        """Return all subscriptions as they are now; leases that ran out end by the way."""
        if settings.DEBUG:
            reset_queries()  # Django keeps every statement, and ours carry whole batches
        if time.monotonic() >= self._upkeep_due:
            self._upkeep_due = time.monotonic() + UPKEEP_SECONDS
            reap_expired_leases()
            hold_waiting()
            self._is_shared = live_processes(ProcessKind.WORKER).count() > 1
        return subscriptions_by_id()

    def claim(self, wanted: Sequence[Wanted], limit: int) -> Claimed:
        claimed = claim(self.owner, wanted, limit=limit, is_shared=self._is_shared)
        try:
            load(claimed.units)
        except Exception:
            self.release(claimed.units)
            raise
        return claimed

    def load_large(self, unit: Unit) -> None:
        load_large(unit)

    def keep_body(self, unit: Unit, built: Any) -> None:
        """Keep a body before it is sent. Raises `CannotBuild` when the database refuses it."""
        try:
            bodies_keep([(unit, built)])
        except DatabaseError as error:
            if is_environment_error(error):
                raise
            raise CannotBuild(
                f"Patchbay could not keep the body of this request ({type(error).__name__}). Tell "
                "its makers, with the id of this delivery."
            ) from None

    def record(self, results: Sequence[Tried]) -> None:
        """Record everything, halving a batch that the database refuses until one stands alone."""
        try:
            recorded = record(results, owner=self.owner)
        except DatabaseError as error:
            if is_environment_error(error):
                raise
            if len(results) == 1:
                self._record_bare(results[0], error)
                return
            middle = len(results) // 2
            self.record(results[:middle])
            self.record(results[middle:])
        else:
            if recorded.late:
                log.warning("attempts ended after their lease", attempts=recorded.late)

    def release(self, units: Sequence[Unit]) -> None:
        by_attempts: dict[int, list[RowKey]] = {}
        for unit in units:
            by_attempts.setdefault(unit.attempts, []).extend(unit.delivery_ids)
        for attempts, ids in by_attempts.items():
            for start in range(0, len(ids), 500):
                release(self.owner, ids[start : start + 500], attempts)

    def release_all(self) -> None:
        release_all(self.owner)

    def recover(self) -> None:
        """Let go of a connection that failed; the next work opens one."""
        connection.close()

    def _record_bare(self, result: Tried, error: Exception) -> None:
        unit = str(result.unit.id)
        log.error("attempt not recorded whole", unit=unit, error=type(error).__name__)
        try:
            record([without_texts(result)], owner=self.owner)
        except (DatabaseError, InterfaceError) as again:
            # Its lease runs out, and then it is tried once more.
            log.error("attempt not recorded", unit=unit, error=type(again).__name__)  # noqa: TRY400
