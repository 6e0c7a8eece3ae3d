"""Facts about points, vouchers and promotions, kept until the contacts of a batch are written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from contacts.applied_change import ChangeSource
from contacts.applying.facts import Facts
from contacts.applying.instants import instant
from contacts.applying.states import ContactState
from contacts.loyalty.amounts import MOST, PLACES, has_more_places
from contacts.loyalty.lengths import longest
from contacts.loyalty.told import Told, loyalty_told
from contacts.loyalty.vouchers import currency_checked
from contacts.models import RewardVoucher
from contacts.normalisation.values import line_normalised
from integrations.loyalty_facts import (
    BalanceFact,
    LoyaltyFact,
    PointsFact,
    PromotionFact,
    VoucherFact,
)

_LONGEST: Final = longest(RewardVoucher, "unique_code", "source_id")
_LARGEST_NUMBER: Final = 2147483647


@dataclass(slots=True, kw_only=True)
class LoyaltyRow:
    """A fact on its way to the database; the contact may still be merged into another."""

    state: ContactState
    site_id: int
    source: ChangeSource
    at: int
    fact: LoyaltyFact
    own_id: str


def loyalty_rows(state: ContactState, facts: Facts, floor: int) -> list[LoyaltyRow]:
    """Return the usable facts of a change that is later than `floor`; notes tell of the others."""
    if facts.at <= floor:
        return []
    rows = []
    for number, fact in enumerate(facts.change.loyalty):
        fault = _fault(fact)
        if fault:
            facts.notes.append(f"BAD_LOYALTY: {fault} It was left out.")
            continue
        rows.append(
            LoyaltyRow(
                state=state,
                site_id=facts.site_id,
                source=facts.source,
                at=facts.at,
                fact=fact,
                own_id=_own_id(fact, facts.source, number),
            )
        )
    return rows


def loyalty_write(rows: Sequence[LoyaltyRow], now: str) -> None:
    told = [
        Told(
            site_id=row.site_id,
            contact_id=UUID(hex=row.state.final().id),
            source=row.source,
            at=instant(row.at),
            fact=row.fact,
            own_id=row.own_id,
        )
        for row in rows
    ]
    loyalty_told(told, datetime.fromisoformat(now))


def _own_id(fact: LoyaltyFact, source: ChangeSource, number: int) -> str:
    """Return the sender's id of a fact, or its place in what was received."""
    own = "" if isinstance(fact, BalanceFact) else line_normalised(fact.source_id)
    if own and len(own) <= _LONGEST["source_id"]:
        return own
    event = source.received_event_id
    return f"{event.hex}:{source.position or 0}:{number}" if event else ""


def _fault(fact: LoyaltyFact) -> str:
    """Return what makes a fact unusable, or an empty text."""
    if isinstance(fact, PromotionFact):
        return "" if line_normalised(fact.promotion_id) else "The promotion has no id."
    amount = fact.balance if isinstance(fact, BalanceFact) else fact.amount
    if not amount.is_finite() or has_more_places(amount) or abs(amount) > MOST:
        return f"Amounts have {PLACES} decimal places and are {MOST} at most."
    if isinstance(fact, VoucherFact):
        return _voucher_fault(fact)
    if not 1 <= fact.definition <= _LARGEST_NUMBER:
        return "The id of the points is no whole number from 1 on."
    return "No points were added." if isinstance(fact, PointsFact) and not amount else ""


def _voucher_fault(fact: VoucherFact) -> str:
    code = line_normalised(fact.unique_code)
    if code != fact.unique_code or not 1 <= len(code) <= _LONGEST["unique_code"]:
        return "The voucher has no code that tills could take."
    try:
        currency_checked(fact.currency)
    except ValueError as error:
        return str(error)
    if fact.amount < 0:
        return "The voucher is worth less than nothing."
    if fact.valid_from and fact.valid_to and fact.valid_to <= fact.valid_from:
        return "The voucher ends before it begins."
    return ""
