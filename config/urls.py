from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from config.health import livez, readyz

urlpatterns = [
    path("", include("webhooks.inbound.reception.urls")),
    path("", include("onsite.urls")),
    path("", include("contacts.api.urls")),
    path("admin/", admin.site.urls),
    path("livez", livez, name="livez"),
    path("livez/", livez),
    path("readyz", readyz, name="readyz"),
    path("readyz/", readyz),
]
