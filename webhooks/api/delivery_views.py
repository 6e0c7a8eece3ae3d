from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.core.exceptions import ValidationError as InvalidModel
from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from common.admin.key_pages import KeyStream
from common.endpoint.conflict import Conflict
from common.endpoint.pages import filters_in, in_order, page_response
from common.endpoint.strict_body import CamelSerializer, YesNo
from sites.models import Site
from webhooks.api.answered_once import answered_once
from webhooks.api.delivery_bodies import (
    DeliveryListQuery,
    delivery_bodies,
    delivery_detail,
    filter_in,
)
from webhooks.api.view import ManagementView, body_or_nothing
from webhooks.outbound.delivering.unit import unit_of_message
from webhooks.outbound.delivery_stream import delivery_stream
from webhooks.outbound.models import Delivery, DeliveryStatus, Event
from webhooks.outbound.recovering.recover_filter import RecoverFilter
from webhooks.outbound.recovering.resend import delivery_cancel, delivery_resend

NOT_RESENDABLE: Final = "NOT_RESENDABLE"
NOT_CANCELLABLE: Final = "NOT_CANCELLABLE"
# One event has a delivery for each subscription, and those that people asked for.
_MOST_OF_AN_EVENT: Final = 5_000


class ResendInput(CamelSerializer):
    confirmed = YesNo(required=False)


class DeliveriesView(ManagementView):
    http_method_names = ("get", "head", "options")

    def get(self, request: Request) -> Response:
        asked = DeliveryListQuery().read_query(filters_in(request))
        filters = filter_in(asked, self.site)
        return page_response(request, _streams(filters, asked, self.site), self._bodies)

    def _bodies(self, keys: list[UUID]) -> list[dict[str, Any]]:
        rows = in_order(keys, _with_names().in_bulk(keys))
        return delivery_bodies(rows, shows_people=self.shows_people)


class DeliveryView(ManagementView):
    http_method_names = ("get", "head", "options")

    def get(self, request: Request, delivery_id: UUID) -> Response:
        delivery = delivery_or_404(self.site, delivery_id)
        return Response(delivery_detail(delivery, shows_people=self.shows_people))


class ResendView(ManagementView):
    http_method_names = ("post", "options")

    def post(self, request: Request, delivery_id: UUID) -> Response:
        return answered_once(request, lambda: self._resend(request, delivery_id))

    def _resend(self, request: Request, delivery_id: UUID) -> Response:
        given = ResendInput().read_or_refuse(body_or_nothing(request))
        delivery = delivery_or_404(self.site, delivery_id)
        try:
            added = delivery_resend(
                delivery=delivery, actor=self.actor, confirmed=given.get("confirmed", False)
            )
        except InvalidModel as error:
            raise Conflict(NOT_RESENDABLE, " ".join(error.messages)) from None
        rows = [delivery_or_404(self.site, added.pk)]
        (body,) = delivery_bodies(rows, shows_people=self.shows_people)
        return Response(body, HTTPStatus.CREATED)


class CancelView(ManagementView):
    """Cancelling what is cancelled changes nothing."""

    http_method_names = ("post", "options")

    def post(self, request: Request, delivery_id: UUID) -> Response:
        delivery = delivery_or_404(self.site, delivery_id)
        if delivery.status != DeliveryStatus.CANCELLED:
            try:
                delivery_cancel(delivery=delivery, actor=self.actor)
            except InvalidModel as error:
                raise Conflict(NOT_CANCELLABLE, " ".join(error.messages)) from None
            delivery = delivery_or_404(self.site, delivery_id)
        (body,) = delivery_bodies([delivery], shows_people=self.shows_people)
        return Response(body)


def delivery_or_404(site: Site, delivery_id: UUID) -> Delivery:
    delivery = _with_names().filter(site=site, pk=delivery_id).first()
    if delivery is None:
        raise Http404
    return delivery


def _with_names() -> QuerySet[Delivery]:
    rows = Delivery.objects.select_related("subscription", "event", "site")
    heavy = ("payload", "subject", "raw_headers", "raw_body")
    return rows.defer(
        "subscription__secrets", "subscription__headers", *(f"event__{name}" for name in heavy)
    )


def _streams(filters: RecoverFilter, asked: dict[str, Any], site: Site) -> list[KeyStream]:
    if not asked.keys() & {"event", "message_id"}:
        return [delivery_stream(filters)]
    of_them = _named(asked, site).values_list("pk", flat=True)
    return [KeyStream(rows=filters.deliveries().filter(pk__in=list(of_them[:_MOST_OF_AN_EVENT])))]


def _named(asked: dict[str, Any], site: Site) -> QuerySet[Delivery]:
    """Return the deliveries of an event, or of a message: a batch has an id of its own."""
    unit = unit_of_message(asked.get("message_id", ""))
    if unit is not None:
        batch = Delivery.objects.filter(unit=unit)
        return batch.filter(event=asked["event"]) if "event" in asked else batch
    events = Event.objects.filter(site=site)
    if "event" in asked:
        events = events.filter(pk=asked["event"])
    if "message_id" in asked:
        events = events.filter(message_id=asked["message_id"])
    return Delivery.objects.filter(event_id__in=list(events.values_list("pk", flat=True)))
