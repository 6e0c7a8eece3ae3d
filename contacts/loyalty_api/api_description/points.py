"""How points are read, awarded and redeemed."""

from __future__ import annotations

from typing import Final

from common.endpoint.description import Endpoint, in_query
from common.endpoint.description.shapes import PAGING, page
from contacts.loyalty.points_order import KEPT_ELSEWHERE
from contacts.loyalty_api.api_description.operations import (
    OF_CONTACT,
    REPEATED,
    SOURCE_USED,
    conflict,
    reading,
    writing,
)
from contacts.loyalty_api.api_description.schemas import ACCOUNT, DEFINITION, TRANSACTION
from contacts.loyalty_api.view import NOT_ENOUGH_POINTS, REFUSED
from sites.api_keys.key_operations import body_of, found

_KEPT: Final = conflict(REFUSED, "it cannot be, and `detail` says why.", KEPT_ELSEWHERE)
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
        parameters=(OF_CONTACT,),
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
        parameters=(OF_CONTACT,),
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
        parameters=(OF_CONTACT,),
        operations={
            "post": writing(
                "awardPoints",
                "Award points",
                (
                    found("They were awarded.", "PointsChanged", _CHANGED, 201),
                    found(REPEATED, "PointsChanged", _CHANGED),
                    _KEPT,
                    SOURCE_USED,
                ),
                body=body_of("Points", _POINTS),
            )
        },
    ),
    Endpoint(
        url_name="loyalty-points-redeem",
        parameters=(OF_CONTACT,),
        operations={
            "post": writing(
                "redeemPoints",
                "Redeem points",
                (
                    found("They were redeemed.", "PointsChanged", _REDEEMED, 201),
                    found(REPEATED, "PointsChanged", _REDEEMED),
                    conflict(
                        NOT_ENOUGH_POINTS,
                        "the contact has fewer.",
                        "The contact has 3.5 of these points.",
                    ),
                    _KEPT,
                    SOURCE_USED,
                ),
                description="What expires first goes first. Points that expired do not count.",
                body=body_of("Points", _POINTS),
            )
        },
    ),
)
