from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from contacts.loyalty.amounts import BadAmount, amount_checked


class Amount(serializers.Field[Any, Any, Any, Any]):
    """A JSON number above zero with four decimal places at most; no text, no float in between."""

    def to_internal_value(self, data: Any) -> Decimal:
        if isinstance(data, bool) or not isinstance(data, int | Decimal):
            raise ValidationError("Expected a number.")
        try:
            return amount_checked(Decimal(data))
        except BadAmount as error:
            raise ValidationError(str(error)) from None

    def to_representation(self, value: Decimal) -> float:
        # Fifteen digits at most: a double writes them as they are.
        return float(value)


class Id(serializers.Field[Any, Any, Any, Any]):
    """A UUID as text."""

    def to_internal_value(self, data: Any) -> UUID:
        try:
            return UUID(data) if isinstance(data, str) else _refuse()
        except ValueError:
            return _refuse()

    def to_representation(self, value: Any) -> str:
        return str(value)


def _refuse() -> UUID:
    raise ValidationError("Expected an id (UUID).")
