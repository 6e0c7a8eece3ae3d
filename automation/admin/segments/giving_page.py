"""Giving something to all members of a segment: what, then the plan, then the job."""

from __future__ import annotations

import re
from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from automation.admin.segments.giving_form import FORMS, KIND_LABELS
from automation.models import Segment
from automation.segments.gifts import GiftKind
from automation.segments.giving import earlier_jobs, giving_plan, giving_start
from common.identifiers import random_token
from sites.admin.jobs import job_chip
from sites.audit import Actor
from sites.models import Role
from sites.scoped_admin import SiteScopedAdmin

_TOKEN: Final = re.compile(r"give_[0-9A-Za-z]{22}")


class GivingPages(SiteScopedAdmin):
    """Mixin of the segments' admin."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.giving_view)
        name = "automation_segment_give"
        return [path("<path:object_id>/give/", view, name=name), *super().get_urls()]

    def giving_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask what, and show the plan; a POST of the same address starts the job."""
        segment: Segment = self.scoped_object(request, object_id, Role.OPERATOR)
        if request.method not in ("GET", "HEAD", "POST"):
            return HttpResponseNotAllowed(["GET", "POST"])
        kind = request.GET.get("kind", "")
        chosen = GiftKind(kind) if kind in set(GiftKind) else GiftKind.POINTS
        is_planned = "plan" in request.GET
        form = FORMS[chosen](request.GET if is_planned else None, site=segment.site)
        gift = form.gift(segment.site) if is_planned and form.is_valid() else None
        if request.method == "POST" and gift is not None:
            token = request.POST.get("token", "")
            if not _TOKEN.fullmatch(token):
                messages.error(request, "Look at the plan first, then start it.")
                return HttpResponseRedirect(request.get_full_path())
            try:
                job = giving_start(
                    segment=segment, gift=gift, token=token, actor=Actor.from_request(request)
                )
            except ValidationError as error:
                messages.error(request, " ".join(error.messages))
                return HttpResponseRedirect(request.get_full_path())
            return HttpResponseRedirect(reverse("admin:sites_job_change", args=(job.pk,)))
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": f"Give to all of {segment.name}",
            "opts": self.opts,
            "segment": segment,
            "kinds": [(each.value, label, each is chosen) for each, label in KIND_LABELS.items()],
            "kind": chosen.value,
            "form": form,
            "gift": gift,
            "plan": giving_plan(segment=segment, gift=gift) if gift is not None else None,
            "earlier": [(job, job_chip(job)) for job in earlier_jobs(segment)],
            "token": random_token("give_"),
        }
        with timezone.override(segment.site.time_zone):
            return TemplateResponse(request, "admin/segments/give.html", context).render()
