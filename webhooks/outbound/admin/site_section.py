from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Count
from django.http import HttpRequest

from common.redaction import redact_url
from sites.admin.integration_sections import IntegrationSection
from sites.models import Role, Site
from sites.roles import has_role
from webhooks.outbound.admin.subscription_words import (
    events_text,
    format_label,
    state_chip,
    success_bar,
    warning_chips,
)
from webhooks.outbound.models import Subscription
from webhooks.outbound.subscriptions.activity import activity_of
from webhooks.outbound.subscriptions.backlog import backlogs


class WebhookSubscriptionsSection(IntegrationSection):
    key = "subscriptions"
    title = "Webhook subscriptions"
    template = "admin/subscriptions/site_section.html"
    styles = ("patchbay/subscriptions.css",)

    def briefs(self, sites: Sequence[Site]) -> dict[int, str]:
        rows = Subscription.objects.filter(site__in=sites).order_by()
        counts = dict(rows.values_list("site_id").annotate(count=Count("pk")))
        return {site.pk: _brief(counts.get(site.pk, 0)) for site in sites}

    def context(self, request: HttpRequest, site: Site) -> dict[str, Any]:
        rows = Subscription.objects.filter(site=site).defer("secrets", "headers")
        subscriptions = list(rows.select_related("site").order_by("name"))
        keys = [each.pk for each in subscriptions]
        days, waiting = activity_of(keys), backlogs(keys)
        return {
            "may_add": has_role(request.user, site, Role.OPERATOR),
            "rows": [
                {
                    "subscription": each,
                    "url": redact_url(each.url),
                    "format": format_label(each),
                    "events": events_text(each),
                    "chips": [state_chip(each), *warning_chips(each)],
                    "bar": success_bar(days[each.pk], name=each.name),
                    "backlog": waiting[each.pk],
                }
                for each in subscriptions
            ],
        }


def _brief(count: int) -> str:
    if not count:
        return "No webhook subscription"
    return f"{count} webhook subscription{'' if count == 1 else 's'}"
