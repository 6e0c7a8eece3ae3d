"""drf-spectacular, fed with the descriptions that stand next to the endpoints.

Reading views would say little: reception and the served Generic API go past DRF's machinery, and
bodies depend on fields that operators define.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import EndpointEnumerator, SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from common.endpoint.description import Endpoint, Group, JsonSchema
from common.endpoint.description.schemas import SHARED_SCHEMAS
from config.api.described import GROUPS
from webhooks.api.api_description import sent_events

_CONVERTER: Final = re.compile(r"<(?:[^:>]+:)?([^>]+)>")


class DescribedEndpoints(EndpointEnumerator):
    """The described endpoints, at the addresses that the URLconf gives their names."""

    def get_api_endpoints(  # type: ignore[override]
        self, patterns: Any = None, prefix: str = ""
    ) -> list[tuple[str, str, str, Callable[..., Any]]]:
        routes = routes_by_name()
        return [
            (routes[endpoint.url_name], routes[endpoint.url_name], method.upper(), view)
            for group in GROUPS
            for endpoint in group.endpoints
            for view in [_view(group, endpoint)]
            for method in endpoint.operations
        ]


class Generator(SchemaGenerator):
    endpoint_inspector_cls = DescribedEndpoints

    def get_schema(self, request: Request | None = None, public: bool = False) -> dict[str, Any]:
        schema: dict[str, Any] = super().get_schema(request, public)  # type: ignore[no-untyped-call]
        tags = [{"name": each.tag, "description": each.description} for each in GROUPS]
        schema["tags"] = [*tags, sent_events.TAG]
        schema["webhooks"] = sent_events.sent_webhooks()
        schema["components"] = {
            "schemas": dict(sorted(_schemas().items())),
            "securitySchemes": _merged(each.security_schemes for each in GROUPS),
        }
        return schema


def public_schema() -> dict[str, Any]:
    """Return the schema of every endpoint, for anybody."""
    return Generator().get_schema(public=True)  # type: ignore[no-untyped-call]


def routes_by_name() -> dict[str, str]:
    """Return each named address outside the console as OpenAPI writes it."""
    return {name: path for path, name in routes() if name}


def routes() -> Iterator[tuple[str, str | None]]:
    """Yield path and name of every address of the URLconf; the console's are left out."""
    yield from _routes(get_resolver().url_patterns, "/")


def _routes(
    patterns: list[URLPattern | URLResolver], prefix: str
) -> Iterator[tuple[str, str | None]]:
    for pattern in patterns:
        path = prefix + _CONVERTER.sub(r"{\1}", str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            yield path, pattern.name
        elif pattern.namespace is None:
            yield from _routes(pattern.url_patterns, path)


def _view(group: Group, endpoint: Endpoint) -> Callable[..., Any]:
    """Return a view that stands for the endpoint: drf-spectacular reads views alone."""
    handlers = {}
    for method, operation in endpoint.operations.items():
        described = operation.as_openapi(group.tag, endpoint.parameters)
        handlers[method] = extend_schema(operation=described)(_nothing())
    stand_in: type[APIView] = type("DescribedView", (APIView,), handlers)
    return stand_in.as_view()


def _nothing() -> Callable[..., None]:
    # A new one each time: drf-spectacular notes the description on the function.
    def handler(self: APIView, request: Request) -> None:
        """Never called."""

    return handler


def _schemas() -> Mapping[str, JsonSchema]:
    return _merged(
        (SHARED_SCHEMAS, sent_events.sent_schemas(), *(group.schemas for group in GROUPS))
    )


def _merged(parts: Any) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in parts:
        if doubled := merged.keys() & part.keys():
            raise ValueError(f"Described twice: {', '.join(sorted(doubled))}.")
        merged |= part
    return merged
