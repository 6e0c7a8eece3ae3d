from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from common.endpoint.pages import whole_list
from common.endpoint.strict_body import CamelSerializer, Text
from webhooks.api.view import ManagementView
from webhooks.outbound.event_types import EventType, event_type_named, event_types_of


class EventTypeQuery(CamelSerializer):
    group = Text()


class EventTypesView(ManagementView):
    """The whole catalogue of the site; schema and example are on the page of each type."""

    http_method_names = ("get", "head", "options")

    def get(self, request: Request) -> Response:
        asked = EventTypeQuery().read_query(request.query_params)
        return whole_list(
            [
                _brief(each)
                for each in event_types_of(self.site)
                if asked.get("group") in (None, str(each.group))
            ]
        )


class EventTypeView(ManagementView):
    http_method_names = ("get", "head", "options")

    def get(self, request: Request, event_type: str) -> Response:
        found = event_type_named(self.site, event_type.removesuffix("/"))
        if found is None:
            raise Http404
        return Response({**_brief(found), "schema": found.schema, "example": found.example})


def _brief(event_type: EventType) -> dict[str, Any]:
    return {
        "key": event_type.key,
        "group": str(event_type.group),
        "label": event_type.label,
        "description": event_type.description,
    }
