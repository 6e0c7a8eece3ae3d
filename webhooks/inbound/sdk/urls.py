from __future__ import annotations

from django.urls import path

from webhooks.inbound.sdk.view import patchbay_js

urlpatterns = [path("sdk/patchbay.js", patchbay_js, name="sdk-script")]
