"""How promotions are kept, given and redeemed."""

from __future__ import annotations

from typing import Final

from common.endpoint.description import Answer, Endpoint, in_path
from common.endpoint.description.shapes import PAGING, ROW_ID, page
from contacts.loyalty_api.api_description.operations import OF_CONTACT, conflict, reading, writing
from contacts.loyalty_api.api_description.schemas import (
    ASSIGNMENT,
    CHANNELS,
    CONTACT_ID,
    PROMOTION,
)
from contacts.loyalty_api.view import IN_USE, NOT_REDEEMABLE
from sites.api_keys.key_operations import body_of, found

_PROMOTION: Final = in_path("promotion_id", "The id of the promotion.", ROW_ID, format="uuid")
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
        parameters=(OF_CONTACT,),
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
