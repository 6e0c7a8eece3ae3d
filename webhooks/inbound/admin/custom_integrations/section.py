"""The section *Custom* of a site's page: its custom integrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Max
from django.http import HttpRequest

from integrations.admin.integration_tabs import things_count
from integrations.models import CustomIntegration
from sites.admin.integration_sections import IntegrationSection
from sites.models import Role, Site
from sites.roles import has_role
from webhooks.inbound.admin.custom_integrations.marks import integration_mark
from webhooks.inbound.models import ReceptionEvent


class CustomIntegrationsSection(IntegrationSection):
    key = "custom"
    title = "Custom"
    template = "admin/custom_integrations/site_section.html"
    styles = ("patchbay/custom_integrations.css",)

    def briefs(self, sites: Sequence[Site]) -> Mapping[int, str]:
        integrations = _counted(CustomIntegration.objects.filter(site__in=sites))
        events = _counted(ReceptionEvent.objects.filter(site__in=sites, deleted_at=None))
        return {
            site.pk: _brief(integrations.get(site.pk, 0), events.get(site.pk, 0)) for site in sites
        }

    def context(self, request: HttpRequest, site: Site) -> dict[str, Any]:
        integrations = site.custom_integrations.annotate(
            event_count=things_count("reception_events"),
            latest=Max("reception_events__source__last_received_at"),
        )
        return {
            "may_add": has_role(request.user, site, Role.OPERATOR),
            "rows": [
                {"integration": each, "mark": integration_mark(each)}
                for each in integrations.order_by("name")
            ],
        }


def _counted(rows: Any) -> dict[int, int]:
    return dict(rows.order_by().values_list("site_id").annotate(Count("pk")))


def _brief(integrations: int, events: int) -> str:
    if not integrations:
        return "No custom integration"
    noun = "integration" if integrations == 1 else "integrations"
    return f"{integrations} {noun}, {events} reception {'event' if events == 1 else 'events'}"
