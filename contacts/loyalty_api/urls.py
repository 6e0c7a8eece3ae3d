from __future__ import annotations

from django.urls import URLPattern, path
from rest_framework.views import APIView

from contacts.loyalty_api.points_views import (
    AccountsView,
    AwardView,
    DefinitionsView,
    RedeemView,
    TransactionsView,
)
from contacts.loyalty_api.promotion_views import (
    AssignmentRedeemView,
    AssignmentsView,
    AssignView,
    PromotionsView,
    PromotionView,
)
from contacts.loyalty_api.voucher_views import (
    VoucherRedeemView,
    VouchersView,
    VoucherView,
)

_CONTACT = "contacts/<uuid:contact_id>"
_VIEWS: dict[str, tuple[type[APIView], str]] = {
    "point-definitions": (DefinitionsView, "point-definitions"),
    f"{_CONTACT}/points": (AccountsView, "points"),
    f"{_CONTACT}/points/transactions": (TransactionsView, "point-transactions"),
    f"{_CONTACT}/points/award": (AwardView, "points-award"),
    f"{_CONTACT}/points/redeem": (RedeemView, "points-redeem"),
    f"{_CONTACT}/promotions": (AssignmentsView, "assignments"),
    "vouchers": (VouchersView, "vouchers"),
    "vouchers/<uuid:voucher_id>": (VoucherView, "voucher"),
    "vouchers/<uuid:voucher_id>/redeem": (VoucherRedeemView, "voucher-redeem"),
    "promotions": (PromotionsView, "promotions"),
    "promotions/<uuid:promotion_id>": (PromotionView, "promotion"),
    "promotions/<uuid:promotion_id>/assign": (AssignView, "promotion-assign"),
    "promotion-assignments/<uuid:assignment_id>/redeem": (
        AssignmentRedeemView,
        "assignment-redeem",
    ),
}


def _both_forms(address: str, view: type[APIView], name: str) -> list[URLPattern]:
    """Return the address without and with a slash at its end."""
    answer = view.as_view()
    whole = f"api/v1/{address}"
    return [path(whole, answer, name=f"loyalty-{name}"), path(f"{whole}/", answer)]


urlpatterns = [each for address, view in _VIEWS.items() for each in _both_forms(address, *view)]
