"""Engage's loyalty events as facts.

A part that cannot be used is left out with a note: the event is kept as an activity all the same.
Source: Voyado developer documentation, page *Webhooks*; the promotion's payload is not published.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from integrations.instants import parse_instant
from integrations.json_values import stored_json, text_of
from integrations.loyalty_facts import (
    BalanceFact,
    LoyaltyFact,
    PointsFact,
    PromotionFact,
    VoucherFact,
)
from integrations.presets.voyado_engage.payload import Payload

_LARGEST_NUMBER: Final = 2147483647
_LONGEST_ID: Final = 200
_CURRENCY_LETTERS: Final = 3
_MOST_CHANNELS: Final = 20

Notes = list[str]


def read_points(payload: Payload, event_id: str, notes: Notes) -> LoyaltyFact | None:
    definition = _definition(payload, "pointDefinitionId", notes)
    amount = _number(payload.get("amount"))
    if definition is None or not amount:
        return None
    return PointsFact(
        definition=definition,
        amount=amount,
        source=text_of(payload.get("source")),
        description=text_of(payload.get("description")),
        reason=text_of(payload.get("reason")),
        user_id=text_of(payload.get("userId")),
        user_name=text_of(payload.get("userName")),
        # The documented `sourceId` ("welcome-2024") names a campaign, which may award again.
        source_id=event_id or _id(payload.get("sourceId")),
    )


def read_balance(payload: Payload, event_id: str, notes: Notes) -> LoyaltyFact | None:
    definition = _definition(payload, "definitionId", notes)
    if definition is None:
        return None
    return BalanceFact(
        definition=definition,
        balance=_number(payload.get("balance")),
        account_id=_id(payload.get("accountId")),
        expires_at=parse_instant(payload.get("balanceExpires")),
    )


def read_voucher(payload: Payload, event_id: str, notes: Notes) -> LoyaltyFact | None:
    code, currency = text_of(payload.get("uniqueCode")), text_of(payload.get("currency")).upper()
    if not code or len(currency) != _CURRENCY_LETTERS:
        notes.append("The voucher has no uniqueCode or no currency and is kept as activity only.")
        return None
    external_id = _id(payload.get("id"))
    return VoucherFact(
        amount=_number(payload.get("amount")),
        currency=currency,
        unique_code=code,
        external_id=external_id,
        valid_from=parse_instant(payload.get("validFrom")),
        valid_to=parse_instant(payload.get("validTo")),
        source_id=external_id or event_id,
    )


def read_promotion(payload: Payload, event_id: str, notes: Notes) -> LoyaltyFact | None:
    own, promotion = _id(payload.get("id")), _id(payload.get("promotionId"))
    if not own and not promotion:
        notes.append("The promotion's id is too long; the event is kept as activity only.")
        return None
    # Where only one id came, it is the promotion's.
    assignment = own if promotion else ""
    channels = payload.get("redemptionChannels")
    rows = channels[:_MOST_CHANNELS] if isinstance(channels, list) else []
    return PromotionFact(
        promotion_id=promotion or own,
        assignment_id=assignment,
        external_id=_id(payload.get("externalId")),
        name=text_of(payload.get("name")),
        expires_at=parse_instant(payload.get("expiresOn")),
        redemption_channels=tuple(stored_json(row) for row in rows if isinstance(row, dict)),
        source_id=assignment or event_id,
    )


def _definition(payload: Payload, key: str, notes: Notes) -> int | None:
    """Return the number of the kind of points, which comes as a number or as text."""
    text = text_of(payload.get(key))
    if text.isascii() and text.isdigit() and 1 <= int(text[:11]) <= _LARGEST_NUMBER:
        return int(text)
    notes.append(f"{key} is no whole number; the event is kept as activity only.")
    return None


def _number(value: Any) -> Decimal:
    """Return an amount, of which a reader before this one has seen that it is a number."""
    return value if isinstance(value, Decimal) else Decimal(text_of(value))


def _id(value: Any) -> str:
    """Return an id, or "" for one that is longer than any: a cut id could be another's."""
    text = text_of(value)
    return text if len(text) <= _LONGEST_ID else ""
