"""How vouchers are made, found and redeemed."""

from __future__ import annotations

from typing import Final

from common.endpoint.description import Endpoint, in_path, in_query
from common.endpoint.description.shapes import PAGING, ROW_ID, page
from contacts.loyalty_api.api_description.operations import (
    REPEATED,
    SOURCE_USED,
    conflict,
    reading,
    writing,
)
from contacts.loyalty_api.api_description.schemas import CONTACT_ID, VOUCHER
from contacts.loyalty_api.view import NOT_REDEEMABLE, REFUSED
from sites.api_keys.key_operations import body_of, found

_VOUCHER: Final = in_path("voucher_id", "The id of the voucher.", ROW_ID, format="uuid")

VOUCHER_ENDPOINTS: Final = (
    Endpoint(
        url_name="loyalty-vouchers",
        operations={
            "get": reading(
                "listVouchers",
                "List vouchers",
                found("A page, newest first.", "Vouchers", page(VOUCHER)),
                parameters=(
                    in_query("contactId", "Only of this contact.", CONTACT_ID, format="uuid"),
                    in_query("uniqueCode", "The one with this code.", "7KMX-94TQ-RWB2-HN5D"),
                    *PAGING,
                ),
            ),
            "post": writing(
                "createVoucher",
                "Make a voucher",
                (
                    found("It was made.", "Voucher", VOUCHER, 201),
                    found(REPEATED, "Voucher", VOUCHER),
                    conflict(
                        REFUSED,
                        "it cannot be, and `detail` says why.",
                        "Another voucher of this site has this code already.",
                    ),
                    SOURCE_USED,
                ),
                body=body_of(
                    "NewVoucher",
                    {
                        "usual": {
                            "contactId": CONTACT_ID,
                            "amount": 50,
                            "currency": "SEK",
                            "validTo": "2099-06-15T23:59:59+02:00",
                            "sourceId": "birthday-2026-4711",
                        }
                    },
                ),
            ),
        },
    ),
    Endpoint(
        url_name="loyalty-voucher",
        parameters=(_VOUCHER,),
        operations={
            "get": reading(
                "readVoucher", "Read a voucher", found("The voucher.", "Voucher", VOUCHER)
            )
        },
    ),
    Endpoint(
        url_name="loyalty-voucher-redeem",
        parameters=(_VOUCHER,),
        operations={
            "post": writing(
                "redeemVoucher",
                "Redeem a voucher",
                (
                    found(
                        "It is used up.",
                        "Voucher",
                        {**VOUCHER, "redeemedAt": VOUCHER["createdAt"], "redeemedBy": "API: Till"},
                    ),
                    conflict(
                        NOT_REDEEMABLE,
                        "it was redeemed, is not valid yet, or no more.",
                        "This voucher was redeemed at 2026-11-20 08:00 UTC by API: Till.",
                    ),
                ),
                description="Without a body. Of several who try at once, one succeeds.",
            )
        },
    ),
)
