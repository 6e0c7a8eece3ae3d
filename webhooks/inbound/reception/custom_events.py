"""The addresses of reception events, for the web process and for Django's URLconf."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from rest_framework.views import APIView

from webhooks.inbound.reception import answers
from webhooks.inbound.reception.answers import Answer
from webhooks.inbound.reception.api_events import receive_by_alias, receive_by_id
from webhooks.inbound.reception.app_events import preflight_app, receive_app
from webhooks.inbound.reception.webhook_events import receive_webhook

Door = Callable[..., Answer]

PREFIXES: Final = ("/custom-events/", "/webhooks/", "/app/")

# A redirect counts as a failure at every sender: both slash forms are answered.
_ADDRESSES: Final[tuple[tuple[re.Pattern[str], Door], ...]] = (
    (re.compile(r"/custom-events/alias/([^/]+)/?"), receive_by_alias),
    (re.compile(r"/custom-events/id/([^/]+)/?"), receive_by_id),
    (re.compile(r"/webhooks/([^/]+)/custom-events/alias/([^/]+)/?"), receive_webhook),
    (re.compile(r"/app/([^/]+)/events/?"), receive_app),
)
# The one door that pages may call: browsers ask it first.
_PREFLIGHTS: Final[Mapping[Door, Door]] = {receive_app: preflight_app}


def answer_path(environ: Mapping[str, Any], path: str) -> Answer | None:
    """Return the answer to a request, None for a path that is no reception event's."""
    for pattern, door in _ADDRESSES:
        if found := pattern.fullmatch(path):
            return _answer(environ, door, found.groups())
    return None


def _answer(environ: Mapping[str, Any], door: Door, names: tuple[str, ...]) -> Answer:
    match environ["REQUEST_METHOD"]:
        case "POST":
            return door(environ, *names)
        case "OPTIONS":
            preflight = _PREFLIGHTS.get(door)
            # Without a word on origins: browsers are not meant to call the others.
            return preflight(environ, *names) if preflight else answers.options()
        case _:
            return answers.method_not_allowed()


class CustomEventView(APIView):
    """The door of one kind of address; like `ReceiveView`, it goes past what DRF would do."""

    authentication_classes = ()
    permission_classes = ()
    http_method_names = ["post", "options"]
    door: Door | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        assert self.door is not None
        return answers.as_response(_answer(request.META, self.door, tuple(kwargs.values())))
