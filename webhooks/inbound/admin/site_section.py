from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest

from sites.admin.integration_sections import IntegrationSection
from sites.models import Role, Site
from sites.roles import has_role
from webhooks.inbound.admin.source_charts import activity_chart, state_chip
from webhooks.inbound.models import Source
from webhooks.inbound.sources.activity import activity_by_source, state_of
from webhooks.inbound.sources.owned import without_owned


class WebhookSourcesSection(IntegrationSection):
    key = "sources"
    title = "Webhook sources"
    template = "admin/sources/site_section.html"

    def briefs(self, sites: Sequence[Site]) -> dict[int, str]:
        by_site: dict[int, list[int]] = {site.pk: [] for site in sites}
        sources = without_owned(Source.objects.filter(site__in=sites))
        pairs = sources.order_by().values_list("site_id", "pk")
        for site_id, pk in pairs:
            by_site[site_id].append(pk)
        days = activity_by_source(pk for keys in by_site.values() for pk in keys)
        return {
            site_id: _brief(len(keys), sum(days[key].received for key in keys))
            for site_id, keys in by_site.items()
        }

    def context(self, request: HttpRequest, site: Site) -> dict[str, Any]:
        sources = list(without_owned(site.sources.select_related("site").order_by("name")))
        days = activity_by_source(source.pk for source in sources)
        return {
            "may_add": has_role(request.user, site, Role.OPERATOR),
            "rows": [
                {
                    "source": source,
                    "chip": state_chip(state_of(source, days[source.pk])),
                    "is_unsigned": bool(source.preset.verifier(source.config).unsigned_reason),
                    "chart": activity_chart(days[source.pk], name=source.name, small=True),
                    "received": days[source.pk].received,
                }
                for source in sources
            ],
        }


def _brief(sources: int, received: int) -> str:
    if not sources:
        return "No webhook source"
    noun = "webhook source" if sources == 1 else "webhook sources"
    return f"{sources} {noun}, {received:,} received in 24 h"
