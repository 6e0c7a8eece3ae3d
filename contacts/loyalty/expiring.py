"""Points that nobody used in time: what is left of a lot at its expiry goes, as a transaction."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

import structlog
from django.db import transaction
from django.utils import timezone

from common.identifiers import new_row_id
from common.retention import PAUSE_SECONDS, RUN_SECONDS
from contacts.applied_change import ChangeSource
from contacts.loyalty.happenings import balance_changed, tell
from contacts.loyalty.ledger import (
    balances_add,
    contacts_locked,
    lots_write,
    next_expiries,
    open_lots,
    transactions_write,
)
from contacts.loyalty.lots import Lot
from contacts.models import PointAccount, PointTransaction

SOURCE_KEY: Final = "loyalty"
SOURCE_LABEL: Final = "Expiry"
# Lots in one transaction.
SLICE: Final = 500

log = structlog.get_logger(__name__)


def expire_points() -> int:
    """Let points expire that are due, slice by slice; return how many accounts had some.

    Runs by the clock, for less than the minute that a schedule has: the next run goes on.
    """
    deadline = time.monotonic() + RUN_SECONDS
    total = 0
    while (count := points_expire(limit=SLICE)) and time.monotonic() < deadline:
        total += count
        # SQLite has one write lock: reception gets it between two slices.
        time.sleep(PAUSE_SECONDS)
    total += count
    if total:
        log.info("points_expired", accounts=total)
    return total


def points_expire(limit: int) -> int:
    """Let up to `limit` lots expire, of the longest due accounts; return how many accounts."""
    now = timezone.now()
    due = PointTransaction.objects.filter(
        remaining__gt=0, expires_at__lte=now, account__told_by=""
    ).order_by("expires_at")
    pairs = list(due.values_list("account_id", "account__contact_id")[:limit])
    if not pairs:
        return 0
    with transaction.atomic():
        contacts_locked(contact_id for _, contact_id in pairs)
        rows = PointAccount.objects.select_for_update(of=("self",), no_key=True)
        accounts = rows.filter(pk__in={account_id for account_id, _ in pairs}, told_by="")
        expired = expire_due(list(accounts.select_related("definition").order_by("pk")), now)
        source = ChangeSource(key=SOURCE_KEY, label=SOURCE_LABEL, received_at=now)
        tell([balance_changed(account, source) for account in expired])
    return len({account_id for account_id, _ in pairs})


def expire_due(accounts: Sequence[PointAccount], now: datetime) -> list[PointAccount]:
    """Let what is due of locked accounts expire; return those that had something.

    One transaction for each time of expiry. Nobody is told here.
    """
    due = open_lots([account.pk for account in accounts], until=now)
    if not due:
        return []
    expired = [account for account in accounts if account.pk in due]
    taken: dict[int, Decimal] = {}
    transactions: list[PointTransaction] = []
    for account in expired:
        transactions += _expiries(account, due[account.pk], now)
        taken[account.pk] = -sum((lot.remaining for lot in due[account.pk]), Decimal(0))
        account.balance += taken[account.pk]
    transactions_write(transactions)
    spent = [lot for lots in due.values() for lot in lots]
    for lot in spent:
        lot.remaining = Decimal(0)
    lots_write(spent)
    following = next_expiries(list(due))
    for account in expired:
        account.expires_at = following.get(account.pk)
    balances_add(expired, taken, now)
    return expired


def _expiries(account: PointAccount, lots: Sequence[Lot], now: datetime) -> list[PointTransaction]:
    sums: dict[datetime, Decimal] = {}
    for lot in lots:
        if lot.expires_at is not None:
            sums[lot.expires_at] = sums.get(lot.expires_at, Decimal(0)) + lot.remaining
    return [
        PointTransaction(
            id=new_row_id(),
            account=account,
            kind=PointTransaction.Kind.EXPIRE,
            amount=-amount,
            remaining=Decimal(0),
            source=SOURCE_LABEL,
            source_key=SOURCE_KEY,
            occurred_at=expires_at,
            recorded_at=now,
        )
        for expires_at, amount in sorted(sums.items())
    ]
