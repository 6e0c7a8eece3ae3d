from __future__ import annotations

from django.urls import URLPattern, path
from rest_framework.views import APIView

from webhooks.api.delivery_views import CancelView, DeliveriesView, DeliveryView, ResendView
from webhooks.api.event_type_views import EventTypesView, EventTypeView
from webhooks.api.event_views import EventsView, EventView
from webhooks.api.job_views import JobCancelView, JobView
from webhooks.api.received_event_views import ReceivedEventsView, ReceivedEventView, ReplayView
from webhooks.api.recovery_views import RecoveriesView, RecoveryPlanView
from webhooks.api.send_event_views import SendEventView
from webhooks.api.source_views import SitesView, SourcesView, SourceView
from webhooks.api.subscription_actions import (
    PauseView,
    PortalLinksView,
    ResumeView,
    RotateSecretView,
    TestView,
)
from webhooks.api.subscription_views import SubscriptionsView, SubscriptionView

_SUBSCRIPTION = "subscriptions/<str:public_id>"
_DELIVERY = "deliveries/<uuid:delivery_id>"
_RECEIVED = "received-events/<uuid:event_id>"


class EnableView(ResumeView):
    takes_disabled = True


_VIEWS: dict[str, tuple[type[APIView], str]] = {
    "sites": (SitesView, "sites"),
    "subscriptions": (SubscriptionsView, "subscriptions"),
    _SUBSCRIPTION: (SubscriptionView, "subscription"),
    f"{_SUBSCRIPTION}/pause": (PauseView, "subscription-pause"),
    f"{_SUBSCRIPTION}/resume": (ResumeView, "subscription-resume"),
    f"{_SUBSCRIPTION}/enable": (EnableView, "subscription-enable"),
    f"{_SUBSCRIPTION}/rotate-secret": (RotateSecretView, "subscription-rotate-secret"),
    f"{_SUBSCRIPTION}/test": (TestView, "subscription-test"),
    f"{_SUBSCRIPTION}/portal-links": (PortalLinksView, "subscription-portal-links"),
    "event-types": (EventTypesView, "event-types"),
    "events": (EventsView, "events"),
    "events/<uuid:event_id>": (EventView, "event"),
    "deliveries": (DeliveriesView, "deliveries"),
    _DELIVERY: (DeliveryView, "delivery"),
    f"{_DELIVERY}/resend": (ResendView, "delivery-resend"),
    f"{_DELIVERY}/cancel": (CancelView, "delivery-cancel"),
    "recoveries": (RecoveriesView, "recoveries"),
    "recoveries/plan": (RecoveryPlanView, "recovery-plan"),
    "jobs/<int:job_id>": (JobView, "job"),
    "jobs/<int:job_id>/cancel": (JobCancelView, "job-cancel"),
    "send-events/<str:event_id>": (SendEventView, "send-event"),
    "sources": (SourcesView, "sources"),
    "sources/<str:public_id>": (SourceView, "source"),
    "received-events": (ReceivedEventsView, "received-events"),
    _RECEIVED: (ReceivedEventView, "received-event"),
    f"{_RECEIVED}/replay": (ReplayView, "received-event-replay"),
}


def _both_forms(address: str, view: type[APIView], name: str) -> list[URLPattern]:
    """Return the address without and with a slash at its end."""
    answer = view.as_view()
    whole = f"api/v1/{address}"
    return [path(whole, answer, name=f"management-{name}"), path(f"{whole}/", answer)]


urlpatterns = [
    *(each for address, view in _VIEWS.items() for each in _both_forms(address, *view)),
    # Vendors name their events as they like, with slashes too.
    path(
        "api/v1/event-types/<path:event_type>",
        EventTypeView.as_view(),
        name="management-event-type",
    ),
]
