"""`/api/schema` and `/api/docs`, which load drf-spectacular only once somebody asks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt


@csrf_exempt
def schema(request: HttpRequest) -> HttpResponseBase:
    from config.api.serving import SchemaView

    return SchemaView.as_view()(request)


@csrf_exempt
def docs(request: HttpRequest) -> HttpResponseBase:
    from config.api.serving import DocsView

    return DocsView.as_view()(request)
