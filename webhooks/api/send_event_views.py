"""Sending an operator's send event by a program."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import ValidationError as InvalidModel
from django.http import Http404
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from common.endpoint.strict_body import CamelSerializer, Text
from webhooks.api.answered_once import answered_once
from webhooks.api.subscription_bodies import in_words_of_the_api
from webhooks.api.view import ManagementView
from webhooks.outbound.models import SendEvent
from webhooks.outbound.send_events.publishing import send_event_publish


class Values(serializers.Field[Any, Any, Any, Any]):
    """JSON values by field id, numbers with every digit; the fields of the event judge them."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise ValidationError("Expected an object.")
        return data


class SendInput(CamelSerializer):
    values = Values()
    contact_email = Text(max_length=254)


class SendEventView(ManagementView):
    """`eventId` is null where no subscription of the site could have been told."""

    http_method_names = ("post", "options")

    def post(self, request: Request, event_id: str) -> Response:
        return answered_once(request, lambda: self._send(request, event_id))

    def _send(self, request: Request, event_id: str) -> Response:
        given = SendInput().read_or_refuse(request.data)
        named = SendEvent.objects.filter(site=self.site, event_id=event_id)
        # PostgreSQL takes no NUL, not even to look for it.
        event = named.first() if event_id.isprintable() else None
        if event is None:
            raise Http404
        try:
            sent = send_event_publish(
                event=event,
                values=given["values"],
                contact_email=given.get("contact_email", ""),
                actor=self.actor,
            )
        except InvalidModel as error:
            raise ValidationError(in_words_of_the_api(error)) from None
        body = {"eventId": sent.event_id, "deliveries": sent.deliveries}
        return Response(body, status=HTTPStatus.ACCEPTED)
