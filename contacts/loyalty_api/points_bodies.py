from __future__ import annotations

from typing import Any

from rest_framework import serializers

from common.endpoint.strict_body import CamelSerializer, Moment, Text, WholeNumber
from contacts.loyalty_api.amounts import Amount
from contacts.models import PointAccount, PointDefinition, PointTransaction


class PointsInput(CamelSerializer):
    """Points to award or to redeem."""

    definition_id = WholeNumber(required=True)
    amount = Amount(required=True)
    description = Text(max_length=500)
    reason = Text(max_length=200)
    user_id = Text(max_length=64)
    user_name = Text(max_length=150)
    source = Text(max_length=120, source="source_text")  # type: ignore[assignment]
    source_id = Text(max_length=200)


class TransactionFilter(CamelSerializer):
    definition_id = serializers.RegexField(r"^[1-9][0-9]{0,9}$", required=False)


class TransactionBody(CamelSerializer):
    id = serializers.UUIDField()
    definition_id = WholeNumber(source="account.definition.number")
    kind = Text()
    amount = Amount()
    remaining = Amount()
    expires_at = Moment()
    source = Text()  # type: ignore[assignment]
    description = Text()
    reason = Text()
    user_id = Text()
    user_name = Text()
    source_id = Text()
    occurred_at = Moment()
    recorded_at = Moment()


def transaction_body(transaction: PointTransaction) -> dict[str, Any]:
    return TransactionBody(transaction).data


def definition_body(definition: PointDefinition) -> dict[str, Any]:
    return {
        "id": definition.number,
        "name": definition.name,
        "expiresAfterDays": definition.expires_after_days,
        "isActive": definition.is_active,
        "isToldBySource": bool(definition.source_key),
    }


def account_body(account: PointAccount) -> dict[str, Any]:
    """Return an account; the balance of one is null until the source that keeps it told it."""
    is_untold = account.told_by and account.balance_told_at is None
    expires_at = account.expires_at
    return {
        "accountId": account.pk,
        "definitionId": account.definition.number,
        "name": account.definition.name,
        "balance": None if is_untold else float(account.balance),
        "expiresAt": Moment().to_representation(expires_at) if expires_at else None,
        "isToldBySource": bool(account.told_by),
    }
