"""Shapes of the loyalty API, and one example of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from common.endpoint.description import JsonSchema, ref
from common.endpoint.description.shapes import (
    AT,
    FLAG,
    MOMENT,
    NUMBER,
    ROW_ID,
    TEXT,
    UUID,
    described,
    or_null,
    page_of,
    shape,
)
from contacts.loyalty.redemption_channels import TYPES, VALUE_TYPES
from contacts.loyalty_api.promotion_bodies import MOST_CONTACTS
from contacts.models import PointTransaction, Promotion

CONTACT_ID: Final = "01a1fd2b-3c66-7581-8a07-c60e19c84e3d"
_POSITIVE: Final = {
    "type": "number",
    "exclusiveMinimum": 0,
    "maximum": 99999999999.9999,
    "description": "With four decimal places at most.",
}
_AMOUNT: Final = {"type": "number"}
_CURRENCY: Final = {"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217."}
_SOURCE_ID: Final = {
    "type": "string",
    "maxLength": 200,
    "description": "Your own id of it: the same one again, by the same key, does nothing again.",
}


def _text(most: int, description: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {"type": "string", "maxLength": most}
    return {**found, "description": description} if description else found


_CHANNEL: Final = {
    "type": "object",
    "description": "A place of redemption; PERCENT is a whole number as text, MONEY a decimal.",
    "required": ["type", "valueType"],
    "properties": {
        "type": {"enum": list(TYPES)},
        "valueType": {"enum": list(VALUE_TYPES)},
        "value": TEXT,
        "localValues": {"type": "array", "items": {"type": "object"}},
        "instruction": TEXT,
    },
}
_PROMOTION_INPUT: Final[dict[str, Any]] = {
    "name": _text(200),
    "externalId": _text(200, "The id under which tills and shops know it."),
    "isDraft": FLAG,
    "startsAt": or_null(AT),
    "endsAt": or_null(AT),
    "assignedUnit": {"enum": ["", *Promotion.Unit.values]},
    "assignedAmount": or_null(NUMBER, "How many of these an assignment is valid for."),
    "heading": _text(200),
    "description": _text(2000),
    "link": _text(500),
    "redemptionChannels": {"type": "array", "items": ref("RedemptionChannel")},
}

LOYALTY_SCHEMAS: Final[Mapping[str, JsonSchema]] = {
    "PointDefinition": shape(
        {
            "id": NUMBER,
            "name": TEXT,
            "expiresAfterDays": or_null(NUMBER, "Null: they never expire."),
            "isActive": FLAG,
            "isToldBySource": described(FLAG, "A connected system told of them first."),
        }
    ),
    "PointDefinitions": page_of("PointDefinition"),
    "PointAccount": shape(
        {
            "accountId": NUMBER,
            "definitionId": NUMBER,
            "name": TEXT,
            "balance": or_null(_AMOUNT, "Null until the system that keeps it has told it."),
            "expiresAt": or_null(AT, "When points of it expire next."),
            "isToldBySource": described(
                FLAG, "A connected system keeps the balance; it cannot be changed here."
            ),
        }
    ),
    "PointAccounts": page_of("PointAccount"),
    "PointTransaction": shape(
        {
            "id": UUID,
            "definitionId": NUMBER,
            "kind": {"enum": PointTransaction.Kind.values},
            "amount": described(_AMOUNT, "Below zero for what was taken."),
            "remaining": described(_AMOUNT, "What of an award is neither redeemed nor expired."),
            "expiresAt": or_null(AT),
            **dict.fromkeys(
                ("source", "description", "reason", "userId", "userName", "sourceId"), TEXT
            ),
            "occurredAt": AT,
            "recordedAt": AT,
        }
    ),
    "PointTransactions": page_of("PointTransaction"),
    "Points": shape(
        {
            "definitionId": NUMBER,
            "amount": _POSITIVE,
            "description": _text(500),
            "reason": _text(200),
            "userId": _text(64),
            "userName": _text(150),
            "source": _text(120, "Shown as where they come from; the name of the key if empty."),
            "sourceId": _SOURCE_ID,
        },
        required=("definitionId", "amount"),
    ),
    "PointsChanged": shape({"transaction": ref("PointTransaction"), "balance": _AMOUNT}),
    "Voucher": shape(
        {
            "id": UUID,
            "contactId": UUID,
            "amount": _AMOUNT,
            "currency": TEXT,
            "uniqueCode": TEXT,
            "validFrom": AT,
            "validTo": or_null(AT),
            "redeemedAt": or_null(AT),
            "redeemedBy": TEXT,
            "description": TEXT,
            "sourceId": TEXT,
            "createdAt": AT,
        }
    ),
    "Vouchers": page_of("Voucher"),
    "NewVoucher": shape(
        {
            "contactId": UUID,
            "amount": _POSITIVE,
            "currency": _CURRENCY,
            "uniqueCode": _text(64, "Drawn when it is not given."),
            "validFrom": described(AT, "Now, when it is not given."),
            "validTo": AT,
            "description": _text(500),
            "sourceId": _SOURCE_ID,
        },
        required=("contactId", "amount", "currency"),
    ),
    "RedemptionChannel": _CHANNEL,
    "Promotion": shape(
        {
            "id": UUID,
            **_PROMOTION_INPUT,
            "createdAt": AT,
            "updatedAt": AT,
            "status": {"enum": ["Draft", "Scheduled", "Active", "Ended"]},
            "isToldBySource": FLAG,
        }
    ),
    "Promotions": page_of("Promotion"),
    "NewPromotion": shape(_PROMOTION_INPUT, required=("name",)),
    "PromotionPatch": shape(_PROMOTION_INPUT, required=()),
    "Assignment": shape(
        {
            "id": UUID,
            "promotionId": UUID,
            "contactId": UUID,
            "name": TEXT,
            "externalId": TEXT,
            "assignedAt": AT,
            "expiresAt": or_null(AT),
            "redeemedAt": or_null(AT),
            "redeemedChannel": {"enum": ["", *TYPES]},
            "redemptionChannels": {"type": "array", "items": ref("RedemptionChannel")},
            "sourceId": TEXT,
        }
    ),
    "Assignments": page_of("Assignment"),
    "AssignRequest": shape(
        {
            "contactIds": {
                "type": "array",
                "items": UUID,
                "minItems": 1,
                "maxItems": MOST_CONTACTS,
            },
            "sourceId": _SOURCE_ID,
        },
        required=("contactIds",),
    ),
    "AssignResult": shape(
        {
            "contactId": UUID,
            "assignment": {"oneOf": [ref("Assignment"), {"type": "null"}]},
            "isRepeat": described(FLAG, "The contact has it already."),
            "refusal": described(TEXT, "Why it was not assigned, in words."),
        }
    ),
    "AssignResults": shape({"results": {"type": "array", "items": ref("AssignResult")}}),
    "RedeemRequest": shape({"channel": {"enum": list(TYPES)}}),
}

DEFINITION: Final = {
    "id": 1,
    "name": "Bonus points",
    "expiresAfterDays": 365,
    "isActive": True,
    "isToldBySource": False,
}
ACCOUNT: Final = {
    "accountId": 123,
    "definitionId": 1,
    "name": "Bonus points",
    "balance": 100.5,
    "expiresAt": MOMENT,
    "isToldBySource": False,
}
TRANSACTION: Final = {
    "id": ROW_ID,
    "definitionId": 1,
    "kind": "award",
    "amount": 100.5,
    "remaining": 100.5,
    "expiresAt": MOMENT,
    "source": "API: Shop",
    "description": "Order 1001",
    "reason": "",
    "userId": "",
    "userName": "",
    "sourceId": "order-1001",
    "occurredAt": MOMENT,
    "recordedAt": MOMENT,
}
VOUCHER: Final = {
    "id": ROW_ID,
    "contactId": CONTACT_ID,
    "amount": 50.0,
    "currency": "SEK",
    "uniqueCode": "7KMX-94TQ-RWB2-HN5D",
    "validFrom": MOMENT,
    "validTo": None,
    "redeemedAt": None,
    "redeemedBy": "",
    "description": "",
    "sourceId": "",
    "createdAt": MOMENT,
}
CHANNELS: Final = [
    {
        "type": "POS",
        "valueType": "PERCENT",
        "value": "20",
        "localValues": [],
        "instruction": "Scan the member card",
    }
]
PROMOTION: Final = {
    "id": ROW_ID,
    "name": "20 percent off spring shoes",
    "externalId": "",
    "isDraft": False,
    "startsAt": None,
    "endsAt": MOMENT,
    "assignedUnit": "Days",
    "assignedAmount": 30,
    "heading": "",
    "description": "",
    "link": "",
    "redemptionChannels": CHANNELS,
    "createdAt": MOMENT,
    "updatedAt": MOMENT,
    "status": "Active",
    "isToldBySource": False,
}
ASSIGNMENT: Final = {
    "id": ROW_ID,
    "promotionId": ROW_ID,
    "contactId": CONTACT_ID,
    "name": "20 percent off spring shoes",
    "externalId": "",
    "assignedAt": MOMENT,
    "expiresAt": MOMENT,
    "redeemedAt": None,
    "redeemedChannel": "",
    "redemptionChannels": CHANNELS,
    "sourceId": "",
}
