from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as InvalidModel
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from common.admin.key_pages import KeyStream
from common.endpoint.conflict import Conflict
from common.endpoint.pages import in_order, page_response
from common.uses import InUse
from contacts.loyalty.assigning import assignment_redeem, promotions_assign
from contacts.loyalty.promotions import promotion_delete, promotion_save
from contacts.loyalty.vouchers import NotRedeemable
from contacts.loyalty_api.promotion_bodies import (
    AssignInput,
    PromotionInput,
    PromotionPatch,
    RedeemInput,
    assignment_body,
    promotion_body,
)
from contacts.loyalty_api.view import (
    IN_USE,
    NOT_REDEEMABLE,
    LoyaltyView,
    found_or_404,
    invalid,
)
from contacts.models import Promotion, PromotionAssignment


class PromotionsView(LoyaltyView):
    http_method_names: Sequence[str] = ("get", "head", "post", "options")

    def get(self, request: Request) -> Response:
        now = timezone.now()
        rows = Promotion.objects.filter(site=self.site)
        return page_response(
            request,
            [KeyStream(rows=rows.order_by())],
            lambda keys: [promotion_body(row, now) for row in in_order(keys, rows.in_bulk(keys))],
        )

    def post(self, request: Request) -> Response:
        values = PromotionInput().read_or_refuse(request.data)
        return self.save(Promotion(site=self.site), values, HTTPStatus.CREATED)

    def save(self, promotion: Promotion, values: dict[str, Any], status: int) -> Response:
        for name, value in values.items():
            setattr(promotion, name, value)
        try:
            promotion_save(promotion=promotion, actor=self.actor)
        except InvalidModel as error:
            raise invalid(error) from None
        return Response(promotion_body(promotion, timezone.now()), status)


class PromotionView(PromotionsView):
    http_method_names = ("get", "head", "patch", "delete", "options")

    def get(self, request: Request, promotion_id: UUID) -> Response:  # type: ignore[override]
        return Response(promotion_body(self._promotion(promotion_id), timezone.now()))

    def patch(self, request: Request, promotion_id: UUID) -> Response:
        values = PromotionPatch().read_or_refuse(request.data)
        return self.save(self._promotion(promotion_id), values, HTTPStatus.OK)

    def delete(self, request: Request, promotion_id: UUID) -> Response:
        try:
            promotion_delete(promotion=self._promotion(promotion_id), actor=self.actor)
        except InUse as error:
            raise Conflict(IN_USE, " ".join(error.messages)) from None
        return Response(status=HTTPStatus.NO_CONTENT)

    def _promotion(self, promotion_id: UUID) -> Promotion:
        rows = Promotion.objects.filter(site=self.site)
        promotion: Promotion = found_or_404(rows, promotion_id)
        return promotion


class AssignView(LoyaltyView):
    """Gives a promotion to up to 500 contacts; what became of each is told in their order."""

    http_method_names = ("post", "options")

    def post(self, request: Request, promotion_id: UUID) -> Response:
        given = AssignInput().read_or_refuse(request.data)
        rows = Promotion.objects.filter(site=self.site).select_related("site")
        promotion = found_or_404(rows, promotion_id)
        contact_ids, source_id = given["contact_ids"], given.get("source_id", "")
        outcomes = promotions_assign(
            promotion=promotion,
            contact_ids=contact_ids,
            source=self.change_source(),
            source_ids=dict.fromkeys(contact_ids, source_id),
        )
        results = [
            {
                "contactId": str(contact_id),
                "assignment": assignment_body(each.assignment) if each.assignment else None,
                "isRepeat": each.is_repeat,
                "refusal": each.refusal,
            }
            for contact_id, each in zip(contact_ids, outcomes, strict=True)
        ]
        return Response({"results": results})


class AssignmentsView(LoyaltyView):
    """The promotions that a contact has or had, newest first."""

    http_method_names = ("get", "head", "options")

    def get(self, request: Request, contact_id: UUID) -> Response:
        self.check_contact(contact_id)
        rows = PromotionAssignment.objects.filter(contact=contact_id)
        whole = rows.select_related("promotion")
        return page_response(
            request,
            [KeyStream(rows=rows.order_by())],
            lambda keys: [assignment_body(row) for row in in_order(keys, whole.in_bulk(keys))],
        )


class AssignmentRedeemView(LoyaltyView):
    http_method_names = ("post", "options")

    def post(self, request: Request, assignment_id: UUID) -> Response:
        channel = RedeemInput().read_or_refuse(request.data)["channel"]
        rows = PromotionAssignment.objects.filter(promotion__site=self.site)
        assignment = found_or_404(rows.select_related("promotion"), assignment_id)
        try:
            assignment_redeem(assignment=assignment, channel=channel, source=self.change_source())
        except NotRedeemable as error:
            raise Conflict(NOT_REDEEMABLE, str(error)) from None
        return Response(assignment_body(assignment))
