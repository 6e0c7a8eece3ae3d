"""Loyalty: points with their transactions, vouchers, and promotions that contacts have."""

from __future__ import annotations

from benchmarks.filling import Table, at, text
from benchmarks.long_tables import THINGS, LongTables
from contacts.models import (
    PointAccount,
    PointTransaction,
    PromotionAssignment,
    RewardVoucher,
)

_DAY = 86_400_000


def tables(of: LongTables) -> list[Table]:
    return [_accounts(of), _transactions(of), _vouchers(of), _assignments(of)]


def _accounts(of: LongTables) -> Table:
    return Table(
        model=PointAccount,
        rows=of.people,
        person="n",
        columns={
            "id": "n + 1",
            # One kind of points a site, made in the order of the sites.
            "definition_id": f"({of.site('person')}) - {of.first_site} + {of.first_points}",
            "contact_id": of.contact,
            "balance": "100",
        },
    )


def _transactions(of: LongTables) -> Table:
    return Table(
        model=PointTransaction,
        rows=of.people,
        person=of.someone,
        columns={
            "account_id": "person + 1",
            "kind": "'award'",
            "amount": "10",
            "remaining": "CASE WHEN n % 3 = 0 THEN 10 ELSE 0 END",
            "expires_at": f"CASE WHEN n % 3 = 0 THEN {at(f'ms + {180 * _DAY}')} END",
            "description": "'Bought something'",
        },
    )


def _vouchers(of: LongTables) -> Table:
    return Table(
        model=RewardVoucher,
        rows=of.people,
        person=of.someone,
        columns={
            "site_id": of.site("person"),
            "contact_id": of.contact,
            "amount": "50",
            "currency": "'SEK'",
            "unique_code": f"'CODE' || {text()}",
            "valid_to": f"CASE WHEN n % 3 > 0 THEN {at(f'ms + {60 * _DAY}')} END",
            "redeemed_at": f"CASE WHEN n % 5 = 1 THEN {at()} END",
        },
    )


def _assignments(of: LongTables) -> Table:
    return Table(
        model=PromotionAssignment,
        rows=of.people,
        person=of.someone,
        named={"thing": of.thing},
        columns={
            "promotion_id": of.spread.key_sql("thing", THINGS),
            "contact_id": of.contact,
            "redeemed_at": f"CASE WHEN n % 3 = 1 THEN {at()} END",
            # A contact has a promotion open only once.
            "is_open": "person > 0 AND n % 3 = 0",
        },
    )
