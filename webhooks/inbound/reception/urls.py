from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponseBase
from django.urls import URLPattern, path

from webhooks.inbound.reception.api_events import receive_by_alias, receive_by_id
from webhooks.inbound.reception.app_events import receive_app
from webhooks.inbound.reception.custom_events import CustomEventView
from webhooks.inbound.reception.receive import ReceiveView
from webhooks.inbound.reception.webhook_events import receive_webhook


def _both_slash_forms(
    route: str, view: Callable[..., HttpResponseBase], name: str
) -> list[URLPattern]:
    # A redirect counts as a failure at every sender.
    return [path(route, view, name=name), path(f"{route}/", view)]


urlpatterns = [
    *_both_slash_forms("in/<str:public_id>", ReceiveView.as_view(), "receive"),
    *_both_slash_forms(
        "custom-events/alias/<str:alias>",
        CustomEventView.as_view(door=receive_by_alias),
        "custom-event-by-alias",
    ),
    *_both_slash_forms(
        "custom-events/id/<str:event_id>",
        CustomEventView.as_view(door=receive_by_id),
        "custom-event-by-id",
    ),
    *_both_slash_forms(
        "webhooks/<str:site_id>/custom-events/alias/<str:alias>",
        CustomEventView.as_view(door=receive_webhook),
        "custom-event-webhook",
    ),
    *_both_slash_forms(
        "app/<str:site_id>/events", CustomEventView.as_view(door=receive_app), "app-events"
    ),
]
