from __future__ import annotations

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from config.api import views as api
from config.health import livez, readyz

handler400 = "config.errors.bad_request"
handler403 = "config.errors.forbidden"
handler404 = "config.errors.not_found"
handler500 = "config.errors.server_error"

urlpatterns = [
    path("", include("webhooks.inbound.reception.urls")),
    path("", include("webhooks.inbound.sdk.urls")),
    path("", include("onsite.urls")),
    path("", include("contacts.api.urls")),
    path("", include("contacts.loyalty_api.urls")),
    path("", include("automation.api.urls")),
    path("", include("webhooks.api.urls")),
    path("", include("webhooks.outbound.portal.urls")),
    path("", RedirectView.as_view(url="/admin/", permanent=False)),
    path("admin/", admin.site.urls),
    path("api/schema", api.schema, name="api-schema"),
    path("api/schema/", api.schema),
    path("api/docs", api.docs, name="api-docs"),
    path("api/docs/", api.docs),
    path("livez", livez, name="livez"),
    path("livez/", livez),
    path("readyz", readyz, name="readyz"),
    path("readyz/", readyz),
]
