"""A contact's points, vouchers and promotions as rows of pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.http import urlencode

from common.admin.key_pages import KeyStream, key_page
from common.admin.keyset import NEWER_VAR, OLDER_VAR
from contacts.admin.loyalty.loyalty_words import (
    CHANNEL_LABELS,
    VoucherState,
    amount_words,
    assignment_chip,
    balance_words,
    is_usable,
    kind_chip,
    money_words,
    signed_words,
    voucher_chip,
    voucher_state,
)
from contacts.loyalty.undoing import Undone, undone_assignments, undone_vouchers
from contacts.loyalty.validity import status_of
from contacts.models import (
    Contact,
    PointAccount,
    PointTransaction,
    PromotionAssignment,
    RewardVoucher,
)

TABS: Final[Mapping[str, str]] = {
    "points": "Points",
    "vouchers": "Vouchers",
    "promotions": "Promotions",
}
_PAGE: Final = 25


def rows_of_tab(request: HttpRequest, contact: Contact, tab: str) -> dict[str, Any]:
    """Return a page of transactions, vouchers or promotions, newest first."""
    rows = _ROWS[tab](contact)
    page = key_page(
        [KeyStream(rows=rows.order_by())],
        size=_PAGE,
        older_than=_edge(request, OLDER_VAR),
        newer_than=_edge(request, NEWER_VAR),
    )
    found = rows.in_bulk(page.keys)
    edges = ((NEWER_VAR, "newer_url", page.newer_than), (OLDER_VAR, "older_url", page.older_than))
    urls = {
        name: f"?{urlencode({'tab': tab, variable: edge})}" if edge is not None else ""
        for variable, name, edge in edges
    }
    now = timezone.now()
    shown = [_SHOWN[tab](found[key], now) for key in page.keys if key in found]
    undone = _UNDONE[tab](found.values()) if tab in _UNDONE else {}
    for each in shown:
        each["undone"] = undone.get(str(each["row"].pk), [])
    return urls | {"rows": shown}


def latest_rows(contact: Contact, tab: str, count: int) -> list[dict[str, Any]]:
    now = timezone.now()
    return [_SHOWN[tab](row, now) for row in _ROWS[tab](contact).order_by("-pk")[:count]]


def shown_accounts(contact: Contact) -> list[dict[str, Any]]:
    """Return what the contact has of each kind of points."""
    accounts = PointAccount.objects.filter(contact=contact).select_related("definition")
    return [
        {
            "account": account,
            "name": account.definition.name,
            "balance": balance_words(account),
            "is_told": bool(account.told_by),
        }
        for account in accounts.order_by("definition__number")
    ]


def _transactions(contact: Contact) -> QuerySet[PointTransaction]:
    accounts = list(PointAccount.objects.filter(contact=contact).values_list("pk", flat=True))
    rows = PointTransaction.objects.filter(account__in=accounts)
    return rows.select_related("account__definition")


def _vouchers(contact: Contact) -> QuerySet[RewardVoucher]:
    return RewardVoucher.objects.filter(contact=contact)


def _promotions(contact: Contact) -> QuerySet[PromotionAssignment]:
    return PromotionAssignment.objects.filter(contact=contact).select_related("promotion")


def _shown_transaction(row: PointTransaction, now: datetime) -> dict[str, Any]:
    is_left = row.remaining > 0 and row.expires_at is not None
    return {
        "row": row,
        "chip": kind_chip(row),
        "points": row.account.definition.name,
        "amount": signed_words(row.amount),
        "left": amount_words(row.remaining) if is_left else "",
        "is_whole": row.remaining == row.amount,
    }


def _shown_voucher(row: RewardVoucher, now: datetime) -> dict[str, Any]:
    return {
        "row": row,
        "chip": voucher_chip(row, now),
        "worth": money_words(row),
        "may_redeem": voucher_state(row, now) is VoucherState.VALID,
    }


def _shown_promotion(row: PromotionAssignment, now: datetime) -> dict[str, Any]:
    offered = [channel["type"] for channel in row.promotion.redemption_channels]
    is_running = is_usable(row, now) and status_of(row.promotion, now) == "Active"
    return {
        "row": row,
        "chip": assignment_chip(row, now),
        "channels": [(kind, CHANNEL_LABELS[kind]) for kind in offered] if is_running else [],
        "redeemed_where": CHANNEL_LABELS.get(row.redeemed_channel, ""),
    }


def _edge(request: HttpRequest, name: str) -> UUID | None:
    try:
        return UUID(request.GET.get(name, ""))
    except ValueError:
        return None


_ROWS: Final[Mapping[str, Any]] = {
    "points": _transactions,
    "vouchers": _vouchers,
    "promotions": _promotions,
}
# What was redeemed and taken back, for the kinds that are redeemed as a whole.
_UNDONE: Final[Mapping[str, Callable[..., dict[str, list[Undone]]]]] = {
    "vouchers": undone_vouchers,
    "promotions": undone_assignments,
}
_SHOWN: Final[Mapping[str, Any]] = {
    "points": _shown_transaction,
    "vouchers": _shown_voucher,
    "promotions": _shown_promotion,
}
