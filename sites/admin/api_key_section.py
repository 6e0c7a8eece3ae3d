from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Count, Q
from django.http import HttpRequest
from django.utils import timezone

from sites.admin.api_key_list import key_chip, networks_shown
from sites.admin.integration_sections import IntegrationSection
from sites.admin.publishable_key_list import (
    apps_shown,
    origins_shown,
    publishable_key_chip,
    short_key,
)
from sites.api_keys.scope_table import scope_words
from sites.api_keys.usage_day import days_of_use
from sites.models import ApiKey, PublishableKey, Role, Site
from sites.roles import has_role


class ApiAccessSection(IntegrationSection):
    """The keys of a site: who may call its API or send it events, from where, and who does."""

    key = "api-access"
    title = "API and IP access"
    template = "admin/api_keys/site_section.html"

    def briefs(self, sites: Sequence[Site]) -> Mapping[int, str]:
        by_site: dict[int, list[int]] = {site.pk: [] for site in sites}
        is_live = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        live = ApiKey.objects.filter(is_live, site__in=sites, revoked_at=None)
        for site_id, pk in live.order_by().values_list("site_id", "pk"):
            by_site[site_id].append(pk)
        days = days_of_use(pk for keys in by_site.values() for pk in keys)
        live_publishable = PublishableKey.objects.filter(site__in=sites, revoked_at=None)
        counts = live_publishable.order_by().values_list("site_id").annotate(Count("pk"))
        publishable = dict(counts)
        return {
            site_id: _brief(
                len(keys), sum(days[pk].total for pk in keys), publishable.get(site_id, 0)
            )
            for site_id, keys in by_site.items()
        }

    def context(self, request: HttpRequest, site: Site) -> dict[str, Any]:
        keys = list(site.api_keys.filter(revoked_at=None).order_by("name"))
        days = days_of_use(key.pk for key in keys)
        return {
            "may_add": has_role(request.user, site, Role.ADMIN),
            "is_open": has_role(request.user, site, Role.OPERATOR),
            "revoked": site.api_keys.exclude(revoked_at=None).count(),
            "rows": [
                {
                    "key": key,
                    "chip": key_chip(key),
                    "may": scope_words(key.scopes),
                    "only_from": networks_shown(key),
                    "requests": days[key.pk].total,
                }
                for key in keys
            ],
            **_publishable_context(site),
        }


def _publishable_context(site: Site) -> dict[str, Any]:
    keys = site.publishable_keys.filter(revoked_at=None).order_by("name")
    return {
        "publishable_revoked": site.publishable_keys.exclude(revoked_at=None).count(),
        "publishable_rows": [
            {
                "key": key,
                "chip": publishable_key_chip(key),
                "short_key": short_key(key),
                "origins": origins_shown(key),
                "apps": apps_shown(key),
            }
            for key in keys
        ],
    }


def _brief(keys: int, requests: int, publishable: int) -> str:
    noun = "API key" if keys == 1 else "API keys"
    brief = f"{keys} {noun}, {requests:,} requests in 24 h" if keys else "No API key"
    if publishable:
        brief += f", {publishable} publishable {'key' if publishable == 1 else 'keys'}"
    return brief
