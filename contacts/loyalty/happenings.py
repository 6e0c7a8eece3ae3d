"""What the layers above are told of loyalty: see `contacts.signals.loyalty_happened`."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.applied_change import ChangeSource
from contacts.models import (
    Contact,
    PointAccount,
    PointTransaction,
    PromotionAssignment,
    RewardVoucher,
)
from contacts.signals import LoyaltyHappening, LoyaltyKind, loyalty_happened


def points_added(transaction: PointTransaction, source: ChangeSource) -> LoyaltyHappening:
    account = transaction.account
    return LoyaltyHappening(
        kind=LoyaltyKind.POINTS,
        site_id=account.definition.site_id,
        contact_id=account.contact_id,
        row=transaction,
        source=source,
    )


def balance_changed(account: PointAccount, source: ChangeSource) -> LoyaltyHappening:
    return LoyaltyHappening(
        kind=LoyaltyKind.BALANCE,
        site_id=account.definition.site_id,
        contact_id=account.contact_id,
        row=account,
        source=source,
    )


def voucher_created(voucher: RewardVoucher, source: ChangeSource) -> LoyaltyHappening:
    return LoyaltyHappening(
        kind=LoyaltyKind.VOUCHER,
        site_id=voucher.site_id,
        contact_id=voucher.contact_id,
        row=voucher,
        source=source,
    )


def promotion_assigned(assignment: PromotionAssignment, source: ChangeSource) -> LoyaltyHappening:
    return LoyaltyHappening(
        kind=LoyaltyKind.PROMOTION,
        site_id=assignment.promotion.site_id,
        contact_id=assignment.contact_id,
        row=assignment,
        source=source,
    )


def tell(happenings: Sequence[LoyaltyHappening]) -> None:
    """Tell the layers above, in the transaction that wrote it."""
    if happenings:
        loyalty_happened.send(sender=Contact, happenings=happenings)
