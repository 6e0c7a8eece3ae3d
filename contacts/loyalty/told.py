"""What sources say of points, vouchers and promotions, on its way into the tables.

Their contacts are locked by the batch that brings it. All is set-based, and what is known changes
nothing: an event may be processed any number of times.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection

from common.bulk import insert_rows, update_rows
from common.identifiers import new_row_hex
from contacts.applied_change import ChangeSource
from contacts.loyalty.ledger import AccountKey, accounts_opened
from contacts.loyalty.lengths import longest
from contacts.loyalty.told_promotions import promotions_told
from contacts.models import PointAccount, PointDefinition, PointTransaction, RewardVoucher
from contacts.normalisation.values import line_normalised
from integrations.loyalty_facts import (
    BalanceFact,
    LoyaltyFact,
    PointsFact,
    PromotionFact,
    VoucherFact,
)

_TOLD_COLUMNS: Final = (
    "balance",
    "expires_at",
    "told_by",
    "balance_told_at",
    "told_account_id",
    "updated_at",
)
_LENGTHS: Final = longest(
    PointTransaction, "source", "description", "reason", "user_id", "user_name"
)
_SHORTEST: Final = timedelta(microseconds=1)
_ACCOUNT_ID: Final = longest(PointAccount, "told_account_id")["told_account_id"]
_LABEL: Final = longest(RewardVoucher, "source_label")["source_label"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One fact about a contact that is there; `at` is when it was true, in UTC.

    `own_id` is the sender's own id of it, or what stands in for one.
    """

    site_id: int
    contact_id: UUID
    source: ChangeSource
    at: datetime
    fact: LoyaltyFact
    own_id: str


def loyalty_told(told: Sequence[Told], now: datetime) -> None:
    """Store facts, in the transaction of their batch; later ones in it are later said."""
    points = [each for each in told if isinstance(each.fact, PointsFact | BalanceFact)]
    if points:
        _points_told(points, now)
    vouchers = [each for each in told if isinstance(each.fact, VoucherFact)]
    if vouchers:
        rows = sorted((_voucher_row(each) for each in vouchers), key=_by_code)
        insert_rows(connection, RewardVoucher, rows, conflict="ON CONFLICT DO NOTHING")
    promotions = [each for each in told if isinstance(each.fact, PromotionFact)]
    if promotions:
        promotions_told(promotions, now)


def _points_told(told: Sequence[Told], now: datetime) -> None:
    definitions = _definitions(told, now)
    keys: dict[AccountKey, PointDefinition] = {}
    tellers: dict[AccountKey, str] = {}
    of_fact: list[tuple[AccountKey, Told]] = []
    for each in told:
        definition = definitions[each.site_id, _number(each)]
        key = (definition.pk, each.contact_id)
        keys[key], tellers[key] = definition, each.source.key
        of_fact.append((key, each))
    accounts = accounts_opened(keys, now, told_by=tellers)
    _balances_told([(accounts[key], each) for key, each in of_fact], now)
    rows = [
        _transaction_row(accounts[key], each, now)
        for key, each in of_fact
        if isinstance(each.fact, PointsFact)
    ]
    insert_rows(connection, PointTransaction, rows, conflict="ON CONFLICT DO NOTHING")


def _definitions(told: Sequence[Told], now: datetime) -> dict[tuple[int, int], PointDefinition]:
    """Return the kinds of points by site and number; those not known yet are made."""
    sources = {(each.site_id, _number(each)): each.source.key for each in told}
    found = _known_definitions(sources.keys())
    missing = sorted(sources.keys() - found.keys())
    if missing:
        rows = [
            {
                "site_id": site_id,
                "number": number,
                "name": f"Points {number}",
                "expires_after_days": None,
                "is_active": True,
                "source_key": sources[site_id, number],
                "created_at": now,
                "updated_at": now,
            }
            for site_id, number in missing
        ]
        insert_rows(connection, PointDefinition, rows, conflict="ON CONFLICT DO NOTHING")
        found |= _known_definitions(missing)
    return found


def _known_definitions(keys: Any) -> dict[tuple[int, int], PointDefinition]:
    rows = PointDefinition.objects.filter(
        site__in={site_id for site_id, _ in keys}, number__in={number for _, number in keys}
    )
    return {(each.site_id, each.number): each for each in rows}


def _balances_told(told: Sequence[tuple[PointAccount, Told]], now: datetime) -> None:
    """Let the newest word on each balance count, in whatever order they arrive."""
    changed: dict[int, PointAccount] = {}
    taken_over: set[int] = set()
    for account, each in told:
        fact = each.fact
        if not isinstance(fact, BalanceFact):
            continue
        at = fact.occurred_at.astimezone(UTC) if fact.occurred_at else each.at
        if account.balance_told_at is not None and at < account.balance_told_at:
            continue
        if not account.told_by:
            taken_over.add(account.pk)
        after = (
            fact.balance,
            fact.expires_at.astimezone(UTC) if fact.expires_at else None,
            each.source.key,
            at,
            line_normalised(fact.account_id)[:_ACCOUNT_ID],
        )
        if after != (
            account.balance,
            account.expires_at,
            account.told_by,
            account.balance_told_at,
            account.told_account_id,
        ):
            account.balance, account.expires_at, account.told_by = after[:3]
            account.balance_told_at, account.told_account_id = after[3:]
            account.updated_at = now
            changed[account.pk] = account
    if taken_over:
        # What was kept here is history from now on: nothing of it is left to redeem or to expire.
        kept = PointTransaction.objects.filter(account__in=taken_over, remaining__gt=0)
        kept.update(remaining=Decimal(0))
    rows = [
        {"id": account.pk, **{name: getattr(account, name) for name in _TOLD_COLUMNS}}
        for _, account in sorted(changed.items())
    ]
    update_rows(connection, PointAccount, rows, columns=_TOLD_COLUMNS)


def _transaction_row(account: PointAccount, told: Told, now: datetime) -> dict[str, Any]:
    fact = told.fact
    assert isinstance(fact, PointsFact)
    texts = {
        name: line_normalised(getattr(fact, name))[:length] for name, length in _LENGTHS.items()
    }
    return {
        "id": new_row_hex(),
        "account_id": account.pk,
        "kind": PointTransaction.Kind.TOLD.value,
        "amount": fact.amount,
        "remaining": Decimal(0),
        "expires_at": None,
        **texts,
        "source": texts["source"] or told.source.label[: _LENGTHS["source"]],
        "source_key": told.source.key,
        "source_id": told.own_id,
        "occurred_at": fact.occurred_at.astimezone(UTC) if fact.occurred_at else told.at,
        "recorded_at": now,
        "received_event_id": told.source.received_event_id,
    }


def _voucher_row(told: Told) -> dict[str, Any]:
    fact = told.fact
    assert isinstance(fact, VoucherFact)
    valid_from, valid_to = fact.valid_from or told.at, fact.valid_to
    if valid_to is not None and valid_to <= valid_from:
        # It was told of, without a beginning, when it was over: it began at some time before.
        valid_from = valid_to - _SHORTEST
    return {
        "id": new_row_hex(),
        "site_id": told.site_id,
        "contact_id": told.contact_id,
        "amount": fact.amount,
        "currency": fact.currency,
        "unique_code": fact.unique_code,
        "valid_from": valid_from.astimezone(UTC),
        "valid_to": valid_to.astimezone(UTC) if valid_to is not None else None,
        "redeemed_at": None,
        "redeemed_by": "",
        "description": "",
        "external_id": line_normalised(fact.external_id),
        "source_key": told.source.key,
        "source_label": told.source.label[:_LABEL],
        "source_id": told.own_id,
        "created_at": told.at,
        "received_event_id": told.source.received_event_id,
    }


def _number(told: Told) -> int:
    assert isinstance(told.fact, PointsFact | BalanceFact)
    return told.fact.definition


def _by_code(row: dict[str, Any]) -> tuple[int, str]:
    # In one order, so that two batches with the same codes never wait for each other in a circle.
    return row["site_id"], row["unique_code"]
