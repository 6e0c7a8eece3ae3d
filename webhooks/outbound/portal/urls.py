from __future__ import annotations

from django.urls import path

from webhooks.outbound.portal import views

_DELIVERY = "portal/<str:token>/deliveries/<uuid:delivery_id>"

urlpatterns = [
    path("portal/<str:token>", views.overview, name="portal"),
    path("portal/<str:token>/secret", views.secret, name="portal-secret"),
    path("portal/<str:token>/test", views.test, name="portal-test"),
    path("portal/<str:token>/recover", views.recover, name="portal-recover"),
    path(_DELIVERY, views.delivery, name="portal-delivery"),
    path(f"{_DELIVERY}/resend", views.resend, name="portal-resend"),
]
