"""What both addresses answer."""

from __future__ import annotations

import threading
from functools import cache
from typing import Any, Final, cast

from django.http import HttpResponse
from drf_spectacular.renderers import (
    OpenApiJsonRenderer,
    OpenApiJsonRenderer2,
    OpenApiYamlRenderer,
    OpenApiYamlRenderer2,
)
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from config.api.generator import public_schema

_CACHE_CONTROL: Final = "public, max-age=300"
_one_at_a_time: Final = threading.Lock()


class _Compact:
    """JSON is for programs, who read YAML or this page otherwise: a fifth of its indented size."""

    def get_indent(self, accepted_media_type: str, renderer_context: Any) -> None:
        return None


class JsonRenderer(_Compact, OpenApiJsonRenderer2):
    format = "json"


class VendorJsonRenderer(_Compact, OpenApiJsonRenderer):
    format = "json"


class SchemaView(SpectacularAPIView):
    """OpenAPI 3.1 as YAML or JSON, by `Accept` or by `?format=`.

    It depends on nothing in a request: each rendering is made once in a process.
    """

    renderer_classes = [
        OpenApiYamlRenderer2,
        JsonRenderer,
        OpenApiYamlRenderer,
        VendorJsonRenderer,
    ]

    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        media_type = request.accepted_renderer.media_type
        with _one_at_a_time:
            rendering = _rendering(media_type)
        return HttpResponse(
            rendering,
            content_type=f"{media_type}; charset=utf-8",
            headers={"Cache-Control": _CACHE_CONTROL, "Vary": "Accept"},
        )


class DocsView(SpectacularSwaggerSplitView):
    """Swagger UI in the frame of our pages; its script is a request of its own, never inline."""

    url_name = "api-schema"
    template_name = "api/docs.html"


@cache
def _rendering(media_type: str) -> bytes:
    renderers: list[type[BaseRenderer]] = SchemaView.renderer_classes
    renderer = next(each for each in renderers if each.media_type == media_type)
    return cast(bytes, renderer().render(public_schema(), renderer_context={}))
