"""What happened, as it is told to subscriptions."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.admin.key_pages import KeyStream
from common.endpoint.pages import filters_in, in_order, page_response
from common.endpoint.strict_body import CamelSerializer, Moment, Text
from common.identifiers import row_id_floor
from webhooks.api.bodies_shown import payload_value
from webhooks.api.view import ManagementView
from webhooks.outbound.models import Event


class EventQuery(CamelSerializer):
    type = Text()
    contact = serializers.UUIDField(required=False, source="contact_id")
    received_event = serializers.UUIDField(required=False, source="received_event_id")
    message_id = Text()
    since = Moment()
    until = Moment()


class EventBody(CamelSerializer):
    id = serializers.UUIDField()
    message_id = serializers.CharField()
    type = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    created_at = serializers.DateTimeField()
    contact_id = serializers.UUIDField()
    received_event_id = serializers.UUIDField()
    origin = serializers.CharField(source="source_key")
    is_test = serializers.BooleanField()


class EventsView(ManagementView):
    http_method_names = ("get", "head", "options")

    def get(self, request: Request) -> Response:
        asked = EventQuery().read_query(filters_in(request))
        rows = Event.objects.filter(site=self.site)
        for name, edge in (("gte", asked.pop("since", None)), ("lt", asked.pop("until", None))):
            rows = rows.filter(**{f"pk__{name}": row_id_floor(edge)}) if edge else rows
        return page_response(request, [KeyStream(rows=rows.filter(**asked))], self._bodies)

    def _bodies(self, keys: list[UUID]) -> list[dict[str, Any]]:
        rows = _without_contents(Event.objects.all()).in_bulk(keys)
        return [dict(EventBody(row).data) for row in in_order(keys, rows)]


class EventView(ManagementView):
    http_method_names = ("get", "head", "options")

    def get(self, request: Request, event_id: UUID) -> Response:
        rows = Event.objects.defer("raw_body", "raw_headers")
        event = rows.filter(site=self.site, pk=event_id).first()
        if event is None:
            raise Http404
        payload = payload_value(event.payload, shows_people=self.shows_people)
        masked = not self.shows_people
        return Response({**EventBody(event).data, "payload": payload, "isMasked": masked})


def _without_contents(rows: QuerySet[Event]) -> QuerySet[Event]:
    return rows.defer("payload", "subject", "raw_headers", "raw_body", "raw_content_type")
