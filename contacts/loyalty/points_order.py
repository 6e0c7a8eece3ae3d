"""What is asked for of points, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from uuid import UUID

from common.identifiers import new_row_id
from contacts.applied_change import ChangeSource
from contacts.loyalty.amounts import BadAmount, amount_checked, amount_text
from contacts.loyalty.lengths import longest
from contacts.models import PointAccount, PointDefinition, PointTransaction
from contacts.normalisation.values import line_normalised

NO_CONTACT: Final = "There is no such contact on this site; it may have been deleted or merged."
KEPT_ELSEWHERE: Final = (
    "A connected system keeps these points of the contact and tells the balance. Change them there."
)
SWITCHED_OFF: Final = "“{name}” is switched off: no more of these points are awarded."
TOO_LONG_ID: Final = "The source id is longer than {most} characters."

_LENGTHS: Final = longest(
    PointTransaction, "source", "description", "reason", "user_id", "user_name", "source_id"
)


@dataclass(slots=True, kw_only=True)
class PointsOrder:
    """Points to award or to redeem; `amount` is above zero either way. Only a correction takes
    points by a negative one.

    `source_text` is shown as where they come from; empty: the label of the source. `source_id` is
    the caller's own id of it, under which a repeat changes nothing. `occurred_at` is now when None.
    """

    contact_id: UUID
    definition: PointDefinition
    amount: Decimal
    description: str = ""
    reason: str = ""
    user_id: str = ""
    user_name: str = ""
    source_text: str = ""
    source_id: str = ""
    occurred_at: datetime | None = None

    @property
    def own_id(self) -> str:
        """Return the source id as it is stored."""
        return line_normalised(self.source_id)


@dataclass(slots=True, kw_only=True)
class PointsOutcome:
    """`transaction` is None when it was refused, and `refusal` says why in a sentence.

    `is_repeat`: the source told it before, nothing was changed; `transaction` is that first one.
    `balance` is what the account has after it.
    """

    transaction: PointTransaction | None = None
    is_repeat: bool = False
    balance: Decimal = Decimal(0)
    refusal: str = ""


class NotEnoughPoints(Exception):
    """The contact has fewer points than were to be taken: `balance`."""

    def __init__(self, balance: Decimal) -> None:
        super().__init__(f"The contact has {amount_text(balance)} of these points.")
        self.balance = balance


def order_refusal(order: PointsOrder, amount: Decimal | None = None) -> str:
    """Return what is wrong with an order as it stands, or an empty text."""
    try:
        amount_checked(order.amount if amount is None else amount)
    except BadAmount as error:
        return str(error)
    if len(order.own_id) > _LENGTHS["source_id"]:
        return TOO_LONG_ID.format(most=_LENGTHS["source_id"])
    return ""


def transaction_of(
    order: PointsOrder,
    account: PointAccount,
    source: ChangeSource,
    kind: PointTransaction.Kind,
    now: datetime,
) -> PointTransaction:
    """Return an order as a transaction that is to be stored; only what it adds is a lot."""
    occurred_at = min(order.occurred_at or now, now).astimezone(UTC)
    is_redeemed = kind is PointTransaction.Kind.REDEEM
    amount = -order.amount if is_redeemed else order.amount
    days = account.definition.expires_after_days
    is_lot = amount > 0
    return PointTransaction(
        id=new_row_id(),
        account=account,
        kind=kind,
        amount=amount,
        remaining=amount if is_lot else Decimal(0),
        expires_at=occurred_at + timedelta(days=days) if is_lot and days else None,
        source=_line(order.source_text or source.label, "source"),
        description=_line(order.description, "description"),
        reason=_line(order.reason, "reason"),
        user_id=_line(order.user_id, "user_id"),
        user_name=_line(order.user_name or source.actor_label, "user_name"),
        source_key=source.key,
        source_id=order.own_id,
        occurred_at=occurred_at,
        recorded_at=now,
        received_event_id=source.received_event_id,
    )


def _line(text: str, name: str) -> str:
    return line_normalised(text)[: _LENGTHS[name]]
