"""What becomes of points, vouchers and promotions when contacts merge or are erased.

Called by the batch that does it, which holds the locks of the contacts.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum
from django.utils import timezone

from contacts.applied_change import ChangeSource
from contacts.loyalty.happenings import balance_changed
from contacts.loyalty.ledger import next_expiries, transactions_write
from contacts.models import PointAccount, PointTransaction, PromotionAssignment, RewardVoucher
from contacts.signals import LoyaltyHappening

Kind = PointTransaction.Kind
_STATE = ("balance", "expires_at", "told_by", "balance_told_at", "told_account_id", "updated_at")


def loyalty_merge(
    *, kept_id: UUID, absorbed_id: UUID, source: ChangeSource
) -> list[LoyaltyHappening]:
    """Give all that one contact has to the other; return what there is to tell of balances.

    Balances that are kept here add up. One that a source tells stands for both: the newest.
    """
    now = timezone.now()
    accounts = _locked([kept_id, absorbed_id])
    kept = {each.definition_id: each for each in accounts if each.contact_id == kept_id}
    changed = []
    for other in (each for each in accounts if each.contact_id == absorbed_id):
        account = kept.get(other.definition_id)
        if account is None:
            other.contact_id = kept_id
            other.save(update_fields=["contact_id"])
        elif _join(account, other, now):
            changed.append(account)
    RewardVoucher.objects.filter(contact=absorbed_id).update(contact=kept_id)
    _move_assignments(kept_id, absorbed_id)
    return [balance_changed(account, source) for account in changed]


def loyalty_erase(
    *, contact_id: UUID, until: datetime | None, source: ChangeSource
) -> list[LoyaltyHappening]:
    """Remove what a contact has, or what of it is not newer than `until`."""
    vouchers = RewardVoucher.objects.filter(contact=contact_id)
    assignments = PromotionAssignment.objects.filter(contact=contact_id)
    if until is None:
        PointTransaction.objects.filter(account__contact=contact_id).delete()
        PointAccount.objects.filter(contact=contact_id).delete()
        vouchers.delete()
        assignments.delete()
        return []
    vouchers.filter(created_at__lte=until).delete()
    assignments.filter(assigned_at__lte=until).delete()
    accounts = _locked([contact_id])
    return [balance_changed(each, source) for each in accounts if _reduce(each, until)]


def _locked(contact_ids: Iterable[UUID]) -> list[PointAccount]:
    rows = PointAccount.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(contact__in=list(contact_ids))
    return list(found.select_related("definition").order_by("pk"))


def _join(account: PointAccount, other: PointAccount, now: datetime) -> bool:
    """Make one account of two; return whether the balance is one that is kept here."""
    own_ids = PointTransaction.objects.filter(account=account).exclude(source_id="")
    moved = PointTransaction.objects.filter(account=other)
    for source_key, source_id in own_ids.values_list("source_key", "source_id"):
        # Each is a transaction of its own; what made it recognisable is taken.
        moved.filter(source_key=source_key, source_id=source_id).update(source_id="")
    moved.update(account=account)
    other.delete()
    before = account.balance
    if account.told_by or other.told_by:
        winner = max((account, other), key=_weight)
        for name in _STATE:
            setattr(account, name, getattr(winner, name))
        if winner.told_by:
            lots = PointTransaction.objects.filter(account=account, remaining__gt=0)
            lots.update(remaining=Decimal(0))
    else:
        account.balance += other.balance
        times = [each for each in (account.expires_at, other.expires_at) if each is not None]
        account.expires_at = min(times, default=None)
    account.updated_at = now
    account.save(update_fields=_STATE)
    return not account.told_by and account.balance != before


def _weight(account: PointAccount) -> tuple[int, datetime]:
    """Rank what is known of a balance: told by a source, kept here, not told yet."""
    if account.balance_told_at is not None:
        return 2, account.balance_told_at
    return (0 if account.told_by else 1), account.updated_at


def _move_assignments(kept_id: UUID, absorbed_id: UUID) -> None:
    moved = PromotionAssignment.objects.filter(contact=absorbed_id)
    own = PromotionAssignment.objects.filter(contact=kept_id)
    for promotion_id, source_key, source_id, is_open in own.values_list(
        "promotion_id", "source_key", "source_id", "is_open"
    ):
        same = moved.filter(promotion=promotion_id)
        if is_open:
            # One at a time: the person has one still.
            same.filter(is_open=True).update(is_open=False)
        if source_id:
            same.filter(source_key=source_key, source_id=source_id).update(source_id="")
    moved.update(contact=kept_id)


def _reduce(account: PointAccount, until: datetime) -> bool:
    """Remove what is old of an account; return whether a balance that is kept here changed."""
    transactions = PointTransaction.objects.filter(account=account)
    transactions.filter(occurred_at__lte=until).delete()
    is_told_since = account.balance_told_at is not None and account.balance_told_at > until
    if not transactions.exists() and not is_told_since:
        account.delete()
        return False
    before = account.balance
    if not account.told_by:
        account.balance = _settled_balance(account)
        account.expires_at = next_expiries([account.pk]).get(account.pk)
    elif not is_told_since:
        account.balance, account.expires_at = Decimal(0), None
        account.balance_told_at, account.told_account_id = None, ""
    account.save(update_fields=_STATE)
    return not account.told_by and account.balance != before


def _settled_balance(account: PointAccount) -> Decimal:
    """Return what the lots that are left add up to, and let the transactions do so as well."""
    kept = PointTransaction.objects.filter(account=account).exclude(kind=Kind.TOLD)
    sums = kept.aggregate(amount=Sum("amount"), left=Sum("remaining"))
    left = sums["left"] or Decimal(0)
    difference = left - (sums["amount"] or Decimal(0))
    if difference:
        now = timezone.now()
        correction = PointTransaction(
            account=account,
            kind=Kind.CORRECT,
            amount=difference,
            remaining=Decimal(0),
            description="Older transactions were erased.",
            occurred_at=now,
            recorded_at=now,
        )
        transactions_write([correction])
    return left
