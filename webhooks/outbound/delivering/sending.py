"""One unit on its way: built, signed, sent, and judged. Runs in the loop; asks no database."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import structlog

from common.http import FailureKind, HttpAnswer, HttpFailure
from common.http.async_client import AsyncClient
from webhooks.outbound.building import Prepared, Sendable, build, is_repeatable, prepare
from webhooks.outbound.delivering.attempt import Sent, Tried, tried
from webhooks.outbound.delivering.retry_policy import SUCCEEDED, Outcome, decide, unbuildable
from webhooks.outbound.delivering.unit import Unit
from webhooks.outbound.formats.base import CannotBuild
from webhooks.outbound.formats.registry import format_for
from webhooks.outbound.models import Trigger
from webhooks.outbound.subscriptions.directory import SubscriptionSnapshot

_STOPPED: Final = HttpFailure(
    FailureKind.RESET,
    "Patchbay's worker was stopped before the answer came. The request may have been carried out "
    "all the same.",
)

KeepBody = Callable[[Unit, Sendable], Awaitable[None]]

log = structlog.get_logger(__name__)


async def send_unit(
    client: AsyncClient, unit: Unit, snapshot: SubscriptionSnapshot, keep: KeepBody
) -> Tried:
    """Make one attempt. `keep` stores a body that could not be made a second time.

    Whatever happens is a result: nothing is raised, a cancelled attempt included.
    """
    started_at = datetime.now(UTC)
    try:
        built = unit.kept or build(snapshot, unit.events, unit.message_id)
        is_kept = unit.kept is not None
        if not is_kept and (unit.is_batch or not is_repeatable(snapshot)):
            await keep(unit, built)
            is_kept = True
        started_at = datetime.now(UTC)
        prepared = prepare(snapshot, built, unit.message_id, started_at)
    except CannotBuild as error:
        return tried(unit, snapshot, unbuildable(str(error)), Sent(started_at))
    end = await _end(client, prepared, unit)
    result = judged(unit, snapshot, Sent(started_at, prepared, end))
    if not is_kept:
        result.keeps = built
    return result


def judged(unit: Unit, snapshot: SubscriptionSnapshot, sent: Sent) -> Tried:
    """Return the attempt with what follows from it."""
    end = sent.end
    is_test = unit.trigger == Trigger.TEST
    if isinstance(end, HttpAnswer) and _is_success(snapshot, end.status):
        return tried(unit, snapshot, SUCCEEDED, sent, is_test=is_test)
    outcome = Outcome(
        attempts=unit.attempts,
        answer=end if isinstance(end, HttpAnswer) else None,
        failure=end if isinstance(end, HttpFailure) else None,
        refused_before=unit.refused_before,
        is_last=is_test,
    )
    decision = decide(snapshot, outcome, now=datetime.now(UTC), jitter=random.random())  # noqa: S311
    return tried(unit, snapshot, decision, sent, is_test=is_test)


async def _end(client: AsyncClient, prepared: Prepared, unit: Unit) -> HttpAnswer | HttpFailure:
    try:
        return await client.send(prepared.request)
    except HttpFailure as failure:
        return failure
    except asyncio.CancelledError:
        return _STOPPED
    except Exception as error:
        # A mistake of ours: it must not take the neighbours down, nor go unseen.
        log.error("attempt failed in Patchbay", unit=str(unit.id), error=type(error).__name__)  # noqa: TRY400
        return HttpFailure(
            FailureKind.PROTOCOL,
            f"Patchbay could not carry the request out ({type(error).__name__}). Tell its makers, "
            "with the id of this delivery.",
        )


def _is_success(snapshot: SubscriptionSnapshot, status: int) -> bool:
    dialect = format_for(snapshot.format_key)
    return dialect.is_success(status) if dialect is not None else 200 <= status < 300
