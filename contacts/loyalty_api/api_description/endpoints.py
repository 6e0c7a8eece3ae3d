from __future__ import annotations

from typing import Final

from common.endpoint.description import Answer, Endpoint, in_path, in_query
from common.endpoint.description.shapes import PAGING, ROW_ID, page
from contacts.loyalty.points_order import KEPT_ELSEWHERE
from contacts.loyalty_api.api_description.operations import conflict, reading, writing
from contacts.loyalty_api.api_description.schemas import (
    ACCOUNT,
    ASSIGNMENT,
    CHANNELS,
    CONTACT_ID,
    DEFINITION,
    PROMOTION,
    TRANSACTION,
    VOUCHER,
)
from contacts.loyalty_api.view import (
    IN_USE,
    NOT_ENOUGH_POINTS,
    NOT_REDEEMABLE,
    REFUSED,
    SOURCE_ID_USED,
    SOURCE_ID_USED_DETAIL,
)
from sites.api_keys.key_operations import body_of, found

_CONTACT: Final = in_path("contact_id", "The `id` of the contact.", CONTACT_ID, format="uuid")
_VOUCHER: Final = in_path("voucher_id", "The id of the voucher.", ROW_ID, format="uuid")
_PROMOTION: Final = in_path("promotion_id", "The id of the promotion.", ROW_ID, format="uuid")
_USED: Final = conflict(
    SOURCE_ID_USED, "the `sourceId` came with something else before.", SOURCE_ID_USED_DETAIL
)
_KEPT: Final = conflict(REFUSED, "it cannot be, and `detail` says why.", KEPT_ELSEWHERE)
_REPEATED: Final = "It was done before, under the same `sourceId`; nothing was done again."
_POINTS: Final = {
    "usual": {
        "definitionId": 1,
        "amount": 10.5,
        "description": "Order 1001",
        "sourceId": "order-1001",
    },
    "least": {"definitionId": 1, "amount": 5},
}
_CHANGED: Final = {"transaction": TRANSACTION, "balance": 100.5}
_REDEEMED: Final = {
    "transaction": {
        **TRANSACTION,
        "kind": "redeem",
        "amount": -10.5,
        "remaining": 0.0,
        "expiresAt": None,
    },
    "balance": 90.0,
}

POINTS_ENDPOINTS: Final = (
    Endpoint(
        url_name="loyalty-point-definitions",
        operations={
            "get": reading(
                "listPointDefinitions",
                "The kinds of points of the site",
                found("All of them.", "PointDefinitions", page(DEFINITION)),
            )
        },
    ),
    Endpoint(
        url_name="loyalty-points",
        parameters=(_CONTACT,),
        operations={
            "get": reading(
                "readPoints",
                "What points a contact has",
                found("One account for each kind.", "PointAccounts", page(ACCOUNT)),
            )
        },
    ),
    Endpoint(
        url_name="loyalty-point-transactions",
        parameters=(_CONTACT,),
        operations={
            "get": reading(
                "listPointTransactions",
                "What points came and went",
                found("A page, newest first.", "PointTransactions", page(TRANSACTION)),
                parameters=(
                    in_query("definitionId", "Only of these points.", "1", pattern="^[1-9][0-9]*$"),
                    *PAGING,
                ),
            )
        },
    ),
    Endpoint(
        url_name="loyalty-points-award",
        parameters=(_CONTACT,),
        operations={
            "post": writing(
                "awardPoints",
                "Award points",
                (
                    found("They were awarded.", "PointsChanged", _CHANGED, 201),
                    found(_REPEATED, "PointsChanged", _CHANGED),
                    _KEPT,
                    _USED,
                ),
                body=body_of("Points", _POINTS),
            )
        },
    ),
    Endpoint(
        url_name="loyalty-points-redeem",
        parameters=(_CONTACT,),
        operations={
            "post": writing(
                "redeemPoints",
                "Redeem points",
                (
                    found("They were redeemed.", "PointsChanged", _REDEEMED, 201),
                    found(_REPEATED, "PointsChanged", _REDEEMED),
                    conflict(
                        NOT_ENOUGH_POINTS,
                        "the contact has fewer.",
                        "The contact has 3.5 of these points.",
                    ),
                    _KEPT,
                    _USED,
                ),
                description="What expires first goes first. Points that expired do not count.",
                body=body_of("Points", _POINTS),
            )
        },
    ),
)

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
                    found(_REPEATED, "Voucher", VOUCHER),
                    conflict(
                        REFUSED,
                        "it cannot be, and `detail` says why.",
                        "Another voucher of this site has this code already.",
                    ),
                    _USED,
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

_NEW_PROMOTION: Final = {
    "name": "20 percent off spring shoes",
    "isDraft": False,
    "endsAt": "2099-04-30T23:59:59+02:00",
    "assignedUnit": "Days",
    "assignedAmount": 30,
    "redemptionChannels": CHANNELS,
}
PROMOTION_ENDPOINTS: Final = (
    Endpoint(
        url_name="loyalty-promotions",
        operations={
            "get": reading(
                "listPromotions",
                "List promotions",
                found("A page, newest first.", "Promotions", page(PROMOTION)),
                parameters=PAGING,
            ),
            "post": writing(
                "createPromotion",
                "Add a promotion",
                (found("It was added.", "Promotion", PROMOTION, 201),),
                body=body_of("NewPromotion", {"usual": _NEW_PROMOTION}),
            ),
        },
    ),
    Endpoint(
        url_name="loyalty-promotion",
        parameters=(_PROMOTION,),
        operations={
            "get": reading(
                "readPromotion",
                "Read a promotion",
                found("The promotion.", "Promotion", PROMOTION),
            ),
            "patch": writing(
                "patchPromotion",
                "Change a promotion",
                (found("As it is now.", "Promotion", PROMOTION),),
                description="Assignments that were made keep the expiry that they got.",
                body=body_of("PromotionPatch", {"end": {"endsAt": "2099-05-31T22:00:00Z"}}),
            ),
            "delete": writing(
                "deletePromotion",
                "Delete a promotion that nobody has",
                (
                    Answer(status=204, description="It is gone."),
                    conflict(
                        IN_USE,
                        "contacts have it, or something uses it.",
                        "Contacts have “Spring”, so it cannot be deleted. Give it an end instead.",
                    ),
                ),
            ),
        },
    ),
    Endpoint(
        url_name="loyalty-promotion-assign",
        parameters=(_PROMOTION,),
        operations={
            "post": writing(
                "assignPromotion",
                "Give a promotion to contacts",
                (
                    found(
                        "What became of each, in their order.",
                        "AssignResults",
                        {
                            "results": [
                                {
                                    "contactId": CONTACT_ID,
                                    "assignment": ASSIGNMENT,
                                    "isRepeat": False,
                                    "refusal": "",
                                }
                            ]
                        },
                    ),
                ),
                description="Who has it already keeps what they have.",
                body=body_of(
                    "AssignRequest",
                    {"usual": {"contactIds": [CONTACT_ID], "sourceId": "spring-2026"}},
                ),
            )
        },
    ),
    Endpoint(
        url_name="loyalty-assignments",
        parameters=(_CONTACT,),
        operations={
            "get": reading(
                "listAssignments",
                "The promotions that a contact has or had",
                found("A page, newest first.", "Assignments", page(ASSIGNMENT)),
                parameters=PAGING,
            )
        },
    ),
    Endpoint(
        url_name="loyalty-assignment-redeem",
        parameters=(in_path("assignment_id", "The id of the assignment.", ROW_ID, format="uuid"),),
        operations={
            "post": writing(
                "redeemAssignment",
                "Redeem a promotion that a contact has",
                (
                    found(
                        "It is used up.",
                        "Assignment",
                        {
                            **ASSIGNMENT,
                            "redeemedAt": ASSIGNMENT["assignedAt"],
                            "redeemedChannel": "POS",
                        },
                    ),
                    conflict(
                        NOT_REDEEMABLE,
                        "it was redeemed, is over, or not for this channel.",
                        "“Spring” is redeemed by POS, not by ECOM.",
                    ),
                ),
                body=body_of("RedeemRequest", {"at_a_till": {"channel": "POS"}}),
            )
        },
    ),
)
