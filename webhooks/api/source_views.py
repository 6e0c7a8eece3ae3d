from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from common.admin.key_pages import KeyStream
from common.endpoint.pages import in_order, number_cursor, page_response, whole_list
from common.endpoint.strict_body import CamelSerializer
from webhooks.api.view import ManagementView
from webhooks.inbound.models import Source


class SourceBody(CamelSerializer):
    """Where a sender posts to; settings and secrets stay in the console."""

    id = serializers.CharField(source="public_id")
    name = serializers.CharField()
    preset = serializers.CharField(source="preset_key")
    address = serializers.SerializerMethodField()
    is_active = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    last_received_at = serializers.DateTimeField()

    def get_address(self, source: Source) -> str:
        return f"{settings.PUBLIC_URL}{source.reception_path}"


class SourcesView(ManagementView):
    http_method_names = ("get", "head", "options")

    def get(self, request: Request) -> Response:
        return page_response(
            request,
            [KeyStream(rows=self.sources().order_by())],
            self._bodies,
            cursor=number_cursor,
        )

    def sources(self) -> QuerySet[Source]:
        """Return the site's sources; those behind custom events are known by their events."""
        rows = Source.objects.filter(site=self.site, reception_event=None)
        return rows.defer("settings", "secrets")

    def _bodies(self, keys: list[int]) -> list[dict[str, Any]]:
        return [
            dict(SourceBody(each).data) for each in in_order(keys, self.sources().in_bulk(keys))
        ]


class SourceView(SourcesView):
    def get(self, request: Request, public_id: str) -> Response:  # type: ignore[override]
        # PostgreSQL takes no NUL, not even to look for it.
        named = self.sources().filter(public_id=public_id)
        source = named.first() if public_id.isprintable() else None
        if source is None:
            raise Http404
        return Response(SourceBody(source).data)


class SitesView(ManagementView):
    """The one site of the key."""

    http_method_names = ("get", "head", "options")

    def get(self, request: Request) -> Response:
        site = self.site
        return whole_list(
            [
                {
                    "id": str(site.public_id),
                    "name": site.name,
                    "slug": site.slug,
                    "isActive": site.is_active,
                }
            ]
        )
