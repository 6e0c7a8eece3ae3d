"""Lots alone, then whole accounts: whatever is done to them, they add up."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contacts.loyalty.expiring import expire_points
from contacts.loyalty.lots import Lot, consume, next_expiry
from contacts.loyalty.points import NotEnoughPoints
from contacts.models import PointAccount, PointTransaction
from sites.models import Site
from tests.contacts.loyalty.giving import (
    LONG_AGO,
    assert_adds_up,
    award,
    contact_of,
    definition_of,
    redeem,
)
from tests.factories import SiteFactory

START = datetime(2026, 1, 1, tzinfo=UTC)


def amounts(least: int, most: int) -> st.SearchStrategy[Decimal]:
    """Return amounts between numbers of ten-thousandths."""
    return st.integers(least, most).map(lambda number: Decimal(number).scaleb(-4))


AMOUNTS = amounts(0, 10_000_000)
WANTED = amounts(1, 30_000_000)
LOTS = st.lists(
    st.tuples(AMOUNTS, st.none() | st.integers(0, 5), st.integers(0, 5)), max_size=8
).map(
    lambda rows: [
        Lot(
            id=UUID(int=number),
            remaining=remaining,
            expires_at=None if expires is None else START + timedelta(days=expires),
            occurred_at=START + timedelta(minutes=occurred),
        )
        for number, (remaining, expires, occurred) in enumerate(rows)
    ]
)


# A busy machine is slow to think of examples: that is no fault of the code.
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(LOTS, WANTED)
def test_exactly_what_is_asked_for_is_taken_from_what_expires_first(
    lots: list[Lot], amount: Decimal
) -> None:
    before = {lot.id: lot.remaining for lot in lots}
    total = sum(before.values(), Decimal(0))
    if total < amount:
        with pytest.raises(ValueError, match="as much"):
            consume(lots, amount)
        assert {lot.id: lot.remaining for lot in lots} == before
        return
    touched = consume(lots, amount)
    assert sum((lot.remaining for lot in lots), Decimal(0)) == total - amount
    assert all(0 <= lot.remaining <= before[lot.id] for lot in lots)
    assert {lot.id for lot in touched} == {
        lot.id for lot in lots if lot.remaining != before[lot.id]
    }
    # Nothing is left in any lot before the last one that was touched.
    ordered = sorted(lots, key=lambda lot: lot.order)
    last = max(ordered.index(lot) for lot in touched)
    assert all(lot.remaining == 0 for lot in ordered[:last])
    times = [lot.expires_at for lot in lots if lot.remaining and lot.expires_at]
    assert next_expiry(lots) == min(times, default=None)


ACTS = st.lists(
    st.one_of(
        st.tuples(
            st.just("award"),
            amounts(1, 1_000_000),
            st.sampled_from([None, 1, 30]),
        ),
        st.tuples(
            st.just("redeem"),
            amounts(1, 1_500_000),
            st.none(),
        ),
        st.tuples(st.just("expire"), st.none(), st.none()),
    ),
    max_size=8,
)


class AccountProperties(TestCase):
    @given(ACTS)
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    def test_transactions_and_lots_add_up_to_the_balance(
        self, acts: list[tuple[str, Decimal | None, int | None]]
    ) -> None:
        site: Site = SiteFactory.create()
        contact, points = contact_of(site), definition_of(site)
        for name, amount, days in acts:
            if name == "expire":
                expire_points()
            elif name == "award":
                points.expires_after_days = days
                occurred_at = LONG_AGO if days == 1 else None
                award(contact, points, str(amount), occurred_at=occurred_at)
            else:
                with suppress(NotEnoughPoints):
                    redeem(contact, points, str(amount))
            for account in PointAccount.objects.all():
                assert_adds_up(account)
                assert account.balance >= 0
        assert not PointTransaction.objects.filter(amount__lt=0, remaining__gt=0).exists()
