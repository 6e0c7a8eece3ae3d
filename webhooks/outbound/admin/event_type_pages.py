"""The catalogue in the console: every type that can go out, with its schema and an example."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_safe

from sites.models import Site
from sites.page_admin import PageAdmin
from sites.site_filter import visible_sites
from webhooks.outbound.event_types import EventType, event_type_named, event_types_of
from webhooks.outbound.verification_snippets import snippets


class EventTypePages(PageAdmin):
    """Mixin of the outbound events' admin."""

    @method_decorator(require_safe)
    def types_view(self, request: HttpRequest) -> HttpResponse:
        """Show the catalogue of one site, or one type of it."""
        sites = visible_sites(request)
        if not self.has_view_permission(request):
            raise PermissionDenied
        site = _chosen(request, sites)
        key = request.GET.get("type", "")
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "sites": sites,
            "site": site,
        }
        if key and site is not None:
            context |= self._type_context(site, key)
            return TemplateResponse(request, "admin/webhooks/event/type.html", context)
        search = request.GET.get("q", "").strip()[:100]
        context |= {
            "title": "Event types",
            "search": search,
            "groups": _groups(site, search) if site else [],
            "snippets": snippets(),
        }
        return TemplateResponse(request, "admin/webhooks/event/types.html", context)

    def _type_context(self, site: Site, key: str) -> dict[str, Any]:
        found = event_type_named(site, key)
        if found is None:
            raise Http404("The site has no event type of this name.")
        events = reverse("admin:webhooks_event_changelist")
        return {
            "title": found.key,
            "event_type": found,
            "schema": _pretty(found.schema),
            "example": _pretty(found.example),
            "events_url": f"{events}?{urlencode({'site': site.pk, 'type': found.key})}",
        }


def _chosen(request: HttpRequest, sites: list[Site]) -> Site | None:
    chosen = request.GET.get("site", "")
    if not chosen:
        return sites[0] if sites else None
    for site in sites:
        if str(site.pk) == chosen:
            return site
    raise Http404("You are not a member of a site with this id.")


def _groups(site: Site, search: str) -> list[tuple[str, list[EventType]]]:
    """Return the types by group, those that the text is found in."""
    groups: dict[str, list[EventType]] = defaultdict(list)
    wanted = search.lower()
    for each in event_types_of(site):
        if wanted in f"{each.key} {each.label} {each.description}".lower():
            groups[str(each.group)].append(each)
    return list(groups.items())


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
