"""Reception goes first, past everything that a webhook does not need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse

from webhooks.inbound.receive import ReceiveView

GetResponse = Callable[[HttpRequest], HttpResponse]

_PREFIX: Final = "/in/"


class ReceptionFirstMiddleware:
    """Hands reception paths to their view: no session, no CSRF, no look-up of static files.

    The host name is not checked either. No URL is built from it here, and a sender that calls by
    another name of this machine would lose its events to a setting.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self._receive = ReceiveView.as_view()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(_PREFIX):
            public_id = request.path_info[len(_PREFIX) :].removesuffix("/")
            if public_id and "/" not in public_id:
                response: HttpResponse = self._receive(request, public_id=public_id)
                return response
        return self.get_response(request)
