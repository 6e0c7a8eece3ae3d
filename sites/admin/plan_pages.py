"""Doing something to many rows: first a page that says what would be done, then a job that does it.

A list leads to the plan page with the selected rows, or with all that match its filters; the
address carries which, and a POST of the same address starts the job.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import urlencode

from common.admin.keyset import NEWER_VAR, OLDER_VAR
from common.admin.list_filters import DateFilter
from sites.audit import Actor
from sites.models import Job, Role, Site
from sites.roles import is_superuser
from sites.scope import meets
from sites.scoped_admin import SiteScopedAdmin
from sites.site_filter import list_zone, visible_sites

if TYPE_CHECKING:
    from datetime import datetime

# What one page of a list can select, with room for an address typed by hand.
_MOST_IDS: Final = 200


class PlanPages(SiteScopedAdmin):
    """Mixin of a list's admin. Rows belong to a site by `site_id` and have UUIDv7 keys.

    Give the addresses and the words, route `plan_view` under `plan_url_name`, and say how the
    parameters of the list become filters, filters a plan, and a plan a job. Filters have at least
    `site_ids` and `ids`: rows with these ids, or else all on these sites that match the rest.
    """

    plan_url_name = ""
    plan_template = ""
    plan_title = ""
    plan_refused = ""

    def plan_filters(self, request: HttpRequest, sites: list[Site]) -> Any:
        """Return the filters of an address, on no other than these sites.

        A value that no filter of the list offers matches nothing there and must not widen a plan.
        """
        raise NotImplementedError

    def plan_of(self, filters: Any) -> Any:
        raise NotImplementedError

    def plan_start(self, filters: Any, upper_id: UUID, site: Site | None, actor: Actor) -> Job:
        """Start the job for what was there when the plan was shown, up to this key."""
        raise NotImplementedError

    def plan_words(self, request: HttpRequest, filters: Any, plan: Any) -> dict[str, Any]:
        """Return what the template needs besides; `described` are the conditions in words."""
        raise NotImplementedError

    def plan_site_ids(self, request: HttpRequest, filters: Any) -> set[int]:
        """Return the sites on which these rows can be."""
        if not filters.ids:
            return set(filters.site_ids)
        rows = self.model._default_manager.filter(pk__in=filters.ids, site_id__in=filters.site_ids)
        return set(rows.values_list("site_id", flat=True)) or set(filters.site_ids)

    def plan_url(self, params: Any) -> str:
        """Return the address of the plan page under these list parameters."""
        return f"{reverse(f'admin:{self.plan_url_name}')}?{urlencode(params, doseq=True)}"

    def plan_of_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """Lead to the plan of the rows that were ticked in the list."""
        ids = [str(pk) for pk in queryset.values_list("pk", flat=True)[:_MOST_IDS]]
        if not ids:
            self.message_user(request, self.plan_refused, messages.WARNING)
            return HttpResponseRedirect(request.get_full_path())
        return HttpResponseRedirect(self.plan_url({"ids": ",".join(ids)}))

    def plan_of_all_url(self, request: HttpRequest) -> str:
        """Return the plan page of all that match, or nothing where it cannot be offered."""
        if not support_sites(request) or request.GET.get("q"):
            return ""
        left_out = ("q", OLDER_VAR, NEWER_VAR)
        return self.plan_url(
            {name: value for name, value in request.GET.items() if value and name not in left_out}
        )

    def plan_view(self, request: HttpRequest) -> HttpResponse:
        """Show what would be done; a POST of the same address starts it."""
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        sites = support_sites(request)
        if not sites:
            raise PermissionDenied
        filters = self.plan_filters(request, sites)
        site_ids = self.plan_site_ids(request, filters)
        site = next(each for each in sites if each.pk in site_ids) if len(site_ids) == 1 else None
        if request.method == "POST":
            return self._start(request, filters, site)
        is_open = site is not None or is_superuser(request.user)
        plan = self.plan_of(filters) if is_open else None
        context = {
            **self.admin_site.each_context(request),
            **self.plan_words(request, filters, plan),
            "title": self.plan_title,
            "opts": self.opts,
            "list_url": reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist"),
            "plan": plan,
            "site": site,
            "sites_to_choose": [] if is_open else _site_choices(request, sites),
        }
        return TemplateResponse(request, self.plan_template, context)

    def _start(self, request: HttpRequest, filters: Any, site: Site | None) -> HttpResponse:
        try:
            upper_id = UUID(request.POST.get("upper_id", ""))
            job = self.plan_start(filters, upper_id, site, Actor.from_request(request))
        except ValueError:
            self.message_user(request, "Look at the plan first, then start it.", messages.ERROR)
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        else:
            return HttpResponseRedirect(reverse("admin:sites_job_change", args=(job.pk,)))
        return HttpResponseRedirect(request.get_full_path())


def support_sites(request: HttpRequest) -> list[Site]:
    """Return the sites on which the user may repair."""
    return [site for site in visible_sites(request) if meets(request, site.pk, Role.SUPPORT)]


def chosen_site_ids(request: HttpRequest, sites: list[Site]) -> tuple[int, ...]:
    chosen = request.GET.get("site", "")
    return tuple(site.pk for site in sites if not chosen or str(site.pk) == chosen)


def chosen_ids(request: HttpRequest) -> tuple[UUID, ...]:
    text = request.GET.get("ids", "")
    if not text:
        return ()
    found = []
    for part in text.split(",")[:_MOST_IDS]:
        try:
            found.append(UUID(part))
        except ValueError:
            continue
    # Ids that cannot be read are still ids: an empty choice would mean every row.
    return tuple(found) or (UUID(int=0),)


def chosen_span(request: HttpRequest, model_admin: Any) -> tuple[datetime | None, datetime | None]:
    """Return the instants between which the list's rows are, each None when open."""
    dates = DateFilter(request, dict(request.GET.lists()), model_admin.model, model_admin)
    return dates.span()


def span_words(
    request: HttpRequest, start: datetime | None, end: datetime | None
) -> list[tuple[str, str]]:
    zone = list_zone(request)
    return [
        (label, at.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z") if at else "")
        for label, at in (("From", start), ("Until", end))
    ]


def address_with(request: HttpRequest, changes: Mapping[str, str | None]) -> str:
    """Return the page's address with these parameters changed; None takes one away."""
    params = request.GET.copy()
    for name, value in changes.items():
        params.pop(name, None)
        if value is not None:
            params[name] = value
    return f"?{params.urlencode()}"


def _site_choices(request: HttpRequest, sites: list[Site]) -> list[tuple[str, str]]:
    return [(site.name, address_with(request, {"site": str(site.pk)})) for site in sites]
