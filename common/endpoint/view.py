"""The base of every address that other systems call with a key, apart from reception."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, BinaryIO, Protocol, cast, runtime_checkable

from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class EndpointRequest(Request):
    """DRF's request; its `data` comes from the parser even when no length was announced."""

    def _load_stream(self) -> None:
        # DRF takes a body without Content-Length for none: a chunked one would become `{}`.
        self._stream = cast(BinaryIO, self._request)


@runtime_checkable
class CountsAnswers(Protocol):
    """An authenticator, made anew for each request, that is told how the request was answered."""

    def count_answer(self, status: int) -> None: ...


class EndpointView(APIView):
    """Parses by `JsonParser`, answers errors as problems, and says what it allows."""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        return EndpointRequest(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )

    def options(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # type: ignore[override]
        # DRF would describe the view in its own words; the Allow header is added to every answer.
        return Response(status=HTTPStatus.NO_CONTENT)

    def finalize_response(  # type: ignore[override]
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        answer = super().finalize_response(request, response, *args, **kwargs)
        for authenticator in request.authenticators or ():
            if isinstance(authenticator, CountsAnswers):
                authenticator.count_answer(answer.status_code)
        return answer
