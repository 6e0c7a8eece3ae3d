from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.admin.key_pages import KeyStream
from common.endpoint.conflict import Conflict
from common.endpoint.pages import filters_in, in_order, page_response
from common.endpoint.strict_body import CamelSerializer, Moment, Text
from contacts.loyalty.vouchers import (
    NotRedeemable,
    VoucherOrder,
    voucher_redeem,
    vouchers_create,
)
from contacts.loyalty_api.amounts import Amount, Id
from contacts.loyalty_api.view import (
    NO_SUCH_CONTACT,
    NOT_REDEEMABLE,
    REFUSED,
    SOURCE_ID_USED,
    SOURCE_ID_USED_DETAIL,
    LoyaltyView,
    found_or_404,
)
from contacts.models import RewardVoucher


class VoucherInput(CamelSerializer):
    """A voucher to make; the code is drawn unless given."""

    contact_id = Id(required=True)
    amount = Amount(required=True)
    currency = serializers.RegexField(
        r"^[A-Z]{3}$", error_messages={"invalid": "Expected three capital letters, such as SEK."}
    )
    unique_code = Text(max_length=64)
    valid_from = Moment()
    valid_to = Moment()
    description = Text(max_length=500)
    source_id = Text(max_length=200)


class VoucherFilter(CamelSerializer):
    contact_id = Id(required=False)
    unique_code = Text(max_length=64)


class VoucherBody(CamelSerializer):
    id = serializers.UUIDField()
    contact_id = serializers.UUIDField()
    amount = Amount()
    currency = Text()
    unique_code = Text()
    valid_from = Moment()
    valid_to = Moment()
    redeemed_at = Moment()
    redeemed_by = Text()
    description = Text()
    source_id = Text()
    created_at = Moment()


def voucher_body(voucher: RewardVoucher) -> dict[str, Any]:
    return VoucherBody(voucher).data


class VouchersView(LoyaltyView):
    http_method_names = ("get", "head", "post", "options")

    def get(self, request: Request) -> Response:
        asked = VoucherFilter().read_query(filters_in(request))
        rows = RewardVoucher.objects.filter(site=self.site)
        return page_response(
            request,
            [KeyStream(rows=rows.filter(**asked).order_by())],
            lambda keys: [voucher_body(row) for row in in_order(keys, rows.in_bulk(keys))],
        )

    def post(self, request: Request) -> Response:
        order = VoucherOrder(**VoucherInput().read_or_refuse(request.data))
        if not self.has_contact(order.contact_id):
            raise ValidationError({"contactId": NO_SUCH_CONTACT})
        (outcome,) = vouchers_create(site=self.site, orders=[order], source=self.change_source())
        voucher = outcome.voucher
        if voucher is None:
            raise Conflict(REFUSED, outcome.refusal)
        if outcome.is_repeat and not _is_of(voucher, order):
            raise Conflict(SOURCE_ID_USED, SOURCE_ID_USED_DETAIL)
        status = HTTPStatus.OK if outcome.is_repeat else HTTPStatus.CREATED
        return Response(voucher_body(voucher), status)


class VoucherView(LoyaltyView):
    http_method_names = ("get", "head", "options")

    def get(self, request: Request, voucher_id: UUID) -> Response:
        rows = RewardVoucher.objects.filter(site=self.site)
        return Response(voucher_body(found_or_404(rows, voucher_id)))


class VoucherRedeemView(LoyaltyView):
    """Uses a voucher up; of several who try at once, one is answered with 200."""

    http_method_names = ("post", "options")

    def post(self, request: Request, voucher_id: UUID) -> Response:
        voucher = found_or_404(RewardVoucher.objects.filter(site=self.site), voucher_id)
        try:
            voucher_redeem(voucher=voucher, source=self.change_source())
        except NotRedeemable as error:
            raise Conflict(NOT_REDEEMABLE, str(error)) from None
        return Response(voucher_body(voucher))


def _is_of(voucher: RewardVoucher, order: VoucherOrder) -> bool:
    made = (voucher.contact_id, voucher.amount, voucher.currency)
    return made == (order.contact_id, order.amount, order.currency)
