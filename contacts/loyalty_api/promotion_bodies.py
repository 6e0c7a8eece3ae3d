from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from common.endpoint.strict_body import CamelSerializer, Json, Moment, Text, WholeNumber, YesNo
from contacts.loyalty.redemption_channels import TYPES
from contacts.loyalty.validity import status_of
from contacts.models import Promotion, PromotionAssignment

MOST_CONTACTS: Final = 500


class PromotionPatch(CamelSerializer):
    name = Text(max_length=200)
    external_id = Text(max_length=200)
    is_draft = YesNo(required=False)
    starts_at = Moment(allow_null=True)
    ends_at = Moment(allow_null=True)
    assigned_unit = serializers.ChoiceField(choices=["", *Promotion.Unit.values], required=False)
    assigned_amount = WholeNumber(required=False, allow_null=True)
    heading = Text(max_length=200)
    description = Text(max_length=2000)
    link = Text(max_length=500)
    redemption_channels = Json(list, required=False)


class PromotionInput(PromotionPatch):
    name = Text(max_length=200, required=True)


class ContactIds(serializers.Field[Any, Any, Any, Any]):
    def to_internal_value(self, data: Any) -> list[UUID]:
        if not isinstance(data, list) or not 1 <= len(data) <= MOST_CONTACTS:
            raise ValidationError(f"Expected a list of 1 to {MOST_CONTACTS} ids.")
        try:
            return [UUID(each) for each in data if isinstance(each, str) or _refuse()]
        except ValueError:
            raise ValidationError("Expected ids of contacts (UUID).") from None


class AssignInput(CamelSerializer):
    contact_ids = ContactIds()
    source_id = Text(max_length=200)


class RedeemInput(CamelSerializer):
    channel = serializers.ChoiceField(choices=TYPES)


class _PromotionBody(CamelSerializer):
    id = serializers.UUIDField()
    name = Text()
    external_id = Text()
    is_draft = YesNo()
    starts_at = Moment()
    ends_at = Moment()
    assigned_unit = Text()
    assigned_amount = WholeNumber()
    heading = Text()
    description = Text()
    link = Text()
    redemption_channels = Json(list)
    created_at = Moment()
    updated_at = Moment()


class _AssignmentBody(CamelSerializer):
    id = serializers.UUIDField()
    promotion_id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    name = Text(source="promotion.name")
    external_id = Text(source="promotion.external_id")
    assigned_at = Moment()
    expires_at = Moment()
    redeemed_at = Moment()
    redeemed_channel = Text()
    redemption_channels = Json(list, source="promotion.redemption_channels")
    source_id = Text()


def promotion_body(promotion: Promotion, now: datetime) -> dict[str, Any]:
    return {
        **_PromotionBody(promotion).data,
        "status": status_of(promotion, now),
        "isToldBySource": bool(promotion.source_key),
    }


def assignment_body(assignment: PromotionAssignment) -> dict[str, Any]:
    return _AssignmentBody(assignment).data


def _refuse() -> bool:
    raise ValueError
