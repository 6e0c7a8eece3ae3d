from __future__ import annotations

from http import HTTPStatus
from typing import Any
from uuid import UUID

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.admin.key_pages import KeyStream
from common.endpoint.conflict import Conflict
from common.endpoint.pages import filters_in, in_order, page_response, whole_list
from contacts.loyalty.points import (
    NotEnoughPoints,
    PointsOrder,
    PointsOutcome,
    points_award,
    points_redeem,
)
from contacts.loyalty_api.points_bodies import (
    PointsInput,
    TransactionFilter,
    account_body,
    definition_body,
    transaction_body,
)
from contacts.loyalty_api.view import (
    NOT_ENOUGH_POINTS,
    REFUSED,
    SOURCE_ID_USED,
    SOURCE_ID_USED_DETAIL,
    LoyaltyView,
)
from contacts.models import PointAccount, PointDefinition, PointTransaction


class DefinitionsView(LoyaltyView):
    http_method_names = ("get", "head", "options")

    def get(self, request: Request) -> Response:
        rows = PointDefinition.objects.filter(site=self.site).order_by("number")
        return whole_list([definition_body(row) for row in rows])


class AccountsView(LoyaltyView):
    """What a contact has of each kind of points."""

    http_method_names = ("get", "head", "options")

    def get(self, request: Request, contact_id: UUID) -> Response:
        self.check_contact(contact_id)
        rows = PointAccount.objects.filter(contact=contact_id).select_related("definition")
        return whole_list([account_body(row) for row in rows.order_by("definition__number")])


class TransactionsView(LoyaltyView):
    """What came and went of a contact's points, newest first."""

    http_method_names = ("get", "head", "options")

    def get(self, request: Request, contact_id: UUID) -> Response:
        self.check_contact(contact_id)
        asked = TransactionFilter().read_query(filters_in(request))
        accounts = PointAccount.objects.filter(contact=contact_id)
        if "definition_id" in asked:
            # More digits than a column holds would be an error of the database.
            number = min(int(asked["definition_id"]), 2**31 - 1)
            accounts = accounts.filter(definition__number=number)
        rows = PointTransaction.objects.filter(account__in=list(accounts))
        whole = PointTransaction.objects.select_related("account__definition")
        return page_response(
            request,
            [KeyStream(rows=rows.order_by())],
            lambda keys: [transaction_body(row) for row in in_order(keys, whole.in_bulk(keys))],
        )


class AwardView(LoyaltyView):
    """Points for a contact; 201, or 200 when the `sourceId` was awarded before."""

    http_method_names = ("post", "options")
    kind = PointTransaction.Kind.AWARD

    def post(self, request: Request, contact_id: UUID) -> Response:
        given = PointsInput().read_or_refuse(request.data)
        self.check_contact(contact_id)
        order = self._order(contact_id, given)
        outcome = self.act(order)
        done = outcome.transaction
        if done is None:
            raise Conflict(REFUSED, outcome.refusal)
        if outcome.is_repeat and (done.kind, abs(done.amount)) != (self.kind, order.amount):
            raise Conflict(SOURCE_ID_USED, SOURCE_ID_USED_DETAIL)
        body = {"transaction": transaction_body(done), "balance": float(outcome.balance)}
        return Response(body, HTTPStatus.OK if outcome.is_repeat else HTTPStatus.CREATED)

    def act(self, order: PointsOrder) -> PointsOutcome:
        return points_award(orders=[order], source=self.change_source())[0]

    def _order(self, contact_id: UUID, given: dict[str, Any]) -> PointsOrder:
        number = given.pop("definition_id")
        rows = PointDefinition.objects.filter(site=self.site)
        # Beyond what the column holds, the database would not even look.
        definition = rows.filter(number=number).first() if 1 <= number < 2**31 else None
        if definition is None:
            raise ValidationError({"definitionId": "The site has no such points."})
        return PointsOrder(contact_id=contact_id, definition=definition, **given)


class RedeemView(AwardView):
    """Points that a contact spends; what expires first goes first."""

    kind = PointTransaction.Kind.REDEEM

    def act(self, order: PointsOrder) -> PointsOutcome:
        try:
            return points_redeem(order=order, source=self.change_source())
        except NotEnoughPoints as error:
            raise Conflict(NOT_ENOUGH_POINTS, str(error)) from None
