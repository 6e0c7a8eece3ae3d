"""What is said about a person's points, vouchers and promotions, in no vendor's words.

Amounts are Decimals with at most four places. `source_id` is the sender's own id of the fact: the
same one again is the same fact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any


@dataclass(slots=True, kw_only=True)
class PointsFact:
    """Points that were added, or taken when `amount` is negative (Engage: `loyalty.addPoints`)."""

    definition: int
    amount: Decimal
    source: str = ""
    description: str = ""
    reason: str = ""
    user_id: str = ""
    user_name: str = ""
    source_id: str = ""
    occurred_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class BalanceFact:
    """What a sender says that an account holds (Engage: `point.balance.updated`)."""

    definition: int
    balance: Decimal
    account_id: str = ""
    expires_at: datetime | None = None
    occurred_at: datetime | None = None


@dataclass(slots=True, kw_only=True)
class VoucherFact:
    """A voucher that was made (Engage: `reward.voucher.created`)."""

    amount: Decimal
    currency: str
    unique_code: str
    external_id: str = ""
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    source_id: str = ""


@dataclass(slots=True, kw_only=True)
class PromotionFact:
    """A promotion that was assigned (Engage: `promotion.multichannel.assigned`)."""

    promotion_id: str
    assignment_id: str = ""
    external_id: str = ""
    name: str = ""
    expires_at: datetime | None = None
    redemption_channels: tuple[Mapping[str, Any], ...] = ()
    source_id: str = ""


LoyaltyFact = PointsFact | BalanceFact | VoucherFact | PromotionFact
