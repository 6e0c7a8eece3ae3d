"""Sending again from the console: one at once; a selection, or all that match, through a plan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from onsite.admin.submission_words import state_chip, why_words
from onsite.admin.visitor_data import stored, visitor_name
from onsite.models import Role, State, Submission, Tag
from onsite.resending.plan import ResendPlan, resend_plan
from onsite.resending.resend import resend_start, submission_resend
from onsite.resending.resend_filter import ResendFilter
from sites.admin.plan_pages import (
    PlanPages,
    address_with,
    chosen_ids,
    chosen_site_ids,
    chosen_span,
    span_words,
)
from sites.audit import Actor
from sites.models import Job, Site
from sites.models import Role as MemberRole


class ResendPages(PlanPages):
    """Mixin of the submissions' admin."""

    plan_url_name = "onsite_submission_resend_plan"
    plan_template = "admin/submissions/resend_plan.html"
    plan_title = "Send submissions again"
    plan_refused = "You may not send these submissions again."

    @admin.action(description="Send the selected submissions again", permissions=["support"])
    def resend_selected(self, request: HttpRequest, queryset: QuerySet[Submission]) -> HttpResponse:
        return self.plan_of_selected(request, queryset)

    @method_decorator(require_POST)
    def resend_view(self, request: HttpRequest, pk: Any) -> HttpResponse:
        """Send one again while the person waits, and say what came of it."""
        submission = self.scoped_object(request, str(pk), MemberRole.SUPPORT)
        try:
            ended = submission_resend(submission=submission, actor=Actor.from_request(request))
        except ValidationError as error:
            self.message_user(request, " ".join(error.messages), messages.ERROR)
        else:
            self._tell(request, ended)
        page = reverse("admin:onsite_submission_change", args=(submission.pk,))
        return HttpResponseRedirect(page)

    def _tell(self, request: HttpRequest, ended: Submission) -> None:
        if ended.state == State.BLOCKED:
            text = "Sent again, and stopped again. The reason is below."
            self.message_user(request, text, messages.WARNING)
        else:
            self.message_user(request, "Sent again. It went through.", messages.SUCCESS)

    def plan_filters(self, request: HttpRequest, sites: list[Site]) -> ResendFilter:
        params = request.GET
        state, role, tag = (params.get(name, "") for name in ("state", "role", "tag"))
        is_impossible = any(
            given and given not in known
            for given, known in (
                (state, State.values),
                (role, Role.values),
                (tag, Tag.values),
                (params.get("again", ""), ("yes",)),
            )
        )
        received_from, received_until = chosen_span(request, self)
        return ResendFilter(
            site_ids=() if is_impossible else chosen_site_ids(request, sites),
            ids=chosen_ids(request),
            state=state,
            role=role,
            tag=tag,
            code=params.get("code", ""),
            received_from=received_from,
            received_until=received_until,
        )

    def plan_of(self, filters: ResendFilter) -> ResendPlan:
        return resend_plan(filters=filters)

    def plan_start(
        self, filters: ResendFilter, upper_id: UUID, site: Site | None, actor: Actor
    ) -> Job:
        return resend_start(filters=replace(filters, upper_id=upper_id), site=site, actor=actor)

    def plan_words(
        self, request: HttpRequest, filters: ResendFilter, plan: ResendPlan | None
    ) -> dict[str, Any]:
        return {
            "described": _described(request, filters),
            "codes": [
                (code, count, address_with(request, {"code": code}))
                for code, count in (plan.by_code if plan else {}).items()
            ],
            "is_of_one_code": bool(filters.code),
            "every_code_url": address_with(request, {"code": None}),
            "samples": [
                {
                    "row": row,
                    "chip": state_chip(row),
                    # Whoever sees a plan may see visitors on each of its sites.
                    "visitor": visitor_name(stored(row, "visitor")),
                    "why": why_words(row),
                }
                for row in (plan.samples if plan else ())
            ],
        }


def _described(request: HttpRequest, filters: ResendFilter) -> list[tuple[str, str]]:
    """Return the conditions of a plan in words."""
    told = [
        ("Selected submissions", str(len(filters.ids)) if filters.ids else ""),
        ("State", str(State(filters.state).label) if filters.state in State.values else ""),
        ("Role", str(Role(filters.role).label) if filters.role in Role.values else ""),
        ("redeal", filters.tag),
        ("Code", filters.code),
        *span_words(request, filters.received_from, filters.received_until),
    ]
    return [(label, value) for label, value in told if value]
