from __future__ import annotations

from django.urls import path

from webhooks.inbound.reception.receive import ReceiveView

urlpatterns = [
    # Both slash forms: a redirect counts as a failure at every sender.
    path("<str:public_id>", ReceiveView.as_view(), name="receive"),
    path("<str:public_id>/", ReceiveView.as_view()),
]
