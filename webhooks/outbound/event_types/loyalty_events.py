"""Points, vouchers and promotions, in Engage's shapes.

What Patchbay keeps itself has every key, but for `balanceExpires` where nothing expires; what a
source told goes out as it came in. So the schemas require no key: senders write them in either
casing. As documented, a voucher's are in PascalCase (Voyado developer documentation, *Webhooks*).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from webhooks.outbound.event_types.event_type import (
    EventType,
    Group,
    Schema,
    number,
    object_schema,
    text,
    text_or_null,
)

_CONTACT_ID: Final = "515c1b2a-7124-4bb9-826b-aedbbe5da8c4"
POINTS: Final = "loyalty.addPoints"
BALANCE: Final = "point.balance.updated"
VOUCHER: Final = "reward.voucher.created"
PROMOTION: Final = "promotion.multichannel.assigned"

_WHO: Final = text("The contact's id here; of an event that came in, at the system it came from.")
_TEXT_OR_NUMBER: Final[Schema] = {"type": ["string", "integer"]}


def _type(
    key: str,
    label: str,
    description: str,
    properties: Mapping[str, Schema],
    example: Mapping[str, Any],
) -> EventType:
    return EventType(
        key=key,
        group=Group.LOYALTY,
        label=label,
        description=description,
        schema=object_schema(properties, required=()),
        example=example,
    )


LOYALTY_EVENT_TYPES: Final = (
    _type(
        POINTS,
        "Points added",
        "Points were added to a contact; holds the transaction.",
        {
            "contactId": _WHO,
            "amount": number(),
            "pointDefinitionId": _TEXT_OR_NUMBER,
            "source": text_or_null(),
            "description": text_or_null(),
            "userId": text_or_null(),
            "userName": text_or_null(),
            "reason": text_or_null(),
            "sourceId": text_or_null(),
        },
        {
            "amount": 100.5,
            "contactId": _CONTACT_ID,
            "pointDefinitionId": 1,
            "source": "Automation",
            "description": "Welcome points",
            "userId": "3c2b2a6e-8a55-4b0f-8a34-0a5d6f1f9b10",
            "userName": "anna.admin",
            "reason": "New member",
            "sourceId": "welcome-2024",
        },
    ),
    _type(
        BALANCE,
        "Point balance updated",
        "The point balance of a contact changed.",
        {
            "contactId": _WHO,
            "balance": number(),
            "accountId": _TEXT_OR_NUMBER,
            "definitionId": _TEXT_OR_NUMBER,
            "balanceExpires": text_or_null(format="date-time"),
        },
        {"balance": 2500.75, "contactId": _CONTACT_ID, "accountId": 999, "definitionId": "1"},
    ),
    _type(
        VOUCHER,
        "Voucher created",
        "A reward voucher was created for a contact. Its keys begin with capitals.",
        {
            "ContactId": _WHO,
            "Amount": number(),
            "Currency": text_or_null(),
            "Id": text(),
            "UniqueCode": text_or_null(),
            "ValidFrom": text_or_null(format="date-time"),
            "ValidTo": text_or_null(format="date-time"),
        },
        {
            "Amount": 50.0,
            "ContactId": _CONTACT_ID,
            "Currency": "SEK",
            "Id": "7a0f9a52-4a4e-4f9f-8a39-4f1f6d1d2e11",
            "UniqueCode": "ABCD-1234-EFGH",
            "ValidFrom": "2024-03-15T00:00:00+01:00",
            "ValidTo": "2024-06-15T23:59:59+02:00",
        },
    ),
    _type(
        PROMOTION,
        "Promotion assigned",
        "A multichannel promotion was assigned to a contact.",
        {
            "contactId": _WHO,
            "id": text(),
            "promotionId": text(),
            "externalId": text_or_null(),
            "name": text_or_null(),
            "expiresOn": text_or_null(format="date-time"),
            "redemptionChannels": {"type": ["array", "null"], "items": {"type": "object"}},
        },
        {
            "contactId": _CONTACT_ID,
            "id": "5f3d1c2b-9a77-4c66-b0a4-2e1f0d9c8b7a",
            "promotionId": "b7c1d3e5-0f2a-4b6c-8d9e-1a2b3c4d5e6f",
            "externalId": "PROMO-2024-03",
            "name": "20 percent off spring shoes",
            "expiresOn": "2024-04-30T23:59:59+02:00",
            "redemptionChannels": [
                {
                    "type": "POS",
                    "valueType": "PERCENT",
                    "value": "20",
                    "localValues": [],
                    "instruction": "Scan the member card",
                }
            ],
        },
    ),
)
LOYALTY_TYPES: Final = frozenset(each.key for each in LOYALTY_EVENT_TYPES)
