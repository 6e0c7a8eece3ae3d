"""Awarding, redeeming and correcting points; each call is one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.utils import timezone

from contacts.applied_change import ChangeSource
from contacts.loyalty.amounts import MOST
from contacts.loyalty.expiring import expire_due
from contacts.loyalty.happenings import balance_changed, points_added, tell
from contacts.loyalty.ledger import (
    AccountKey,
    accounts_locked,
    accounts_opened,
    balances_add,
    contacts_locked,
    lots_write,
    open_lots,
    transactions_known,
    transactions_write,
)
from contacts.loyalty.lots import consume, next_expiry
from contacts.loyalty.points_order import (
    KEPT_ELSEWHERE,
    NO_CONTACT,
    SWITCHED_OFF,
    NotEnoughPoints,
    PointsOrder,
    PointsOutcome,
    order_refusal,
    transaction_of,
)
from contacts.models import PointAccount, PointTransaction

__all__ = [
    "NotEnoughPoints",
    "PointsOrder",
    "PointsOutcome",
    "points_award",
    "points_correct",
    "points_redeem",
]

Kind = PointTransaction.Kind
_TOO_MANY: Final = f"The contact would have more than {MOST} points."


def points_award(*, orders: Sequence[PointsOrder], source: ChangeSource) -> list[PointsOutcome]:
    """Award points, also to many contacts at once; what cannot be is refused, the rest goes on.

    Outcomes come in the order of the orders. An order whose source id is known changes nothing.
    """
    with transaction.atomic():
        return _add(orders, source, Kind.AWARD)


def points_redeem(*, order: PointsOrder, source: ChangeSource) -> PointsOutcome:
    """Take points that were spent, those that expire soonest first. Raises `NotEnoughPoints`."""
    with transaction.atomic():
        return _take(order, source, Kind.REDEEM)


def points_correct(*, order: PointsOrder, source: ChangeSource) -> PointsOutcome:
    """Set right what was wrong: `amount` is added, or taken when it is negative.

    Raises `NotEnoughPoints` when the contact has fewer than are to be taken.
    """
    with transaction.atomic():
        if order.amount < 0:
            return _take(order, source, Kind.CORRECT)
        return _add([order], source, Kind.CORRECT)[0]


def _add(orders: Sequence[PointsOrder], source: ChangeSource, kind: Kind) -> list[PointsOutcome]:
    now = timezone.now()
    outcomes = [PointsOutcome(refusal=order_refusal(order)) for order in orders]
    sites = contacts_locked(order.contact_id for order in orders)
    for order, outcome in zip(orders, outcomes, strict=True):
        if sites.get(order.contact_id) != order.definition.site_id:
            outcome.refusal = outcome.refusal or NO_CONTACT
    pairs = [pair for pair in zip(orders, outcomes, strict=True) if not pair[1].refusal]
    accounts = _accounts([order for order, _ in pairs], now)
    known = transactions_known(accounts.values(), source.key, {order.own_id for order, _ in pairs})
    added: dict[int, Decimal] = {}
    for order, outcome in pairs:
        account = accounts.get(_key(order))
        if account is None:
            outcome.refusal = SWITCHED_OFF.format(name=order.definition.name)
            continue
        repeated = known.get((account.pk, order.own_id)) if order.own_id else None
        if repeated is not None:
            outcome.transaction, outcome.is_repeat = repeated, True
        elif not order.definition.is_active:
            outcome.refusal = SWITCHED_OFF.format(name=order.definition.name)
        elif account.told_by:
            outcome.refusal = KEPT_ELSEWHERE
        elif account.balance + order.amount > MOST:
            outcome.refusal = _TOO_MANY
        else:
            new = outcome.transaction = transaction_of(order, account, source, kind, now)
            known[account.pk, order.own_id] = new
            account.balance += order.amount
            added[account.pk] = added.get(account.pk, Decimal(0)) + order.amount
            account.expires_at = _sooner(account.expires_at, new.expires_at)
        outcome.balance = account.balance
    written = [
        outcome.transaction for _, outcome in pairs if outcome.transaction and not outcome.is_repeat
    ]
    changed = [account for account in accounts.values() if account.pk in added]
    transactions_write(written)
    balances_add(changed, added, now)
    told = [points_added(each, source) for each in written] if kind is Kind.AWARD else []
    tell([*told, *(balance_changed(account, source) for account in changed)])
    return outcomes


def _accounts(orders: Sequence[PointsOrder], now: datetime) -> dict[AccountKey, PointAccount]:
    """Lock the accounts of orders; new ones are made where more points are awarded at all."""
    active = {_key(order): order.definition for order in orders if order.definition.is_active}
    others = {_key(order) for order in orders if not order.definition.is_active}
    return accounts_opened(active, now, told_by={}) | accounts_locked(others)


def _take(order: PointsOrder, source: ChangeSource, kind: Kind) -> PointsOutcome:
    now = timezone.now()
    amount = abs(order.amount)
    refusal = order_refusal(order, amount)
    if contacts_locked([order.contact_id]).get(order.contact_id) != order.definition.site_id:
        refusal = refusal or NO_CONTACT
    if refusal:
        return PointsOutcome(refusal=refusal)
    account = accounts_locked([_key(order)]).get(_key(order))
    if account is None:
        raise NotEnoughPoints(Decimal(0))
    known = transactions_known([account], source.key, [order.own_id])
    repeated = next(iter(known.values()), None)
    if repeated is not None:
        return PointsOutcome(transaction=repeated, is_repeat=True, balance=account.balance)
    if account.told_by:
        return PointsOutcome(refusal=KEPT_ELSEWHERE, balance=account.balance)
    expire_due([account], now)
    if account.balance < amount:
        raise NotEnoughPoints(account.balance)
    new = transaction_of(order, account, source, kind, now)
    _take_lots(account, amount)
    account.balance -= amount
    transactions_write([new])
    balances_add([account], {account.pk: -amount}, now)
    tell([balance_changed(account, source)])
    return PointsOutcome(transaction=new, balance=account.balance)


def _take_lots(account: PointAccount, amount: Decimal) -> None:
    lots = open_lots([account.pk]).get(account.pk, [])
    lots_write(consume(lots, amount))
    account.expires_at = next_expiry(lots)


def _key(order: PointsOrder) -> AccountKey:
    return order.definition.pk, order.contact_id


def _sooner(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (one, other) if each is not None), default=None)
