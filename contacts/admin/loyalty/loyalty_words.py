"""How the console shows amounts, vouchers and promotions."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db.models import TextChoices
from django.utils.safestring import SafeString

from common.admin.status_chip import Tone, status_chip
from contacts.loyalty.amounts import amount_text
from contacts.loyalty.validity import Status, status_of
from contacts.models import PointAccount, PointTransaction, Promotion, PromotionAssignment
from contacts.models import RewardVoucher as Voucher


class VoucherState(TextChoices):
    VALID = "valid", "Valid"
    NOT_YET = "not_yet", "Not valid yet"
    EXPIRED = "expired", "Expired"
    REDEEMED = "redeemed", "Redeemed"


# What a till, a web shop and everything else is called.
CHANNEL_LABELS: Final = {"POS": "At the till", "ECOM": "In the web shop", "OTHER": "Elsewhere"}
VALUE_TYPE_LABELS: Final = {
    "PERCENT": "Percent off",
    "MONEY": "Money off",
    "EXTERNALOFFER": "Offer kept elsewhere",
    "MANUAL": "By hand",
    "SWIPE": "Swiped in the app",
}
_VOUCHER_TONES: Final = {
    VoucherState.VALID: Tone.GOOD,
    VoucherState.NOT_YET: Tone.WAITING,
    VoucherState.EXPIRED: Tone.WARNING,
    VoucherState.REDEEMED: Tone.QUIET,
}
_PROMOTION_TONES: Final[dict[Status, Tone]] = {
    "Draft": Tone.WAITING,
    "Scheduled": Tone.WAITING,
    "Active": Tone.GOOD,
    "Ended": Tone.QUIET,
}
_KIND_TONES: Final = {
    PointTransaction.Kind.AWARD: Tone.GOOD,
    PointTransaction.Kind.REDEEM: Tone.BUSY,
    PointTransaction.Kind.EXPIRE: Tone.WARNING,
    PointTransaction.Kind.CORRECT: Tone.WAITING,
    PointTransaction.Kind.TOLD: Tone.QUIET,
}


def amount_words(amount: Decimal) -> str:
    """Return an amount as people read it: `1,234.5`."""
    whole, _, places = amount_text(abs(amount)).partition(".")
    sign = "-" if amount < 0 else ""
    return f"{sign}{int(whole):,}" + (f".{places}" if places else "")


def signed_words(amount: Decimal) -> str:
    """Return what came or went: `+100`, `-20`."""
    return amount_words(amount) if amount < 0 else f"+{amount_words(amount)}"


def money_words(voucher: Voucher) -> str:
    return f"{amount_words(voucher.amount)} {voucher.currency}"


def balance_words(account: PointAccount) -> str:
    """Return the balance; a source that keeps it may not have told it yet."""
    if account.told_by and account.balance_told_at is None:
        return "not told yet"
    return amount_words(account.balance)


def kind_chip(transaction: PointTransaction) -> SafeString:
    kind = PointTransaction.Kind(transaction.kind)
    return status_chip(str(kind.label), _KIND_TONES[kind])


def voucher_state(voucher: Voucher, now: datetime) -> VoucherState:
    if voucher.redeemed_at is not None:
        return VoucherState.REDEEMED
    if voucher.valid_to is not None and voucher.valid_to <= now:
        return VoucherState.EXPIRED
    return VoucherState.NOT_YET if voucher.valid_from > now else VoucherState.VALID


def voucher_chip(voucher: Voucher, now: datetime) -> SafeString:
    state = voucher_state(voucher, now)
    return status_chip(str(state.label), _VOUCHER_TONES[state])


def promotion_chip(promotion: Promotion, now: datetime) -> SafeString:
    status = status_of(promotion, now)
    return status_chip(status, _PROMOTION_TONES[status])


def is_usable(assignment: PromotionAssignment, now: datetime) -> bool:
    """Say whether the contact can still redeem it."""
    is_over = assignment.expires_at is not None and assignment.expires_at <= now
    return assignment.is_open and not is_over and status_of(assignment.promotion, now) != "Ended"


def assignment_chip(assignment: PromotionAssignment, now: datetime) -> SafeString:
    if assignment.redeemed_at is not None:
        return status_chip("Redeemed", Tone.QUIET)
    if is_usable(assignment, now):
        return status_chip("Open", Tone.GOOD)
    return status_chip("Expired", Tone.WARNING)
