"""Points, vouchers and promotions for the schema."""

from __future__ import annotations

from typing import Final

from common.endpoint.description import Group
from contacts.loyalty_api.api_description.points import POINTS_ENDPOINTS
from contacts.loyalty_api.api_description.promotions import PROMOTION_ENDPOINTS
from contacts.loyalty_api.api_description.schemas import LOYALTY_SCHEMAS
from contacts.loyalty_api.api_description.vouchers import VOUCHER_ENDPOINTS

LOYALTY: Final = Group(
    tag="Loyalty",
    description=(
        "Points, reward vouchers and promotions of contacts. A `sourceId` of your own makes a "
        "request safe to send again. For keys with `loyalty:read` and `loyalty:write`."
    ),
    endpoints=(*POINTS_ENDPOINTS, *VOUCHER_ENDPOINTS, *PROMOTION_ENDPOINTS),
    schemas=LOYALTY_SCHEMAS,
)
