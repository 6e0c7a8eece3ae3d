"""Reward vouchers: made for many contacts at once, and used once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from common.bulk import insert_rows
from common.identifiers import new_row_id
from contacts.applied_change import ChangeSource
from contacts.loyalty.amounts import BadAmount, amount_checked
from contacts.loyalty.happenings import tell, voucher_created
from contacts.loyalty.ledger import contacts_locked
from contacts.loyalty.lengths import longest
from contacts.loyalty.points_order import NO_CONTACT, TOO_LONG_ID
from contacts.loyalty.voucher_codes import new_voucher_code
from contacts.models import RewardVoucher
from contacts.normalisation.values import line_normalised
from sites.models import Site

_CURRENCY: Final = re.compile(r"[A-Z]{3}")
_COLUMNS: Final = tuple(field.attname for field in RewardVoucher._meta.concrete_fields)
_LENGTHS: Final = longest(
    RewardVoucher, "unique_code", "description", "source_id", "redeemed_by", "source_label"
)


@dataclass(slots=True, kw_only=True)
class VoucherOrder:
    """A voucher to make; `unique_code` is drawn when empty, `valid_from` is now when None.

    `source_id` is the caller's own id of it: the same one again makes no second voucher.
    """

    contact_id: UUID
    amount: Decimal
    currency: str
    unique_code: str = ""
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    description: str = ""
    source_id: str = ""

    @property
    def own_id(self) -> str:
        return line_normalised(self.source_id)


@dataclass(slots=True, kw_only=True)
class VoucherOutcome:
    """`voucher` is None when it was refused; of a repeat it is the one that was made first."""

    voucher: RewardVoucher | None = None
    is_repeat: bool = False
    refusal: str = ""


class NotRedeemable(Exception):
    """It cannot be redeemed now; the message says why."""


@transaction.atomic
def vouchers_create(
    *, site: Site, orders: Sequence[VoucherOrder], source: ChangeSource
) -> list[VoucherOutcome]:
    """Make vouchers; what cannot be is refused, the rest goes on. Outcomes in the same order."""
    now = timezone.now()
    sites = contacts_locked(order.contact_id for order in orders)
    outcomes = [
        VoucherOutcome(
            refusal=_refusal(order, now)
            or (NO_CONTACT if sites.get(order.contact_id) != site.pk else "")
        )
        for order in orders
    ]
    drafts: list[tuple[VoucherOutcome, RewardVoucher]] = []
    for order, outcome in zip(orders, outcomes, strict=True):
        if not outcome.refusal:
            drafts.append((outcome, _voucher(order, site, source, now)))
    written = _write([voucher for _, voucher in drafts])
    _settle([(outcome, voucher) for outcome, voucher in drafts if voucher.pk not in written])
    made = []
    for outcome, voucher in drafts:
        if voucher.pk in written:
            outcome.voucher = voucher
            made.append(voucher)
    tell([voucher_created(voucher, source) for voucher in made])
    return outcomes


@transaction.atomic
def voucher_redeem(
    *, voucher: RewardVoucher, source: ChangeSource, at: datetime | None = None
) -> RewardVoucher:
    """Use a voucher up; of several who try at once, one succeeds. Raises `NotRedeemable`."""
    at = at or timezone.now()
    by = (source.actor_label or source.label)[: _LENGTHS["redeemed_by"]]
    is_valid = Q(valid_to__isnull=True) | Q(valid_to__gt=at)
    usable = RewardVoucher.objects.filter(
        is_valid, pk=voucher.pk, redeemed_at=None, valid_from__lte=at
    )
    if not usable.update(redeemed_at=at, redeemed_by=by):
        raise NotRedeemable(_why_not(RewardVoucher.objects.filter(pk=voucher.pk).first(), at))
    voucher.redeemed_at, voucher.redeemed_by = at, by
    return voucher


def currency_checked(currency: str) -> str:
    """Return a currency's code (ISO 4217); raises ValueError with a sentence."""
    if not _CURRENCY.fullmatch(currency):
        raise ValueError("The currency must be a code of three capital letters, such as SEK.")
    return currency


def _refusal(order: VoucherOrder, now: datetime) -> str:
    try:
        amount_checked(order.amount)
        currency_checked(order.currency)
    except BadAmount as error:
        return str(error)
    except ValueError as error:
        return str(error)
    if order.valid_to is not None and order.valid_to <= (order.valid_from or now):
        return "The voucher would end before it begins."
    if len(order.own_id) > _LENGTHS["source_id"]:
        return TOO_LONG_ID.format(most=_LENGTHS["source_id"])
    code = line_normalised(order.unique_code)
    if order.unique_code and not 1 <= len(code) <= _LENGTHS["unique_code"]:
        return f"The code must have 1 to {_LENGTHS['unique_code']} characters."
    return ""


def _voucher(order: VoucherOrder, site: Site, source: ChangeSource, now: datetime) -> RewardVoucher:
    return RewardVoucher(
        id=new_row_id(),
        site=site,
        contact_id=order.contact_id,
        amount=order.amount,
        currency=order.currency,
        unique_code=line_normalised(order.unique_code) or new_voucher_code(),
        valid_from=(order.valid_from or now).astimezone(UTC),
        valid_to=order.valid_to.astimezone(UTC) if order.valid_to else None,
        description=line_normalised(order.description)[: _LENGTHS["description"]],
        source_key=source.key,
        source_label=source.label[: _LENGTHS["source_label"]],
        source_id=order.own_id,
        created_at=now,
        received_event_id=source.received_event_id,
    )


def _write(vouchers: Sequence[RewardVoucher]) -> set[UUID]:
    """Store those whose code and source id nobody has; return the ids of what was stored.

    Of two transactions that store the same at once, the later one waits here for the other's end.
    """
    rows = [{name: getattr(voucher, name) for name in _COLUMNS} for voucher in vouchers]
    found = insert_rows(
        connection, RewardVoucher, rows, conflict="ON CONFLICT DO NOTHING", returning="id"
    )
    return {_uuid(row_id) for (row_id,) in found}


def _settle(unwritten: Sequence[tuple[VoucherOutcome, RewardVoucher]]) -> None:
    """Say of what was not stored whether it is a repeat or its code somebody else's."""
    known = _repeated([voucher for _, voucher in unwritten if voucher.source_id])
    for outcome, voucher in unwritten:
        first = known.get((voucher.source_key, voucher.source_id))
        if voucher.source_id and first is not None:
            outcome.voucher, outcome.is_repeat = first, True
        else:
            outcome.refusal = "Another voucher of this site has this code already."


def _repeated(vouchers: Iterable[RewardVoucher]) -> dict[tuple[str, str], RewardVoucher]:
    condition: dict[str, Any] = {}
    for voucher in vouchers:
        condition.setdefault("site", voucher.site_id)
        condition.setdefault("source_key", voucher.source_key)
        condition.setdefault("source_id__in", set()).add(voucher.source_id)
    if not condition:
        return {}
    rows = RewardVoucher.objects.filter(**condition)
    return {(each.source_key, each.source_id): each for each in rows}


def _why_not(voucher: RewardVoucher | None, at: datetime) -> str:
    if voucher is None:
        return "This voucher is there no more."
    if voucher.redeemed_at is not None:
        by = f" by {voucher.redeemed_by}" if voucher.redeemed_by else ""
        return f"This voucher was redeemed at {voucher.redeemed_at:%Y-%m-%d %H:%M} UTC{by}."
    if voucher.valid_from > at:
        return f"This voucher is valid from {voucher.valid_from:%Y-%m-%d %H:%M} UTC."
    return f"This voucher was valid until {voucher.valid_to:%Y-%m-%d %H:%M} UTC."


def _uuid(value: Any) -> UUID:
    return value if isinstance(value, UUID) else UUID(hex=str(value))
